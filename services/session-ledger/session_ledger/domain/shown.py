"""What others may follow of a station's sessions: the work queue, the targets, and which sessions run."""

from collections.abc import Sequence

from chassis.decider import Snapshot
from ev_contracts.sessions import OpenSession, OpenSessions
from session_ledger.domain import work_queue
from session_ledger.domain.aims_shown import target_snapshots
from session_ledger.domain.station import Session, Station

OPEN = "sessions.open.snapshot.v1"


def snapshots(before: Station, after: Station) -> Sequence[Snapshot]:
    """All that changed."""
    return [*work_queue.snapshots(before, after), *target_snapshots(before, after), *open_snapshots(before, after)]


def open_snapshots(before: Station, after: Station) -> Sequence[Snapshot]:
    """The sessions that run with an accepted token, where that changed: a reading says nothing here."""
    if before.sessions is after.sessions:
        return ()
    was, now = _open(before), _open(after)
    if was == now:
        return ()
    if not now:
        return (Snapshot(topic=OPEN, key="", record=None),)
    station_id = next(iter(after.sessions.values())).station_id
    told = tuple(OpenSession(session_id=name, token_ref=now[name]) for name in sorted(now))
    return (Snapshot(topic=OPEN, key="", record=OpenSessions(station_id=station_id, sessions=told)),)


def _open(station: Station) -> dict[str, str]:
    """Session -> its payer's token; one whose token was refused names no provider, and counts for nobody."""
    tokens = {name: _payer(each) for name, each in station.sessions.items() if each.start and each.end is None}
    return {name: token for name, token in tokens.items() if token is not None}


def _payer(session: Session) -> str | None:
    parties = session.parties
    return None if parties is None or parties.emsp_party_id is None else parties.token_ref
