"""When a session starts, runs, ends and is final, whatever the order in which its messages arrive."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import assert_never

from chassis.decider import Decider
from ev_contracts.common import MeterReading, Parties, Place
from ev_contracts.sessions import (
    AddReadings,
    ChangeChargingState,
    EndSession,
    ResolveContext,
    SessionContextResolved,
    SessionContextWanted,
    SessionDeadlinePassed,
    SessionEnded,
    SessionEvidenceKept,
    SessionStarted,
    StartSession,
    UnmatchedMessageRecorded,
)
from session_ledger.domain.closing import Late, after_close, close_if_due, suspect
from session_ledger.domain.evidence import is_seen, register_of
from session_ledger.domain.finals import END_TOLD_AGAIN, connector_key
from session_ledger.domain.history import SessionEvent, evolve
from session_ledger.domain.registers import Doubt, begin_of
from session_ledger.domain.rows import time_of
from session_ledger.domain.station import (
    ClosingRules,
    End,
    Open,
    Session,
    Start,
    Station,
    end_order,
    is_context_missing,
    preferred,
)
from session_ledger.domain.telling import Telling, tell_charging, tell_readings, told_by

Command = StartSession | AddReadings | ChangeChargingState | EndSession | ResolveContext | SessionDeadlinePassed


def decide(command: Command, station: Station, rules: ClosingRules) -> Sequence[SessionEvent]:
    """What a message makes true. Never a refusal: energy that flowed is recorded, and nobody waits for an answer."""
    match command:
        case StartSession():
            return _start(command, station, rules)
        case AddReadings():
            return _add_readings(command, station, rules)
        case ChangeChargingState():
            return _change_charging_state(command, station)
        case EndSession():
            return _end(command, station, rules)
        case ResolveContext():
            return _resolve_context(command, station, rules)
        case SessionDeadlinePassed():
            return _pass_deadline(command, station, rules)
        case _:
            assert_never(command)


def _start(command: StartSession, station: Station, rules: ClosingRules) -> Sequence[SessionEvent]:
    held = station.sessions.get(command.session_id)
    known = command.session_id in station.final or station.is_forgotten(command.session_id)
    if known or (held is not None and held.start is not None):
        return []
    telling = Telling(station)
    begin_wh = command.meter_start_wh if command.meter_start_wh is not None else _first_register(command.readings)
    told = command.model_dump(include=set(SessionStarted.model_fields) - {"place", "parties", "meter_start_wh"})
    place = command.place or (held and held.place)
    parties = preferred(command.parties, held.parties if held else None)
    telling.say(SessionStarted(**told, meter_start_wh=begin_wh, place=place, parties=parties, received_at=command.at))
    tell_readings(telling, command.session_id, command.readings, command.seq_no, command.at)
    if held is not None and held.end is not None:
        _tell_end(telling, command.session_id, held.end, offline=command.offline)
    close_if_due(telling, command.session_id, rules, command.at)
    return telling.events


def _add_readings(command: AddReadings, station: Station, rules: ClosingRules) -> Sequence[SessionEvent]:
    session_id = station.find(command.session_id, command.transaction_id)
    if session_id is None:
        return [_unmatched(command, "readings", _register(_highest(command.readings)))]
    if session_id in station.final:
        late = Late(at=command.at, cause="late-reading", reading=_highest(command.readings))
        return after_close(station, session_id, late)
    session = station.sessions.get(session_id)
    if station.is_forgotten(session_id) or (session and is_seen(session.evidence.seen, command.seq_no)):
        return []
    telling = Telling(station)
    if session is None or session.start is None:
        telling.say(_evidence(command, session_id, command.readings, charging=command.charging))
    else:
        _tell_running(telling, session, command)
    _tell_context(telling, session_id, command.place, command.parties, command.at)
    close_if_due(telling, session_id, rules, command.at)
    return telling.events


def _tell_running(telling: Telling, session: Session, command: AddReadings) -> None:
    charging = tell_charging(telling, session, command)
    late = tell_readings(telling, session.session_id, command.readings, command.seq_no, command.at)
    unnumbered = not telling.events and command.seq_no is not None
    if late or charging is not None or unnumbered:
        telling.say(_evidence(command, session.session_id, late, charging=charging))


def _change_charging_state(command: ChangeChargingState, station: Station) -> Sequence[SessionEvent]:
    session = station.running_at(command.evse_number, command.connector_number, command.occurred_at)
    telling, told = Telling(station), told_by(command)
    is_left = session is None or tell_charging(telling, session, command) is not None
    connector = connector_key(command.evse_number, command.connector_number)
    if is_left and told is not None and not station.knows_told(connector, told):
        # No session runs there yet: in 1.6 a status may overtake the queued start that it belongs to.
        telling.say(_told_by_connector(command))
    return telling.events


def _told_by_connector(command: ChangeChargingState) -> SessionEvidenceKept:
    return SessionEvidenceKept(
        station_id=command.station_id,
        evse_number=command.evse_number,
        connector_number=command.connector_number,
        received_at=command.at,
        occurred_at=command.occurred_at,
        charging=command.charging,
        suspended_by=None if command.charging else command.suspended_by,
        offline=False,
    )


def _end(command: EndSession, station: Station, rules: ClosingRules) -> Sequence[SessionEvent]:
    session_id = station.find(command.session_id, command.transaction_id)
    if session_id is None:
        return [_unmatched(command, "end", command.meter_stop_wh)]
    end = _end_of(command)
    if session_id in station.final:
        return after_close(station, session_id, Late(at=command.at, cause=END_TOLD_AGAIN, end=end))
    session = station.sessions.get(session_id)
    if station.is_forgotten(session_id) or (session and session.end and not _is_better(end, session.end)):
        return []
    telling = Telling(station)
    if session is None or session.start is None:
        telling.say(_held_end(command, session_id))
    else:
        late = tell_readings(telling, session_id, _readings_to(end, command.readings), command.seq_no, command.at)
        if late:
            telling.say(_evidence(command, session_id, late))
        _tell_end(telling, session_id, end, offline=command.offline)
    close_if_due(telling, session_id, rules, command.at)
    return telling.events


def _is_better(new: End, known: End) -> bool:
    """Whether an end replaces the one known: any word of the station the ledger's own, else the later the earlier."""
    return known.assumed or end_order(new) > end_order(known)


