"""What the registry's word makes true of sessions: a meter that was changed, a station that has left the network."""

from collections.abc import Iterable, Sequence

from ev_contracts.sessions import (
    ChangeMeter,
    MeterChanged,
    SessionCorrected,
    StationWithdrawn,
    WithdrawStation,
)
from session_ledger.domain.chain import gaps_of
from session_ledger.domain.closing import Seen, close_if_due, suspect, tell_gap_changes, tell_gaps, tell_holes
from session_ledger.domain.finals import METER_CHANGED, connector_key
from session_ledger.domain.history import SessionEvent
from session_ledger.domain.metering import Doubt
from session_ledger.domain.meters import changes_at, exchange_of, is_behind, within
from session_ledger.domain.recount import recounted, with_energy
from session_ledger.domain.station import ClosingRules, Session, Station, Suspect
from session_ledger.domain.telling import Telling


def withdraw(command: WithdrawStation, station: Station) -> Sequence[SessionEvent]:
    """Once: a station never comes back. Its sessions end by their deadline, for their last messages may be queued."""
    if station.withdrawn_at is not None:
        return []
    told = command.model_dump(exclude={"at"})
    return [StationWithdrawn(**told, told_at=command.at)]


def change_meter(command: ChangeMeter, station: Station, rules: ClosingRules) -> Sequence[SessionEvent]:
    """The change, the gaps it explains, the held sessions it settles, and the closed ones it corrects."""
    place = connector_key(command.evse_number, command.connector_number)
    if exchange_of(command) in station.meters.get(place, ()):
        return []
    telling = Telling(station)
    telling.say(MeterChanged(**command.model_dump(exclude={"at"}), told_at=command.at))
    for connector in _connectors(station, place):
        links = station.chains.get(connector, ())
        was = gaps_of(links, changes_at(station.meters, connector))
        now = gaps_of(links, changes_at(telling.station.meters, connector))
        seen = Seen(before=station, station_id=command.station_id, connector=connector, at=command.at)
        tell_gap_changes(telling, seen, was, now)
    for session in _sessions(station, place):
        since = session.verdict.since if isinstance(session.verdict, Suspect) else command.at
        close_if_due(telling, session.session_id, rules, max(since, command.at))
    # One that the change itself has closed counts it already, and its close may have let old ones go.
    for session_id in sorted(station.final.keys() & telling.station.final.keys()):
        _recount(telling, session_id, place, command)
    return telling.events


def _connectors(station: Station, place: str) -> list[str]:
    return [connector for connector in station.chains if is_behind(place, connector)]


def _sessions(station: Station, place: str) -> Iterable[Session]:
    for each in station.sessions.values():
        start = each.start
        if start is not None and is_behind(place, connector_key(start.evse_number, start.connector_number)):
            yield each


def _recount(telling: Telling, session_id: str, place: str, command: ChangeMeter) -> None:
    """Says what a closed session comes to over the changes of its meter, as they are known now."""
    station, final = telling.station, telling.station.final[session_id]
    if not is_behind(place, final.connector):
        return
    changes = within(changes_at(station.meters, final.connector), final.started_at, final.ended_at)
    if not changes:
        return
    closed = final.closed()
    if closed.facts.export_stop_wh is not None:
        # Of what was given back the points are not kept: a person must look at both meters.
        doubt = Doubt(cause="meter-change-unexplained", detail="the meter was changed, and energy was given back")
        telling.say(suspect(closed, doubt, command.at))
        return
    found = recounted(final, closed.facts, changes)
    if found is None:
        return
    if isinstance(found, Doubt):
        telling.say(suspect(closed, found, command.at))
        return
    event = SessionCorrected(
        session_id=session_id,
        station_id=closed.station_id,
        cause=METER_CHANGED,
        corrected_at=command.at,
        facts=with_energy(closed.facts, found),
        place=closed.place,
        parties=closed.parties,
    )
    if event.facts == closed.facts:
        return
    telling.say(event)
    tell_holes(telling, event, final.connector, found.holes)
    tell_gaps(telling, station, event, final.connector)
