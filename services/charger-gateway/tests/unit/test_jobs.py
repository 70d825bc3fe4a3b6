"""Long jobs: steps one after the other, tried again, done or failed before their deadline; words that come later."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from charger_gateway.domain.desk import Desk, DeskEvent, desk
from charger_gateway.domain.ids import remote_start_number
from charger_gateway.domain.jobs import MOST_JOBS
from chassis.decider import Refused, fold
from chassis.testing import Scenario
from ev_contracts.gateway import (
    CancelJob,
    CertificateHash,
    CommandProgressed,
    CommandRequested,
    CommandSent,
    CommandSucceeded,
    DeleteCertificate,
    DeliverSignedCertificate,
    DeskDeadlinePassed,
    GetInstalledCertificateIds,
    GetLocalListVersion,
    GetLog,
    InstallCertificate,
    InstalledCertificate,
    JobFailed,
    JobRetryScheduled,
    JobStarted,
    JobStep,
    JobStepDone,
    JobSucceeded,
    ReportAnswered,
    ReportProgress,
    ReportSent,
    SendLocalList,
    StartJob,
    StationResponse,
    TriggerStationMessage,
    TrustedRoot,
    UpdateFirmware,
)

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ONE = timedelta(hours=1)
STATION = "NLVOLT0001"
TEMPLATE: dict[str, Any] = {
    "at": NOON,
    "command_id": "j1",
    "station_id": STATION,
    "requested_by": "ops@volt",
    "expires_at": NOON,
}
LOG = GetLog(**TEMPLATE, log_type="DiagnosticsLog", remote_location="ev-file:upload/1")
FIRMWARE = UpdateFirmware(**TEMPLATE, location="ev-file:download/1", retrieve_at=NOON)
PART = SendLocalList(**TEMPLATE, list_version=12, update_type="Full")
VERSION = GetLocalListVersion(**TEMPLATE)


def job(kind: str, *steps: JobStep, attempts: int = 2) -> StartJob:
    return StartJob(
        at=NOON,
        job_id="j1",
        station_id=STATION,
        kind=kind,
        requested_by="ops@volt",
        deadline_at=NOON + ONE,
        most_attempts=attempts,
        retry_after_s=60,
        steps=steps,
    )


UPLOAD = job("log-upload", JobStep(get_log=LOG))
LISTS = job("local-list-sync", JobStep(send_local_list=PART), JobStep(get_local_list_version=VERSION))


class Play:
    """A desk that is told one thing after the other; `said` are the events of the last one."""

    def __init__(self) -> None:
        self.state = Desk()
        self.said: list[DeskEvent] = []

    def tell(self, command: Any) -> "Play":
        events = desk.decide(command, self.state)
        assert not isinstance(events, Refused), events
        self.said = list(events)
        self.state = fold(desk, events, self.state)
        return self

    @property
    def open(self) -> str:
        return self.state.open_commands[-1].command_id

    def sent(self) -> "Play":
        return self.tell(ReportSent(at=NOON, command_id=self.open, station_id=STATION, epoch=1, replica_id="gw-1"))

    def answered(self, answer: str = "Accepted", response: StationResponse | None = None) -> "Play":
        outcome = "succeeded" if answer == "Accepted" else "refused"
        return self.tell(
            ReportAnswered(
                at=NOON,
                command_id=self.open,
                station_id=STATION,
                epoch=1,
                answer=answer,
                outcome=outcome,
                response=response,
            )
        )

    def progressed(self, kind: str, status: str, request_id: int | None = None) -> "Play":
        report = ReportProgress(at=NOON, station_id=STATION, kind=kind, request_id=request_id, status=status)
        return self.tell(report)

    def brought(self, command_id: str) -> "Play":
        return self.tell(
            ReportProgress(at=NOON, station_id=STATION, kind="file", status="Arrived", command_id=command_id)
        )

    def due(self, name: str, at: datetime) -> "Play":
        return self.tell(DeskDeadlinePassed(at=at, name=name, due_at=at))

    @property
    def kinds(self) -> list[type]:
        return [type(event) for event in self.said]


def test_a_job_asks_its_first_step_at_once() -> None:
    play = Play().tell(UPLOAD)
    started, requested = play.said
    assert isinstance(started, JobStarted)
    assert isinstance(requested, CommandRequested)
    assert (requested.job_id, requested.action) == ("j1", "GetLog")
    assert requested.expires_at == NOON + timedelta(seconds=600)
    assert play.tell(UPLOAD).said == []


def test_a_job_ends_with_the_stations_last_word_not_with_its_answer() -> None:
    play = Play().tell(UPLOAD).sent().answered()
    assert play.kinds == [CommandSucceeded]
    (awaited,) = play.state.awaited
    number = awaited.follow.request_id
    assert play.progressed("log", "Uploading", number).kinds == [CommandProgressed]
    assert play.brought("another").kinds == []
    assert play.brought(awaited.command_id).kinds == [CommandProgressed]
    assert play.brought(awaited.command_id).kinds == []
    assert play.progressed("log", "Uploaded", number).kinds == [CommandProgressed, JobSucceeded]
    assert play.state == Desk()


def test_a_bad_last_word_is_tried_again_and_then_the_job_fails() -> None:
    play = Play().tell(UPLOAD).sent().answered().progressed("log", "UploadFailure")
    again = play.said[-1]
    assert again == JobRetryScheduled(
        job_id="j1",
        station_id=STATION,
        step=0,
        attempt=1,
        why="UploadFailure",
        retry_at=NOON + timedelta(seconds=60),
        at=NOON,
    )
    first = play.due("job-retry/j1", NOON + timedelta(seconds=60)).open
    assert play.kinds == [CommandRequested]
    play.sent().answered().progressed("log", "BadMessage")
    assert play.said[-1] == JobFailed(job_id="j1", station_id=STATION, step=0, why="BadMessage", at=NOON)
    assert play.state == Desk()
    assert first


@pytest.mark.parametrize("answer", ["Rejected", "NotSupported"])
def test_a_refusal_is_tried_again(answer: str) -> None:
    assert Play().tell(UPLOAD).sent().answered(answer).kinds[-1] is JobRetryScheduled


def test_a_station_that_stays_away_is_tried_again() -> None:
    play = Play().tell(UPLOAD)
    play.due(play.open, NOON + timedelta(seconds=600))
    assert play.kinds[-1] is JobRetryScheduled


def test_each_wait_is_twice_the_last() -> None:
    play = Play().tell(job("log-upload", JobStep(get_log=LOG), attempts=3))
    waits = []
    for _ in range(2):
        play.sent().answered("Rejected")
        again = play.said[-1]
        assert isinstance(again, JobRetryScheduled)
        waits.append(again.retry_at - NOON)
        play.due("job-retry/j1", NOON)
    assert waits == [timedelta(seconds=60), timedelta(seconds=120)]


def test_a_job_fails_at_its_deadline_and_its_command_still_has_its_outcome() -> None:
    play = Play().tell(UPLOAD).sent().due("job-end/j1", NOON + ONE)
    assert play.said == [JobFailed(job_id="j1", station_id=STATION, step=0, why="deadline", at=NOON + ONE)]
    assert play.answered().kinds == [CommandSucceeded]


def test_a_cancelled_job_asks_no_more() -> None:
    play = Play().tell(UPLOAD)
    play.tell(CancelJob(at=NOON, job_id="j1", station_id=STATION, requested_by="ops@volt"))
    assert play.said == [JobFailed(job_id="j1", station_id=STATION, step=0, why="cancelled", at=NOON)]
    assert play.sent().answered("Rejected").kinds[-1] is not JobRetryScheduled
    Scenario(desk).when(CancelJob(at=NOON, job_id="j2", station_id=STATION, requested_by="x")).then_refused(
        "no-such-job"
    )


def test_a_list_is_there_once_the_station_says_its_version() -> None:
    play = Play().tell(LISTS).sent().answered()
    assert play.kinds == [CommandSucceeded, JobStepDone, CommandRequested]
    assert play.sent().answered(response=StationResponse(list_version=12)).kinds == [CommandSucceeded, JobSucceeded]


def test_a_list_of_another_version_is_not() -> None:
    play = Play().tell(LISTS).sent().answered().sent().answered(response=StationResponse(list_version=11))
    again = play.said[-1]
    assert isinstance(again, JobRetryScheduled)
    assert (again.step, again.why) == (1, "list-version-11")


def test_a_late_job_and_one_too_many_are_refused() -> None:
    Scenario(desk).when(UPLOAD.model_copy(update={"deadline_at": NOON})).then_refused("already-expired")
    play = Play()
    for number in range(MOST_JOBS):
        play.tell(UPLOAD.model_copy(update={"job_id": f"w{number}"}))
    refused = desk.decide(UPLOAD, play.state)
    assert isinstance(refused, Refused)
    assert refused.reason == "too-many-jobs-open"


@pytest.mark.parametrize(
    ("status", "last"), [("Downloading", False), ("Installed", True), ("InstallationFailed", True), ("Idle", False)]
)
def test_16_tells_a_firmwares_fate_without_a_number(status: str, *, last: bool) -> None:
    play = Play().tell(job("firmware-update", JobStep(update_firmware=FIRMWARE))).sent().answered()
    command_id = play.state.awaited[0].command_id
    play.progressed("firmware", status)
    assert play.said[0] == CommandProgressed(
        command_id=command_id,
        station_id=STATION,
        kind="firmware",
        status=status,
        last=last,
        good=status != "InstallationFailed",
        at=NOON,
    )


def test_a_word_of_another_kind_or_number_is_of_no_command_of_ours() -> None:
    play = Play().tell(UPLOAD).sent().answered()
    assert play.progressed("firmware", "Installed").said == []
    assert play.progressed("log", "Uploaded", 5).said == []
    assert play.progressed("log", "Uploaded", remote_start_number(play.state.awaited[0].command_id)).said != []


DELIVERY = DeliverSignedCertificate(
    **TEMPLATE | {"command_id": "d1", "expires_at": NOON + ONE}, certificate_chain="PEM"
)


@pytest.mark.parametrize(
    ("answer", "status", "then"),
    [("Accepted", "Installed", JobSucceeded), ("Rejected", "NotInstalled", JobRetryScheduled)],
)
@pytest.mark.parametrize("message", ["SignChargingStationCertificate", "SignV2GCertificate"])
def test_a_certificates_job_ends_with_its_delivery(message: str, answer: str, status: str, then: type) -> None:
    trigger = TriggerStationMessage(**TEMPLATE, message=message)
    play = Play().tell(job("certificate-exchange", JobStep(trigger_station_message=trigger))).sent().answered()
    assert play.progressed("signing", "Requested").kinds == [CommandProgressed]
    play.tell(DELIVERY).sent().answered(answer)
    progressed = play.said[1]
    assert isinstance(progressed, CommandProgressed)
    assert progressed.status == status
    assert play.kinds[2:] == [then]


def test_a_certificate_that_nobody_asked_for_is_delivered_all_the_same() -> None:
    assert Play().tell(DELIVERY).sent().answered().kinds == [CommandSucceeded]


def test_a_refused_command_is_followed_by_nothing() -> None:
    events: list[DeskEvent] = [
        CommandRequested(
            command_id="c1",
            station_id=STATION,
            action="GetLog",
            requested_by="x",
            requested_at=NOON,
            expires_at=NOON + ONE,
            get_log=LOG,
        ),
        CommandSent(command_id="c1", station_id=STATION, epoch=1, replica_id="gw-1", sent_at=NOON),
    ]
    report = ReportAnswered(at=NOON, command_id="c1", station_id=STATION, epoch=1, answer="Rejected", outcome="refused")
    state = Scenario(desk).given(*events).when(report).state
    assert state.awaited == ()


def name(serial: str, algorithm: str = "SHA256") -> CertificateHash:
    return CertificateHash(
        hash_algorithm=algorithm, issuer_name_hash=f"a1{serial}", issuer_key_hash=f"b2{serial}", serial_number=serial
    )


def there(name: CertificateHash, kind: str = "CSMSRootCertificate") -> InstalledCertificate:
    return InstalledCertificate(certificate_type=kind, certificate=name)


def root(serial: str) -> TrustedRoot:
    names = (name(serial), name(serial, "SHA512"))
    return TrustedRoot(certificate_type="CSMSRootCertificate", certificate=f"PEM {serial}", names=names)


def retired(serial: str) -> TrustedRoot:
    return TrustedRoot(names=root(serial).names)


def synced(*installed: InstalledCertificate, roots: tuple[TrustedRoot, ...] = ()) -> Play:
    """A job that has its answer to what the station holds; the store's are c1, c2 and the retired c9."""
    question = JobStep(get_installed_certificate_ids=GetInstalledCertificateIds(**TEMPLATE))
    store = roots or (root("c1"), root("c2"), retired("c9"))
    play = Play().tell(job("trust-store-sync", question).model_copy(update={"trusted_roots": store})).sent()
    return play.answered(response=StationResponse(certificates=installed) if installed else None)


