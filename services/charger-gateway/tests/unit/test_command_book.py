"""What people are shown of commands and jobs: the fold of the desk's events, bounded."""

from datetime import UTC, datetime, timedelta

from charger_gateway.domain.command_book import CommandBook
from charger_gateway.domain.desk_state import DeskEvent
from ev_contracts.gateway import (
    CommandProgressed,
    CommandRequested,
    CommandSent,
    CommandSucceeded,
    CommandTimedOut,
    ConnectionLost,
    JobFailed,
    JobRetryScheduled,
    JobStarted,
    JobStepDone,
    JobSucceeded,
    StationResponse,
)

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
LATER = NOON + timedelta(minutes=1)
STATION = "NLVOLT0001"
KEY = f"volt/{STATION}"


def requested(command_id: str = "c1", job_id: str | None = None) -> CommandRequested:
    return CommandRequested(
        command_id=command_id,
        station_id=STATION,
        action="GetLog",
        requested_by="ops",
        requested_at=NOON,
        expires_at=LATER,
        job_id=job_id,
    )


STARTED = JobStarted(
    job_id="j1",
    station_id=STATION,
    kind="log-upload",
    requested_by="ops",
    started_at=NOON,
    deadline_at=LATER,
    most_attempts=2,
    retry_after_s=60,
)
SENT = CommandSent(command_id="c1", station_id=STATION, epoch=1, replica_id="gw-1", sent_at=NOON)
ANSWER = StationResponse(file_name="l.zip")
SUCCEEDED = CommandSucceeded(command_id="c1", station_id=STATION, answer="Accepted", answered_at=NOON, response=ANSWER)


def progressed(status: str, *, last: bool = False) -> CommandProgressed:
    return CommandProgressed(
        command_id="c1", station_id=STATION, kind="log", status=status, last=last, good=True, at=LATER
    )


def book_of(*events: DeskEvent, most: int = 10) -> CommandBook:
    book = CommandBook(most)
    for event in events:
        book.on_event(KEY, event)
    return book


def test_a_command_is_shown_with_all_that_was_said_of_it() -> None:
    view = book_of(requested(), SENT, SUCCEEDED, progressed("Uploading"), progressed("Uploaded", last=True)).view("c1")
    assert view is not None
    assert (view.status, view.answer, view.response, view.decided) == ("succeeded", "Accepted", ANSWER, True)
    assert view.progress == (("Uploading", LATER), ("Uploaded", LATER))


def test_an_outcome_stays_and_what_was_never_seen_is_not_shown() -> None:
    late = CommandTimedOut(command_id="c1", station_id=STATION, timed_out_at=LATER)
    lost = ConnectionLost(station_id=STATION, epoch=1, replica_id="gw-1", lost_at=LATER)
    book = book_of(progressed("Uploaded"), requested(), SENT, SUCCEEDED, late, lost)
    view = book.view("c1")
    assert view is not None
    assert view.status == "succeeded"
    assert book.view("c9") is None


def test_the_eldest_are_forgotten() -> None:
    book = book_of(requested("c1"), requested("c2"), requested("c3"), most=2)
    assert [book.view(name) is not None for name in ("c1", "c2", "c3")] == [False, True, True]


def test_a_job_is_shown_with_its_step_its_attempts_and_its_commands() -> None:
    retry = JobRetryScheduled(
        job_id="j1", station_id=STATION, step=0, attempt=1, why="Rejected", retry_at=LATER, at=NOON
    )
    book = book_of(STARTED, requested("c1", "j1"), retry)
    job = book.job("j1")
    assert job is not None
    assert (job.status, job.attempt, job.why, job.retry_at, job.command_ids) == (
        "standing",
        2,
        "Rejected",
        LATER,
        ("c1",),
    )
    book.on_event(KEY, requested("c2", "j1"))
    book.on_event(KEY, JobStepDone(job_id="j1", station_id=STATION, step=0, at=NOON))
    job = book.job("j1")
    assert job is not None
    assert (job.step, job.attempt, job.why, job.retry_at, job.command_ids) == (1, 1, None, None, ("c1", "c2"))


def test_a_jobs_end_is_shown() -> None:
    done = book_of(STARTED, JobSucceeded(job_id="j1", station_id=STATION, at=LATER)).job("j1")
    failed = JobFailed(job_id="j1", station_id=STATION, step=0, why="deadline", at=LATER)
    lost = book_of(failed, STARTED, failed).job("j1")
    assert done is not None
    assert lost is not None
    assert (done.status, done.decided_at, lost.status, lost.why) == ("succeeded", LATER, "failed", "deadline")
