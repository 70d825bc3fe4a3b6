"""Desired roots: asked for at each contact, what is missing or retired is told and brought by a job."""

from datetime import timedelta

import pytest

from charger_gateway.domain.desired import CHECK, SETTLE_S
from charger_gateway.domain.desk import desk
from charger_gateway.domain.jobs import MOST_JOBS
from chassis.decider import Deadline
from ev_contracts.gateway import (
    CommandRefused,
    CommandRequested,
    CommandSucceeded,
    DesiredCheckScheduled,
    DesiredRoots,
    DesiredRootsChanged,
    DesiredVariablesSet,
    GetInstalledCertificateIds,
    InstalledCertificate,
    JobFailed,
    JobRetryScheduled,
    JobStarted,
    JobStepDone,
    JobSucceeded,
    ReportContact,
    RootDrift,
    RootDriftFound,
    RootDriftRemains,
    RootDriftRepaired,
    RootsHeld,
    SetDesiredVariables,
    StationResponse,
    TrustedRoot,
    VariableSetting,
)

from .test_jobs import NOON, STATION, UPLOAD, Play, name, retired, root, there  # noqa: TID252 - tests are no package

STORE = (root("c1"), root("c2"), retired("c9"))
V2G = TrustedRoot(certificate_type="V2GRootCertificate", certificate="PEM v1", names=(name("f1"),))
LATER = NOON + timedelta(hours=6)


def document(
    *roots: TrustedRoot, types: tuple[str, ...] = (), version: str | None = "2.0.1", delete_retired: bool = True
) -> SetDesiredVariables:
    return SetDesiredVariables(
        at=NOON,
        document_id="d1",
        station_id=STATION,
        requested_by="ops@volt",
        roots=DesiredRoots(certificate_types=types, delete_retired=delete_retired, trusted_roots=roots or STORE),
        ocpp_version=version,
    )


def contact(*store: TrustedRoot, version: str = "2.0.1") -> ReportContact:
    return ReportContact(at=LATER, station_id=STATION, epoch=8, ocpp_version=version, trusted_roots=store)


def asked(play: Play) -> tuple[str, ...]:
    """Of which types a station is asked."""
    (request,) = play.said
    assert isinstance(request, CommandRequested)
    assert isinstance(request.get_installed_certificate_ids, GetInstalledCertificateIds)
    assert request.requested_by == "desired-state"
    return request.get_installed_certificate_ids.certificate_types


def told(*installed: InstalledCertificate) -> StationResponse:
    return StationResponse(certificates=installed)


def read(*installed: InstalledCertificate) -> Play:
    """A desk whose question has its answer."""
    return Play().tell(document()).due(CHECK, NOON).sent().answered(response=told(*installed))


def at_next_contact(play: Play, *store: TrustedRoot) -> Play:
    return play.tell(contact(*store)).due(CHECK, LATER + timedelta(seconds=SETTLE_S))


def test_a_document_with_roots_alone_is_asked_for_at_once() -> None:
    play = Play().tell(document(delete_retired=False, types=("CSMSRootCertificate",)))
    assert play.kinds == [DesiredVariablesSet, DesiredCheckScheduled]
    assert desk.deadlines(play.state) == [Deadline(name=CHECK, due_at=NOON)]
    assert asked(play.due(CHECK, NOON)) == ("CSMSRootCertificate",)


def test_variables_and_roots_are_asked_for_together() -> None:
    setting = VariableSetting(component="OCPPCommCtrlr", variable="HeartbeatInterval", value="300")
    play = Play().tell(document().model_copy(update={"variables": (setting,)})).due(CHECK, NOON)
    actions = [one.action for one in play.said if isinstance(one, CommandRequested)]
    assert actions == ["GetVariables", "GetInstalledCertificateIds"]
    assert not [one for one in desk.deadlines(play.state) if one.name == CHECK]


def test_roots_that_are_there_are_told_once() -> None:
    play = read(there(name("c1")), there(name("c2", "SHA512")))
    assert play.kinds == [CommandSucceeded, RootsHeld]
    again = at_next_contact(play).sent().answered(response=told(there(name("c1")), there(name("c2"))))
    assert again.kinds == [CommandSucceeded]


