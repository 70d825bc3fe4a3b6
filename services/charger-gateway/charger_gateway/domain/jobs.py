"""Long jobs: commands one after the other, each tried again until it is done, all before one deadline."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TypeAlias

from charger_gateway.domain import trust_store
from charger_gateway.domain.actions import StationAction, requested
from charger_gateway.domain.desk_state import Desk, DeskEvent, Job, Sent
from chassis.decider import Deadline, Refused, derived_id
from ev_contracts.gateway import (
    CancelJob,
    CommandProgressed,
    CommandRefused,
    CommandRequested,
    CommandSucceeded,
    CommandTimedOut,
    CommandUndeliverable,
    DeleteCertificate,
    GetInstalledCertificateIds,
    GetLocalListVersion,
    JobFailed,
    JobRetryScheduled,
    JobStarted,
    JobStepDone,
    JobSucceeded,
    SendLocalList,
    StartJob,
)

MOST_JOBS = 8
"""That may stand at one station."""
MOST_ATTEMPTS = 10
"""At one step of a job."""
ATTEMPT_S = 600
"""How long a step waits for the station to connect and to answer."""

_Outcome: TypeAlias = CommandSucceeded | CommandRefused | CommandTimedOut | CommandUndeliverable


def start(command: StartJob, desk: Desk) -> Sequence[DeskEvent] | Refused:
    """A job stands once; a station has only so many."""
    if desk.job(command.job_id) is not None:
        return []
    if command.deadline_at <= command.at:
        return Refused(reason="already-expired")
    if len(desk.jobs) >= MOST_JOBS:
        return Refused(reason="too-many-jobs-open", detail=f"{MOST_JOBS} jobs stand at this station")
    return [
        JobStarted(
            job_id=command.job_id,
            station_id=command.station_id,
            kind=command.kind,
            requested_by=command.requested_by,
            reason=command.reason,
            started_at=command.at,
            deadline_at=command.deadline_at,
            most_attempts=command.most_attempts,
            retry_after_s=command.retry_after_s,
            steps=command.steps,
            trusted_roots=command.trusted_roots,
        )
    ]


def cancel(command: CancelJob, desk: Desk) -> Sequence[DeskEvent] | Refused:
    """Ends a standing job."""
    job = desk.job(command.job_id)
    return Refused(reason="no-such-job") if job is None else [_failed(job, "cancelled", command.at)]


def react(event: DeskEvent, before: Desk, desk: Desk, at: datetime) -> Sequence[DeskEvent]:
    """What an event means for the jobs; `desk` is as after it."""
    match event:
        case JobStarted() | JobStepDone():
            job = desk.job(event.job_id)
            return [] if job is None else [_next(job, at)]
        case CommandSucceeded() | CommandRefused() | CommandTimedOut() | CommandUndeliverable():
            return _on_outcome(event, before, desk, at)
        case CommandProgressed() if event.last:
            job = _job_of(event.command_id, desk)
            if job is None or desk.command(event.command_id) is not None:
                return []
            return _done(job, at) if event.good else _again(job, event.status, at)
        case _:
            return []


def _job_of(command_id: str, desk: Desk) -> Job | None:
    """The job whose attempt the command is; an attempt that was given up is nobody's."""
    return next((job for job in desk.jobs if job.retry_at is None and _command_id(job) == command_id), None)


def _on_outcome(event: _Outcome, before: Desk, desk: Desk, at: datetime) -> Sequence[DeskEvent]:
    job = _job_of(event.command_id, desk)
    if job is None:
        return []
    match event:
        case CommandSucceeded():
            if any(one.command_id == event.command_id for one in desk.awaited):
                return []  # the station will tell how it goes on
            sent = before.command(event.command_id)
            overtaken = isinstance(sent, Sent) and sent.ended is False
            return _again(job, "ended-before-it-was-answered", at) if overtaken else _answered(job, event, at)
        case CommandRefused() if event.answer == "NotFound" and isinstance(job.steps[job.step], DeleteCertificate):
            return _done(job, at)  # an attempt whose answer was lost has deleted it
        case CommandRefused():
            return _again(job, event.answer, at)
        case CommandTimedOut():
            return _again(job, "timed-out", at)
        case CommandUndeliverable():
            return _again(job, event.why, at)