def asked(play: Play) -> list[Any]:
    """The certificates that the station is asked to install and to delete, each said yes to."""
    found = []
    while play.state.jobs:
        request = play.said[-1]
        assert isinstance(request, CommandRequested)
        wanted = request.install_certificate or request.delete_certificate
        assert isinstance(wanted, InstallCertificate | DeleteCertificate)
        found.append(wanted.certificate)
        play.sent().answered()
    assert play.kinds[-1] is JobSucceeded
    return found


def test_missing_roots_are_installed_and_then_retired_ones_deleted() -> None:
    assert asked(synced(there(name("c9")), there(name("c1")))) == ["PEM c2", name("c9")]


def test_a_station_that_holds_nothing_is_given_every_root() -> None:
    assert asked(synced()) == ["PEM c1", "PEM c2"]


def test_a_station_that_holds_the_store_is_asked_no_more() -> None:
    play = synced(there(name("c1")), there(name("c2", "SHA512")))
    assert play.kinds == [CommandSucceeded, JobStepDone, JobSucceeded]


def test_a_root_that_is_held_for_another_use_is_missing() -> None:
    elsewhere = there(name("c1"), "ManufacturerRootCertificate")
    assert asked(synced(elsewhere, roots=(root("c1"),))) == ["PEM c1"]


