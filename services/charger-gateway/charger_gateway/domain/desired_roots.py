"""Which roots a station shall hold: asked for at each contact; what it lacks is told, and brought by a job."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TypeAlias

from charger_gateway.domain.actions import requested
from charger_gateway.domain.desk_state import DESIRED_ACTOR, Desired, Desk, DeskEvent
from charger_gateway.domain.jobs import MOST_JOBS
from charger_gateway.domain.roots_state import KIND, WantedRoots
from charger_gateway.domain.trust_store import KNOWN_IN, chosen, missing, retired, steps_after
from chassis.decider import derived_id
from ev_contracts.gateway import (
    CommandRefused,
    CommandSucceeded,
    CommandTimedOut,
    CommandUndeliverable,
    DesiredRoots,
    DesiredRootsChanged,
    GetInstalledCertificateIds,
    InstalledCertificate,
    JobFailed,
    JobStarted,
    JobSucceeded,
    ReportContact,
    RootDrift,
    RootDriftFound,
    RootDriftRemains,
    RootDriftRepaired,
    RootsHeld,
)

ANSWER_S = 120
BROUGHT_WITHIN_S = 3_600
MOST_ATTEMPTS = 3
RETRY_AFTER_S = 60
_Outcome: TypeAlias = CommandSucceeded | CommandRefused | CommandTimedOut | CommandUndeliverable
_OUTCOMES = (CommandSucceeded, CommandRefused, CommandTimedOut, CommandUndeliverable)


def on_contact(command: ReportContact, desired: Desired) -> Sequence[DeskEvent]:
    """A trust store that is another one since the document was last told it."""
    roots = desired.roots
    if roots is None or not command.trusted_roots:
        return []
    now = chosen(command.trusted_roots, roots.certificate_types, delete_retired=roots.delete_retired)
    if now == roots.trusted_roots:
        return []
    return [DesiredRootsChanged(**_names(desired), trusted_roots=now, at=command.at)]


def ask(desired: Desired, at: datetime) -> Sequence[DeskEvent]:
    """The question, where the station's version has one."""
    roots = desired.roots
    if roots is None or not types_of(roots, desired.ocpp_version):
        return []
    return [requested(_question(desired, roots, at), job_id=desired.document_id)]


def types_of(roots: DesiredRoots | WantedRoots | None, ocpp_version: str | None) -> tuple[str, ...]:
    """Those of the wanted that the version knows."""
    known = () if roots is None else KNOWN_IN.get(ocpp_version or "", ())
    return tuple(one for one in known if roots is not None and _is_wanted(one, roots))


def _is_wanted(certificate_type: str, roots: DesiredRoots | WantedRoots) -> bool:
    return not roots.certificate_types or certificate_type in roots.certificate_types


def _question(desired: Desired, roots: WantedRoots, at: datetime) -> GetInstalledCertificateIds:
    return GetInstalledCertificateIds(
        at=at,
        command_id=derived_id("desired", "roots", desired.document_id, at.isoformat()),
        station_id=desired.station_id,
        requested_by=DESIRED_ACTOR,
        expires_at=at + timedelta(seconds=ANSWER_S),
        # A retired root goes whatever it was for, so all are asked for then.
        certificate_types=() if roots.delete_retired else types_of(roots, desired.ocpp_version),
    )


def react(event: DeskEvent, before: Desk, at: datetime) -> Sequence[DeskEvent]:
    """What an outcome of ours means; `before` still knows which of our commands or jobs it was."""
    desired = before.desired
    if desired is None or desired.roots is None:
        return []
    if isinstance(event, _OUTCOMES) and event.command_id == desired.roots.reading:
        return _on_read(event, before, desired, at)
    if isinstance(event, JobSucceeded) and event.job_id == desired.roots.bringing:
        return [RootDriftRepaired(**_names(desired), job_id=event.job_id, at=at)]
    if isinstance(event, JobFailed) and event.job_id == desired.roots.bringing:
        return [RootDriftRemains(**_names(desired), why=event.why, at=at)]
    return []


def _on_read(event: _Outcome, desk: Desk, desired: Desired, at: datetime) -> Sequence[DeskEvent]:
    match event:
        case CommandSucceeded():
            installed = () if event.response is None else event.response.certificates
            return _compared(installed, desk, desired, at)
        case CommandRefused():
            return [RootDriftRemains(**_names(desired), why=event.answer, at=at)]
        case CommandTimedOut():
            return [RootDriftRemains(**_names(desired), why="timed-out", at=at)]
        case CommandUndeliverable():
            return [RootDriftRemains(**_names(desired), why=event.why, at=at)]


def _compared(
    installed: Sequence[InstalledCertificate], desk: Desk, desired: Desired, at: datetime
) -> Sequence[DeskEvent]:
    assert desired.roots is not None
    if desk.job(desired.roots.bringing) is not None:
        return []  # what it lacks is on its way
    shall = chosen(desired.roots.trusted_roots, types_of(desired.roots, desired.ocpp_version), delete_retired=True)
    lacks = tuple(
        RootDrift(certificate_type=one.certificate_type, certificate=one.names[0]) for one in missing(shall, installed)
    )
    goes = tuple(RootDrift(certificate=one) for one in retired(shall, installed))
    if not lacks and not goes:
        return [] if desired.roots.held else [RootsHeld(**_names(desired), at=at)]
    found = RootDriftFound(**_names(desired), missing=lacks, retired=goes, at=at)
    if len(desk.jobs) >= MOST_JOBS:
        return [found, RootDriftRemains(**_names(desired), why="too-many-jobs-open", at=at)]
    steps = steps_after(_question(desired, desired.roots, at), shall, installed)
    return [
        found,
        JobStarted(
            job_id=derived_id("desired", "roots-job", desired.document_id, at.isoformat()),
            station_id=desired.station_id,
            kind=KIND,
            requested_by=DESIRED_ACTOR,
            started_at=at,
            deadline_at=at + timedelta(seconds=BROUGHT_WITHIN_S),
            most_attempts=MOST_ATTEMPTS,
            retry_after_s=RETRY_AFTER_S,
            steps=steps,
        ),
    ]


def _names(desired: Desired) -> dict[str, str]:
    return {"document_id": desired.document_id, "station_id": desired.station_id}
