"""When a session starts, runs, ends and is final, whatever the order in which its messages arrive."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import assert_never

from chassis.decider import Decider, Refused
from ev_contracts.sessions import (
    AddReadings,
    AttachReservation,
    ChangeChargingState,
    ChangeMeter,
    CorrectSession,
    DisputeSession,
    EndSession,
    RecallSession,
    ReleaseSession,
    ResolveContext,
    ResolveDispute,
    SessionDeadlinePassed,
    SessionStarted,
    SettleMessage,
    StartSession,
    WithdrawStation,
)
from session_ledger.domain.aims_shown import target_deadlines
from session_ledger.domain.assets import change_meter, withdraw
from session_ledger.domain.closing import Late, after_close, close_if_due, suspect
from session_ledger.domain.context import attach, resolve_context, tell_context
from session_ledger.domain.ending import is_better, pass_deadline, tell_end
from session_ledger.domain.evidence import is_seen, tells_export
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
    end_of,
    evidence_of,
    first_register,
    held_end,
    highest,
    matched_end,
    readings_to,
    told_by_connector,
)
from session_ledger.domain.metering import Doubt
from session_ledger.domain.review import correct, dispute, recall, release, resolve, settle
from session_ledger.domain.shown import snapshots
from session_ledger.domain.signed import SideCommand, with_signed
from session_ledger.domain.station import (
    ClosingRules,
    End,
    Session,
    Station,
    preferred,
)
from session_ledger.domain.targets import with_targets
from session_ledger.domain.telling import Telling, tell_charging, tell_readings, told_by

StationCommand = StartSession | AddReadings | ChangeChargingState | EndSession
OtherCommand = ResolveContext | SessionDeadlinePassed | AttachReservation | ChangeMeter | WithdrawStation
FactCommand = StationCommand | OtherCommand
PersonCommand = CorrectSession | ReleaseSession | DisputeSession | ResolveDispute | RecallSession | SettleMessage
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
        case RecallSession():
            return recall(command, station)
        case SettleMessage():
            return _settle(command, station, rules)
        case _:
            return decide_fact(command, station, rules)


def decide_fact(command: FactCommand, station: Station, rules: ClosingRules) -> Sequence[SessionEvent]:
    """What a message of a station, the word of another service, or a deadline, makes true."""
    match command:
        case StartSession():
            return _start(command, station, rules)
        case AddReadings():
            return _add_readings(command, station, rules)
        case ChangeChargingState():
            return _change_charging_state(command, station)
        case EndSession():
            return _end(command, station, rules)
        case _:
            return _decide_other(command, station, rules)


def _decide_other(command: OtherCommand, station: Station, rules: ClosingRules) -> Sequence[SessionEvent]:
    match command:
        case ResolveContext():
            return resolve_context(command, station, rules)
        case SessionDeadlinePassed():
            return pass_deadline(command, station, rules)
        case AttachReservation():
            return attach(command, station)
        case ChangeMeter():
            return change_meter(command, station, rules)
        case WithdrawStation():
            return withdraw(command, station)
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
    late = tell_readings(telling, command.session_id, command.readings, command.seq_no, command.at)
    more = [each for each in late if tells_export(each) or each.interval_wh is not None]
    if more:
        telling.say(evidence_of(command, command.session_id, more))
    if held is not None and held.end is not None:
        tell_end(telling, command.session_id, held.end, offline=command.offline)
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
    tell_context(telling, session_id, command.place, command.parties, command.at)
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
        matched, reading = matched_end(station.final[session_id]), highest(command.readings)
        if matched is not None and end.message_id is None and end.meter_stop_wh is None and reading is not None:
            # In 2.x the register of an end is one of its readings; that of another's stop must not stand for it.
            end = replace(end, meter_stop_wh=reading.register_wh)
        after_close(telling, session_id, Late(at=command.at, cause=END_TOLD_AGAIN, end=end, reading=reading))
        if matched is not None and is_displaced(matched, end):
            _give_back(telling, command.station_id, matched, rules)
        return
    session = station.sessions.get(session_id)
    if station.is_forgotten(session_id) or (session and session.end and not is_better(end, session.end)):
        return
    if session is None or session.start is None:
        telling.say(held_end(command, session_id))
    else:
        rest = tell_readings(telling, session_id, readings_to(end, command.readings), command.seq_no, command.at)
        if rest:
            telling.say(evidence_of(command, session_id, rest))
        tell_end(telling, session_id, end, offline=command.offline)
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
            tell_end(telling, each.session_id, ended, offline=False)
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


def session_decider(
    *, settle_s: int = 30, grace_s: int = 900, silence_s: int = 48 * 3_600
) -> Decider[Command | SideCommand, Station, SessionEvent]:
    """The decider of a station's sessions, and of what they shall stop at, under these closing rules."""
    rules = ClosingRules(
        settle=timedelta(seconds=settle_s), grace=timedelta(seconds=grace_s), silence=timedelta(seconds=silence_s)
    )
    return Decider(
        initial=Station(),
        decide=with_targets(with_signed(partial(_decide_by, rules))),
        evolve=evolve,
        deadlines=lambda station: [*rules.deadlines(station), *target_deadlines(station)],
        snapshots=snapshots,
    )


def _decide_by(rules: ClosingRules, command: Command, station: Station) -> Sequence[SessionEvent] | Refused:
    return decide(command, station, rules)


session = session_decider()