def test_a_root_is_known_by_its_hash_however_it_is_spelt() -> None:
    spelt = CertificateHash(
        hash_algorithm="SHA256", issuer_name_hash="A1C1", issuer_key_hash="B2C1", serial_number="00C1"
    )
    assert asked(synced(there(spelt), roots=(root("c1"),))) == []


def test_a_retired_root_is_deleted_once_and_as_the_station_spelt_it() -> None:
    spelt = CertificateHash(
        hash_algorithm="SHA512", issuer_name_hash="A1C9", issuer_key_hash="B2C9", serial_number="0C9"
    )
    twice = synced(there(spelt), there(spelt, "V2GRootCertificate"), roots=(retired("c9"),))
    assert asked(twice) == [spelt]


def test_a_root_that_no_one_knows_is_left_at_the_station() -> None:
    assert asked(synced(there(name("c7")), roots=(root("c1"),))) == ["PEM c1"]


def test_a_root_that_is_not_found_is_deleted() -> None:
    play = synced(there(name("c9")), roots=(retired("c9"),)).sent().answered("NotFound")
    assert play.kinds[-1] is JobSucceeded


def test_a_root_that_is_not_taken_is_tried_again_and_then_the_job_fails() -> None:
    play = synced(roots=(root("c1"),)).sent().answered("Failed")
    again = play.said[-1]
    assert isinstance(again, JobRetryScheduled)
    assert (again.step, again.why) == (1, "Failed")
    play.due("job-retry/j1", NOON + timedelta(seconds=60)).sent().answered("Failed")
    assert play.said[-1] == JobFailed(job_id="j1", station_id=STATION, step=1, why="Failed", at=NOON)