def _readings_to(end: End, readings: Iterable[MeterReading]) -> Sequence[MeterReading]:
    """The readings of a stop, and its own register as the last of them."""
    if end.meter_stop_wh is None:
        return tuple(readings)
    return (*readings, MeterReading(sampled_at=end.ended_at, register_wh=end.meter_stop_wh))


def _end_of(command: EndSession) -> End:
    # A stop of -1 Wh is some stations' word for "unknown".
    known = command.meter_stop_wh is not None and command.meter_stop_wh >= 0
    return End(
        ended_at=command.ended_at,
        meter_stop_wh=command.meter_stop_wh if known else None,
        reason=command.reason,
        seq_no=command.seq_no,
        heard_at=command.at,
    )


def _tell_end(telling: Telling, session_id: str, end: End, *, offline: bool) -> None:
    session = telling.session(session_id)
    start = session.start
    if start is None:
        return
    begin_wh = begin_of(start.meter_start_wh, session.evidence)
    last = session.evidence.last(end.ended_at)
    stop_wh = end.meter_stop_wh
    if stop_wh is None and last is not None:
        stop_wh = last.register_wh
    telling.say(
        SessionEnded(
            assumed=end.assumed,
            session_id=session_id,
            station_id=session.station_id,
            evse_number=start.evse_number,
            connector_number=start.connector_number,
            ended_at=end.ended_at,
            meter_stop_wh=end.meter_stop_wh,
            energy_wh=0 if begin_wh is None or stop_wh is None else stop_wh - begin_wh,
            reason=end.reason,
            offline=offline,
            place=session.place,
            parties=session.parties,
            seq_no=end.seq_no,
            received_at=end.heard_at,
        )
    )


def _resolve_context(command: ResolveContext, station: Station, rules: ClosingRules) -> Sequence[SessionEvent]:
    if command.session_id not in station.sessions:
        return []
    telling = Telling(station)
    _tell_context(telling, command.session_id, command.place, command.parties, command.at)
    close_if_due(telling, command.session_id, rules, command.at)
    return telling.events


def _tell_context(
    telling: Telling, session_id: str, place: Place | None, parties: Parties | None, at: datetime
) -> None:
    session = telling.session(session_id)
    better_place = session.place or place
    better_parties = preferred(session.parties, parties)
    if (better_place, better_parties) != (session.place, session.parties):
        telling.say(
            SessionContextResolved(
                session_id=session_id,
                station_id=session.station_id,
                place=better_place,
                parties=better_parties,
                resolved_at=at,
            )
        )