def test_a_drift_is_told_and_brought_by_a_job_and_its_end_told_too() -> None:
    play = read(there(name("c1")), there(name("c9"), "V2GRootCertificate"))
    assert play.kinds == [CommandSucceeded, RootDriftFound, JobStarted, CommandRequested]
    _, found, job, _ = play.said
    assert found == RootDriftFound(
        document_id="d1",
        station_id=STATION,
        missing=(RootDrift(certificate_type="CSMSRootCertificate", certificate=name("c2")),),
        retired=(RootDrift(certificate=name("c9")),),
        at=NOON,
    )
    assert isinstance(job, JobStarted)
    assert [one.install_certificate and one.install_certificate.certificate for one in job.steps] == ["PEM c2", None]
    assert play.sent().answered().kinds == [CommandSucceeded, JobStepDone, CommandRequested]
    assert play.sent().answered().kinds == [CommandSucceeded, JobSucceeded, RootDriftRepaired]


def test_what_a_station_does_not_take_remains_and_its_next_contact_tries_again() -> None:
    play = read(there(name("c1")))
    for attempt in (1, 2):
        play.sent().answered("Rejected")
        assert play.kinds == [CommandRefused, JobRetryScheduled]
        (retry,) = [one for one in desk.deadlines(play.state) if one.name.startswith("job-retry/")]
        assert retry.due_at == NOON + timedelta(seconds=60 * attempt)
        play.due(retry.name, NOON)
    assert play.sent().answered("Rejected").kinds == [CommandRefused, JobFailed, RootDriftRemains]
    again = at_next_contact(play).sent().answered(response=told())
    assert again.kinds == [CommandSucceeded, RootDriftFound, JobStarted, CommandRequested]


def test_while_a_job_brings_them_nothing_is_found_twice() -> None:
    play = at_next_contact(read()).sent().answered(response=told())
    assert play.kinds == [CommandSucceeded]
    assert len(play.state.jobs) == 1


@pytest.mark.parametrize("answer", ["NotImplemented", "NotSupported"])
def test_a_station_that_tells_no_roots_remains(answer: str) -> None:
    play = Play().tell(document()).due(CHECK, NOON).sent().answered(answer)
    assert play.kinds == [CommandRefused, RootDriftRemains]


def test_a_desk_full_of_jobs_says_why_nothing_is_brought() -> None:
    play = Play()
    for number in range(MOST_JOBS):
        play.tell(UPLOAD.model_copy(update={"job_id": f"other-{number}"}))
    play.tell(document()).due(CHECK, NOON).sent().answered(response=told())
    assert play.kinds == [CommandSucceeded, RootDriftFound, RootDriftRemains]


def test_a_changed_trust_store_is_told_at_the_next_contact_of_whoever_shall_follow_it() -> None:
    play = read(there(name("c1")), there(name("c2"))).tell(contact(*STORE, root("c3")))
    assert play.kinds == [DesiredRootsChanged, DesiredCheckScheduled]
    play.due(CHECK, LATER + timedelta(seconds=SETTLE_S)).sent()
    play.answered(response=told(there(name("c1")), there(name("c2"))))
    assert [one.missing[0].certificate for one in play.said if isinstance(one, RootDriftFound)] == [name("c3")]
    assert play.tell(contact(*STORE, root("c3"))).kinds == [DesiredCheckScheduled]


def test_a_trust_store_that_cannot_be_read_changes_nothing() -> None:
    assert read().tell(contact()).kinds == [DesiredCheckScheduled]


def test_roots_of_other_uses_are_nobodys_change() -> None:
    play = Play().tell(document(root("c1"), types=("CSMSRootCertificate",), delete_retired=False))
    assert play.tell(contact(root("c1"), V2G, retired("c9"))).kinds == [DesiredCheckScheduled]


def test_a_16_station_is_asked_for_what_16_knows_and_lacks_no_other() -> None:
    play = Play().tell(document(root("c1"), V2G, version="1.6", delete_retired=False)).due(CHECK, NOON)
    assert asked(play) == ("CSMSRootCertificate", "ManufacturerRootCertificate")
    assert play.sent().answered(response=told(there(name("c1")))).kinds == [CommandSucceeded, RootsHeld]


@pytest.mark.parametrize("version", [None, "1.6"])
def test_where_nothing_can_be_asked_nothing_is_due(version: str | None) -> None:
    play = Play().tell(document(V2G, types=("V2GRootCertificate",), version=version))
    assert play.kinds == [DesiredVariablesSet]
    assert play.tell(contact(version="1.6")).kinds == []
    assert play.tell(contact(version="2.1")).kinds == [DesiredCheckScheduled]


def test_a_document_without_roots_leaves_them() -> None:
    play = read(there(name("c1"))).tell(document().model_copy(update={"document_id": "d2", "roots": None}))
    assert play.kinds == [DesiredVariablesSet]
    assert play.tell(contact(*STORE)).kinds == []