def _answered(job: Job, event: CommandSucceeded, at: datetime) -> Sequence[DeskEvent]:
    asked = job.steps[job.step]
    if isinstance(asked, GetInstalledCertificateIds):
        installed = () if event.response is None else event.response.certificates
        steps = trust_store.steps_after(asked, job.trusted_roots, installed)
        return [JobStepDone(job_id=job.job_id, station_id=job.station_id, step=job.step, at=at, steps=steps)]
    wrong = _wrong(job, event)
    return _done(job, at) if wrong is None else _again(job, wrong, at)


def _wrong(job: Job, event: CommandSucceeded) -> str | None:
    """A local list is there once the station says its version; everything else was said by the answer."""
    if not isinstance(job.steps[job.step], GetLocalListVersion):
        return None
    wanted = [one.list_version for one in job.steps if isinstance(one, SendLocalList)]
    said = None if event.response is None else event.response.list_version
    return None if not wanted or said == wanted[-1] else f"list-version-{said}"


def _next(job: Job, at: datetime) -> DeskEvent:
    """Its next step; an answer may have left none."""
    return _ask(job, at) if job.step < len(job.steps) else _succeeded(job, at)


def _ask(job: Job, at: datetime) -> CommandRequested:
    template = job.steps[job.step]
    changes = {
        "at": at,
        "command_id": _command_id(job),
        "station_id": job.station_id,
        "requested_by": job.requested_by,
        "reason": job.reason,
        "expires_at": min(at + timedelta(seconds=ATTEMPT_S), job.deadline_at),
    }
    command: StationAction = template.model_copy(update=changes)
    return requested(command, job_id=job.job_id)


def _command_id(job: Job) -> str:
    return attempt_id(job.job_id, job.step, job.attempt)


def attempt_id(job_id: str, step: int, attempt: int) -> str:
    """The command of one attempt at a step."""
    return derived_id("job", job_id, str(step), str(attempt))


def _done(job: Job, at: datetime) -> Sequence[DeskEvent]:
    if job.step + 1 < len(job.steps):
        return [JobStepDone(job_id=job.job_id, station_id=job.station_id, step=job.step, at=at)]
    return [_succeeded(job, at)]


def _succeeded(job: Job, at: datetime) -> JobSucceeded:
    return JobSucceeded(job_id=job.job_id, station_id=job.station_id, at=at)


def _again(job: Job, why: str, at: datetime) -> Sequence[DeskEvent]:
    retry_at = at + timedelta(seconds=job.retry_after_s * 2 ** (job.attempt - 1))
    if job.attempt >= job.most_attempts:
        return [_failed(job, why, at)]
    return [
        JobRetryScheduled(
            job_id=job.job_id,
            station_id=job.station_id,
            step=job.step,
            attempt=job.attempt,
            why=why,
            retry_at=min(retry_at, job.deadline_at),
            at=at,
        )
    ]


def _failed(job: Job, why: str, at: datetime) -> JobFailed:
    return JobFailed(job_id=job.job_id, station_id=job.station_id, step=job.step, why=why, at=at)


def deadlines(desk: Desk) -> Sequence[Deadline]:
    """Each job's own, and when it tries again."""
    ends = [Deadline(name=f"job-end/{job.job_id}", due_at=job.deadline_at) for job in desk.jobs]
    retries = [
        Deadline(name=f"job-retry/{job.job_id}", due_at=job.retry_at) for job in desk.jobs if job.retry_at is not None
    ]
    return [*ends, *retries]


def deadline_passed(name: str, desk: Desk, at: datetime) -> Sequence[DeskEvent]:
    """A job is over, or its next attempt is due."""
    kind, _, job_id = name.partition("/")
    job = desk.job(job_id)
    if job is None:
        return []
    if kind == "job-end":
        return [_failed(job, "deadline", at)]
    return [] if job.retry_at is None else [_ask(job, at)]