def _pass_deadline(command: SessionDeadlinePassed, station: Station, rules: ClosingRules) -> Sequence[SessionEvent]:
    kind, _, session_id = command.name.partition("/")
    session = station.sessions.get(session_id)
    telling = Telling(station)
    if session is None or not isinstance(session.verdict, Open):
        return []
    if session.start is None:
        telling.say(suspect(session, Doubt(cause="start-missing", detail="its start was never heard"), command.at))
    elif kind == "context" and is_context_missing(session):
        telling.say(_context_wanted(session, session.start, command.at))
    elif kind == "silence" and session.end is None:
        _tell_end(telling, session_id, _assumed_end(station, session, session.start, command.at), offline=False)
    close_if_due(telling, session_id, rules, command.at)
    return telling.events


def _context_wanted(session: Session, start: Start, at: datetime) -> SessionContextWanted:
    return SessionContextWanted(
        session_id=session.session_id,
        station_id=session.station_id,
        evse_number=start.evse_number,
        connector_number=start.connector_number,
        token_ref=start.token_ref,
        token_status=start.token_status,
        started_at=start.started_at,
        attempt=session.asked + 1,
        wanted_at=at,
    )


def _assumed_end(station: Station, session: Session, start: Start, at: datetime) -> End:
    """The end of a session whose stop nobody heard: its last sign of life, before its connector was taken again."""
    told = [each.at for each in station.told_of(session)]
    rows = (*session.evidence.registers.kept[-1:], *session.evidence.powers.kept[-1:])
    last = max((*told, *(time_of(row[0]) for row in rows), start.started_at))
    taken_at = station.taken_again_at(session)
    ended_at = last if taken_at is None else min(last, taken_at)
    return End(ended_at=ended_at, meter_stop_wh=None, reason="NoStopHeard", seq_no=None, heard_at=at, assumed=True)


def _where(command: AddReadings | EndSession) -> tuple[int | None, int | None, datetime]:
    """EVSE, connector and time of a message; 1.6's stop does not say where."""
    if isinstance(command, EndSession):
        return None, None, command.ended_at
    return command.evse_number, command.connector_number, command.occurred_at


def _evidence(
    command: AddReadings | EndSession,
    session_id: str,
    readings: Iterable[MeterReading],
    *,
    charging: bool | None = None,
) -> SessionEvidenceKept:

    evse_number, connector_number, occurred_at = _where(command)
    return SessionEvidenceKept(
        session_id=session_id,
        station_id=command.station_id,
        transaction_id=command.transaction_id,
        evse_number=evse_number or 0,
        connector_number=connector_number or 0,
        received_at=command.at,
        occurred_at=occurred_at,
        seq_no=command.seq_no,
        charging=charging,
        suspended_by=command.suspended_by if charging is False and isinstance(command, AddReadings) else None,
        offline=command.offline,
        readings=tuple(readings),
    )


def _held_end(command: EndSession, session_id: str) -> SessionEvidenceKept:
    """An end whose start is still to come."""
    end = _end_of(command)
    kept = _evidence(command, session_id, _readings_to(end, command.readings))
    told = {"ended_at": end.ended_at, "meter_stop_wh": end.meter_stop_wh, "end_reason": end.reason}
    return kept.model_copy(update=told)


def _unmatched(command: AddReadings | EndSession, kind: str, meter_wh: int | None) -> UnmatchedMessageRecorded:
    evse_number, connector_number, occurred_at = _where(command)
    return UnmatchedMessageRecorded(
        station_id=command.station_id,
        transaction_id=command.transaction_id,
        kind=kind,
        evse_number=evse_number,
        connector_number=connector_number,
        meter_wh=meter_wh,
        occurred_at=occurred_at,
    )


def _first_register(readings: Iterable[MeterReading]) -> int | None:
    """What the start's own readings say of the first register."""
    known = [each for each in readings if register_of(each) is not None]
    known.sort(key=lambda each: (each.context != "Transaction.Begin", each.sampled_at))
    return known[0].register_wh if known else None


def _register(reading: MeterReading | None) -> int | None:
    return None if reading is None else reading.register_wh


def _highest(readings: Iterable[MeterReading]) -> MeterReading | None:
    known = [each for each in readings if register_of(each) is not None]
    return max(known, key=lambda each: each.register_wh or 0, default=None)


def session_decider(
    *, settle_s: int = 30, grace_s: int = 900, silence_s: int = 48 * 3_600
) -> Decider[Command, Station, SessionEvent]:
    """The decider of a station's sessions under these closing rules."""
    rules = ClosingRules(
        settle=timedelta(seconds=settle_s), grace=timedelta(seconds=grace_s), silence=timedelta(seconds=silence_s)
    )
    return Decider(
        initial=Station(),
        decide=partial(_decide_by, rules),
        evolve=evolve,
        deadlines=rules.deadlines,
    )


def _decide_by(rules: ClosingRules, command: Command, station: Station) -> Sequence[SessionEvent]:
    return decide(command, station, rules)


session = session_decider()
