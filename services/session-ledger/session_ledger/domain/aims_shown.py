"""What others see of a session's targets: when they are due, whose price counts, and the snapshot to follow."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

from chassis.decider import Deadline, Snapshot
from ev_contracts.common import CommercialModel, Parties, RelationKind
from ev_contracts.sessions import TargetSnapshot
from session_ledger.domain.aims import Aim
from session_ledger.domain.station import Session, Station

TOPIC = "sessions.target.snapshot.v1"


def running(station: Station, session_id: str) -> Session | None:
    """The session, unless it has ended."""
    session = station.sessions.get(session_id)
    return None if session is None or session.end is not None else session


def target_deadlines(station: Station) -> Iterator[Deadline]:
    """When a session's time is up, when its station is asked again, and when nobody comes to a remote start."""
    for session_id, aim in station.aims.of.items():
        session = running(station, session_id)
        if session is None or session.start is None:
            continue
        duration_s = aim.targets.duration_s
        if duration_s is not None and aim.reached is None:
            due_at = session.start.started_at + timedelta(seconds=duration_s)
            yield Deadline(name=f"target-time/{session_id}", due_at=due_at)
        if aim.asked_again_at is not None:
            yield Deadline(name=f"target-stop/{session_id}", due_at=aim.asked_again_at)
    for command_id, kept in station.aims.waiting.items():
        yield Deadline(name=f"target-lapse/{command_id}", due_at=kept.expires_at)


def payer_of(parties: Parties | None) -> RelationKind:
    """Whose price a cost target means: the driver's, or his provider's where the driver is not known here."""
    if parties is None:
        return RelationKind.UNKNOWN
    if parties.commercial_model is not CommercialModel.RESALE or parties.emsp_party_id is None:
        return RelationKind.CPO_TO_DRIVER
    is_known = parties.driver_ref is not None and parties.emsp_tenant is not None
    return RelationKind.EMSP_TO_DRIVER if is_known else RelationKind.CPO_TO_EMSP


def target_snapshots(before: Station, after: Station) -> Sequence[Snapshot]:
    """The targets that came or changed, and those of sessions that are closed."""
    if not (before.aims.of or after.aims.of):
        return ()
    was, now = _marks(before), _marks(after)
    changed = [name for name in now if name not in was or now[name] != was[name]]
    gone = [name for name in was if name not in now]
    return [
        *(Snapshot(topic=TOPIC, key=f"@{name}", record=_snapshot(*now[name])) for name in changed),
        *(Snapshot(topic=TOPIC, key=f"@{name}", record=None) for name in gone),
    ]


def _marks(station: Station) -> Mapping[str, tuple[str, str, Aim, Parties | None]]:
    sessions = station.sessions
    return {
        name: (name, sessions[name].station_id, aim, sessions[name].parties) for name, aim in station.aims.of.items()
    }


def _snapshot(session_id: str, station_id: str, aim: Aim, parties: Parties | None) -> TargetSnapshot:
    return TargetSnapshot(
        session_id=session_id,
        station_id=station_id,
        targets=aim.targets,
        set_by=aim.set_by,
        set_at=aim.set_at,
        reached=aim.reached,
        reached_at=aim.reached_at,
        attempts=aim.attempts,
        given_up=aim.given_up_at is not None,
        payer=payer_of(parties),
        driver_ref=None if parties is None else parties.driver_ref,
        emsp_party_id=None if parties is None else parties.emsp_party_id,
    )
