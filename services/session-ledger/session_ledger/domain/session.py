"""When a session starts, runs, ends and is final, whatever the order in which its messages arrive."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import assert_never

from chassis.decider import Decider, Refused
from ev_contracts.common import Parties, Place
from ev_contracts.sessions import (
    AddReadings,
    AttachReservation,
    ChangeChargingState,
    CorrectSession,
    DisputeSession,
    EndSession,
    ReleaseSession,
    ReservationAttached,
    ResolveContext,
    ResolveDispute,
    SessionContextResolved,
    SessionDeadlinePassed,
    SessionEnded,
    SessionStarted,
    SettleMessage,
    StartSession,
)
from session_ledger.domain.aims_shown import target_deadlines, target_snapshots
from session_ledger.domain.closing import Late, after_close, close_if_due, reserve, suspect
from session_ledger.domain.evidence import is_seen
from session_ledger.domain.finals import END_TOLD_AGAIN, connector_key
from session_ledger.domain.history import SessionEvent, evolve
from session_ledger.domain.matching import (
    command_of,
    is_displaced,
    named,
    overtaken,
    parked_again,
    rejoined,
    session_of,
)
from session_ledger.domain.messages import (
    assumed_end,
    context_wanted,
    end_of,
    evidence_of,
    first_register,
    held_end,
    highest,
    matched_end,
    readings_to,
    told_by_connector,
)
from session_ledger.domain.registers import Doubt, begin_of
from session_ledger.domain.review import correct, dispute, release, resolve, settle
from session_ledger.domain.station import (
    ClosingRules,
    End,
    Open,
    Session,
    Station,
    end_order,
    is_context_missing,
    preferred,
)
from session_ledger.domain.targets import TargetCommand, with_targets
from session_ledger.domain.telling import Telling, tell_charging, tell_readings, told_by
from session_ledger.domain.work_queue import snapshots

FactCommand = (
    StartSession
    | AddReadings
    | ChangeChargingState
    | EndSession
    | ResolveContext
    | SessionDeadlinePassed
    | AttachReservation
)
PersonCommand = CorrectSession | ReleaseSession | DisputeSession | ResolveDispute | SettleMessage
Command = FactCommand | PersonCommand


def decide(command: Command, station: Station, rules: ClosingRules) -> Sequence[SessionEvent] | Refused:
    """What a message or a person makes true. Only people are refused: energy that flowed is recorded."""
    match command:
        case CorrectSession():
            return correct(command, station)
        case ReleaseSession():
            return release(command, station)
        case DisputeSession():
            return dispute(command, station)
        case ResolveDispute():
            return resolve(command, station)
        case SettleMessage():
            return _settle(command, station, rules)
        case _:
            return decide_fact(command, station, rules)


def decide_fact(command: FactCommand, station: Station, rules: ClosingRules) -> Sequence[SessionEvent]:
    """What a message of a station, or a deadline, makes true."""
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
        case AttachReservation():
            return _attach(command, station)
        case _:
            assert_never(command)


def _start(command: StartSession, station: Station, rules: ClosingRules) -> Sequence[SessionEvent]:
    held = station.sessions.get(command.session_id)
    known = command.session_id in station.final or station.is_forgotten(command.session_id)
    if known or (held is not None and held.start is not None):
        return []
    telling = Telling(station)
    begin_wh = command.meter_start_wh if command.meter_start_wh is not None else first_register(command.readings)
    told = command.model_dump(include=set(SessionStarted.model_fields) - {"place", "parties", "meter_start_wh"})
    place = command.place or (held and held.place)
    parties = preferred(command.parties, held.parties if held else None)
    telling.say(SessionStarted(**told, meter_start_wh=begin_wh, place=place, parties=parties, received_at=command.at))
    tell_readings(telling, command.session_id, command.readings, command.seq_no, command.at)
    if held is not None and held.end is not None:
        _tell_end(telling, command.session_id, held.end, offline=command.offline)
    _take_back(telling, command, rules)
    _take_parked(telling, command.session_id, rules)
    if command.session_id in telling.station.sessions:
        close_if_due(telling, command.session_id, rules, command.at)
    return telling.events


def _add_readings(command: AddReadings, station: Station, rules: ClosingRules) -> Sequence[SessionEvent]:
    telling = Telling(station)
    session_id = session_of(telling, command)
    if session_id is not None:
        _take_readings(telling, session_id, command, rules)
    return telling.events


def _take_readings(telling: Telling, session_id: str, command: AddReadings, rules: ClosingRules) -> None:
    station = telling.station
    if session_id in station.final:
        after_close(telling, session_id, Late(at=command.at, cause="late-reading", reading=highest(command.readings)))
        return
    session = station.sessions.get(session_id)
    if station.is_forgotten(session_id) or (session and is_seen(session.evidence.seen, command.seq_no)):
        return
    if session is None or session.start is None:
        telling.say(evidence_of(command, session_id, command.readings, charging=command.charging))
    else:
        _tell_running(telling, session, command)
    _tell_context(telling, session_id, command.place, command.parties, command.at)
    close_if_due(telling, session_id, rules, command.at)


def _tell_running(telling: Telling, session: Session, command: AddReadings) -> None:
    before = len(telling.events)
    charging = tell_charging(telling, session, command)
    late = tell_readings(telling, session.session_id, command.readings, command.seq_no, command.at)
    unnumbered = len(telling.events) == before and command.seq_no is not None
    if late or charging is not None or unnumbered or command.stopper is not None:
        telling.say(evidence_of(command, session.session_id, late, charging=charging))


def _change_charging_state(command: ChangeChargingState, station: Station) -> Sequence[SessionEvent]:
    session = station.running_at(command.evse_number, command.connector_number, command.occurred_at)
    telling, told = Telling(station), told_by(command)
    is_left = session is None or tell_charging(telling, session, command) is not None
    connector = connector_key(command.evse_number, command.connector_number)
    if is_left and told is not None and not station.knows_told(connector, told):
        # No session runs there yet: in 1.6 a status may overtake the queued start that it belongs to.
        telling.say(told_by_connector(command))
    return telling.events


def _end(command: EndSession, station: Station, rules: ClosingRules) -> Sequence[SessionEvent]:
    telling = Telling(station)
    session_id = session_of(telling, command)
    if session_id is not None:
        _take_end(telling, session_id, named(station, command), rules)
    return telling.events


def _take_end(telling: Telling, session_id: str, command: EndSession, rules: ClosingRules) -> None:
    station, end = telling.station, end_of(command)
    if session_id in station.final:
        matched = matched_end(station.final[session_id])
        # In 2.x the register of an end is one of its readings.
        late = Late(at=command.at, cause=END_TOLD_AGAIN, end=end, reading=highest(command.readings))
        after_close(telling, session_id, late)
        if matched is not None and is_displaced(matched, end):
            _give_back(telling, command.station_id, matched, rules)
        return
    session = station.sessions.get(session_id)
    if station.is_forgotten(session_id) or (session and session.end and not _is_better(end, session.end)):
        return
    if session is None or session.start is None:
        telling.say(held_end(command, session_id))
    else:
        rest = tell_readings(telling, session_id, readings_to(end, command.readings), command.seq_no, command.at)
        if rest:
            telling.say(evidence_of(command, session_id, rest))
        _tell_end(telling, session_id, end, offline=command.offline)
        if session.end is not None and is_displaced(session.end, end):
            _give_back(telling, command.station_id, session.end, rules)
    close_if_due(telling, session_id, rules, command.at)


def _give_back(telling: Telling, station_id: str, matched: End, rules: ClosingRules) -> None:
    """A stop that was matched to a session belongs elsewhere, for the session told another of its own."""
    other = parked_again(telling, station_id, matched)
    if other is None:
        return
    again = EndSession(
        at=matched.heard_at,
        station_id=station_id,
        transaction_id="-1",
        ended_at=matched.ended_at,
        meter_stop_wh=matched.meter_stop_wh,
        reason=matched.reason,
        offline=False,
        message_id=matched.message_id,
        stopper=matched.stopper,
    )
    _take_end(telling, other, again, rules)


def _take_back(telling: Telling, command: StartSession, rules: ClosingRules) -> None:
    """Stops that were matched to sessions which, as this start shows, were over by then; a closed one is contested."""
    for each in overtaken(telling.station):
        if each.start is not None and each.end is not None:
            ended = assumed_end(telling.station, each, each.start, command.at)
            _tell_end(telling, each.session_id, ended, offline=False)
            _give_back(telling, command.station_id, each.end, rules)
            close_if_due(telling, each.session_id, rules, command.at)
    connector = connector_key(command.evse_number, command.connector_number)
    for final in telling.station.final.values():
        is_here = final.connector == connector and final.message_id is not None
        if is_here and final.started_at < command.started_at < final.ended_at:
            doubt = Doubt(cause="stop-of-another", detail=f"{command.session_id} had begun by its end")
            telling.say(suspect(final.closed(), doubt, command.at))


def _take_parked(telling: Telling, session_id: str, rules: ClosingRules) -> None:
    """Messages that came before their start, and named no session, find it now."""
    for message in rejoined(telling, session_id):
        _take(telling, session_id, message, rules)


def _settle(command: SettleMessage, station: Station, rules: ClosingRules) -> Sequence[SessionEvent] | Refused:
    settled = settle(command, station)
    if settled is None or isinstance(settled, Refused):
        return settled or []
    telling, message = Telling(station), command_of(station.unmatched[command.message_id])
    telling.say(settled)
    if command.session_id is not None:
        _take(telling, command.session_id, _as_told_by_a_person(message, command.at), rules)
    return telling.events


def _as_told_by_a_person(message: AddReadings | EndSession, at: datetime) -> AddReadings | EndSession:
    """As good as if the station had named the session."""
    return message.model_copy(update={"at": at, "message_id": None} if isinstance(message, EndSession) else {"at": at})


def _take(telling: Telling, session_id: str, message: AddReadings | EndSession, rules: ClosingRules) -> None:
    if isinstance(message, EndSession):
        _take_end(telling, session_id, message, rules)
    else:
        _take_readings(telling, session_id, message, rules)


def _is_better(new: End, known: End) -> bool:
    """Whether an end replaces the one known: any of the station the ledger's own, one that names its session one that
    was matched to it, else the later the earlier.
    """
    if known.assumed or (known.message_id is None) != (new.message_id is None):
        return known.assumed or new.message_id is None
    return end_order(new) > end_order(known)


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
            message_id=end.message_id,
            stopper=end.stopper,
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


def _attach(command: AttachReservation, station: Station) -> Sequence[SessionEvent]:
    """A session that is closed already is corrected."""
    telling, session = Telling(station), station.sessions.get(command.session_id)
    if session is not None and session.reservation is None:
        told = command.model_dump(include={"session_id", "station_id"})
        telling.say(ReservationAttached(**told, reservation=command.reservation, attached_at=command.at))
    elif command.session_id in station.final:
        reserve(telling, command)
    return telling.events


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
        telling.say(context_wanted(session, session.start, command.at))
    elif kind == "silence" and session.end is None:
        _tell_end(telling, session_id, assumed_end(station, session, session.start, command.at), offline=False)
    close_if_due(telling, session_id, rules, command.at)
    return telling.events


def session_decider(
    *, settle_s: int = 30, grace_s: int = 900, silence_s: int = 48 * 3_600
) -> Decider[Command | TargetCommand, Station, SessionEvent]:
    """The decider of a station's sessions, and of what they shall stop at, under these closing rules."""
    rules = ClosingRules(
        settle=timedelta(seconds=settle_s), grace=timedelta(seconds=grace_s), silence=timedelta(seconds=silence_s)
    )
    return Decider(
        initial=Station(),
        decide=with_targets(partial(_decide_by, rules)),
        evolve=evolve,
        deadlines=lambda station: [*rules.deadlines(station), *target_deadlines(station)],
        snapshots=lambda before, after: [*snapshots(before, after), *target_snapshots(before, after)],
    )


def _decide_by(rules: ClosingRules, command: Command, station: Station) -> Sequence[SessionEvent] | Refused:
    return decide(command, station, rules)


session = session_decider()
