"""When a session has reached what it shall stop at, and how long its station is asked to stop it.

The first target that is reached stops the session; from then on its targets are settled. The station is asked by
`SessionStopWanted`, again and ever more rarely while the session has not ended, and then given up for a person to see.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Protocol, TypeVar, assert_never

from chassis.decider import Refused, pause_before
from ev_contracts.common import Parties, SessionTargets
from ev_contracts.sessions import (
    AddReadings,
    ChargingPreferenceSet,
    EnergyDelivered,
    KeepTargets,
    NoteCost,
    SessionContextResolved,
    SessionDeadlinePassed,
    SessionNotStopped,
    SessionStarted,
    SessionStopWanted,
    SetTargets,
    TargetDropped,
    TargetReached,
    TargetSet,
    TargetsKept,
    TargetsLapsed,
)
from session_ledger.domain.aims import Aim
from session_ledger.domain.aims_shown import payer_of, running
from session_ledger.domain.history import SessionEvent
from session_ledger.domain.station import Session, Station
from session_ledger.domain.telling import Telling

ATTEMPTS_AT_MOST = 6
WAITING_AT_MOST = 16
"""Remote starts with targets whose sessions have not begun, at one station."""

_FIRST_PAUSE = timedelta(minutes=2)
_LONGEST_PAUSE = timedelta(minutes=15)

C = TypeVar("C", bound="Timed")

TargetCommand = SetTargets | KeepTargets | NoteCost
Decided = Sequence[SessionEvent] | Refused


class Timed(Protocol):
    """Any command: `at` is our own clock's time."""

    @property
    def at(self) -> datetime: ...


def decide_target(command: TargetCommand, station: Station) -> Decided:
    """What a wish or a price makes true of a session's targets."""
    match command:
        case SetTargets():
            return _set(command, station)
        case KeepTargets():
            return _keep(command, station)
        case NoteCost():
            return _note_cost(command, station)
        case _:
            assert_never(command)


def follow_targets(decided: Decided, command: Timed, station: Station) -> Decided:
    """What was decided, and what follows from it for the targets; nothing where none are set."""
    if isinstance(decided, Refused) or not (station.aims or isinstance(command, TargetCommand)):
        return decided
    telling = Telling(station)
    for event in decided:
        telling.say(event)
    for event in decided:
        _follow(telling, event, command.at)
    if isinstance(command, AddReadings):
        _charged_to(telling, command)
    elif isinstance(command, SessionDeadlinePassed):
        _pass_deadline(telling, command)
    return telling.events


def _set(command: SetTargets, station: Station) -> Decided:
    session = station.sessions.get(command.session_id)
    if session is None or session.start is None or not _is_of(session.parties, command):
        return Refused(reason="session-unknown", detail="no running session of yours has this id")
    if session.end is not None:
        return Refused(reason="session-ended")
    known = station.aims.of.get(command.session_id)
    if known is not None and known.reached is not None:
        return Refused(reason="target-reached", detail=f"the station is asked to stop: {known.reached}")
    told = command.model_dump(include={"session_id", "station_id", "reason"})
    return [TargetSet(**told, targets=command.targets, set_by=command.by, set_at=command.at)]


def _is_of(parties: Parties | None, command: SetTargets) -> bool:
    """Whether the session is the one's who asks: a driver's or a provider's own; the operator names neither."""
    claimed = (command.driver_ref, command.emsp_party_id)
    if claimed == (None, None):
        return True
    owners = (None, None) if parties is None else (parties.driver_ref, parties.emsp_party_id)
    return any(mine is not None and mine == theirs for mine, theirs in zip(claimed, owners, strict=True))


def _keep(command: KeepTargets, station: Station) -> Decided:
    is_known = command.command_id in station.aims.waiting
    if is_known or len(station.aims.waiting) >= WAITING_AT_MOST:
        return []
    told = command.model_dump(include={"command_id", "station_id", "evse_number", "token_ref", "reason"})
    times = {"kept_at": command.at, "expires_at": command.expires_at}
    wishes = {"targets": command.targets, "profile_type": command.profile_type}
    return [TargetsKept(**told, **times, **wishes, set_by=command.by)]


def _note_cost(command: NoteCost, station: Station) -> Decided:
    aim = station.aims.of.get(command.session_id)
    session = running(station, command.session_id)
    if aim is None or session is None or aim.reached is not None or aim.targets.cost is None:
        return []
    if command.relation_kind is not payer_of(session.parties):
        return []
    names = {"session_id": command.session_id, "station_id": command.station_id}
    if command.currency != aim.targets.currency:
        return [TargetDropped(**names, kind="cost", because="currency-differs", dropped_at=command.at)]
    if command.cost < aim.targets.cost:
        return []
    price = {"cost": command.cost, "currency": command.currency, "relation_kind": command.relation_kind}
    return [_reached(session, "cost", command.measured_at, **price)]


def _follow(telling: Telling, event: SessionEvent, now: datetime) -> None:
    match event:
        case SessionStarted() | SessionContextResolved():
            _take_kept(telling, telling.station.sessions.get(event.session_id), now)
        case TargetsKept():
            for session in telling.station.sessions.values():
                _take_kept(telling, session, now)
        case TargetSet():
            _set_anew(telling, event, now)
        case EnergyDelivered():
            _delivered(telling, event, now)
        case TargetReached():
            _ask(telling, event.session_id, now)
        case _:
            pass


def _take_kept(telling: Telling, session: Session | None, now: datetime) -> None:
    """A session takes the wishes of the remote start that began it: by token, place and time."""
    if session is None or session.start is None or session.end is not None:
        return
    if session.session_id in telling.station.aims.of or session.profile_type is not None:
        return
    kept = next((each for each in telling.station.aims.waiting.values() if _began_by(session, each)), None)
    if kept is None:
        return
    names = {"session_id": session.session_id, "station_id": session.station_id, "command_id": kept.command_id}
    by = {"set_by": kept.set_by, "set_at": kept.kept_at}
    if kept.profile_type is not None:
        telling.say(ChargingPreferenceSet(**names, **by, profile_type=kept.profile_type))
    if kept.profile_type is None or kept.targets != SessionTargets():
        told = TargetSet(**names, **by, targets=kept.targets, reason=kept.reason)
        telling.say(told)
        _follow(telling, told, now)


def _began_by(session: Session, kept: TargetsKept) -> bool:
    start = session.start
    if start is None:
        return False
    # By our clock: the station's may be wrong, and then an earlier session would seem a later one.
    began_at = start.started_at + timedelta(milliseconds=session.lag_ms or 0)
    if not kept.kept_at <= began_at <= kept.expires_at:
        return False
    token_ref = start.token_ref if session.parties is None else session.parties.token_ref
    return token_ref == kept.token_ref and kept.evse_number in {None, start.evse_number}


def _set_anew(telling: Telling, event: TargetSet, now: datetime) -> None:
    """What is reached already when it is set."""
    session = telling.session(event.session_id)
    wish_wh = event.targets.energy_wh
    if session.shown is not None and wish_wh is not None and session.shown_wh >= wish_wh:
        _reach(telling, _reached(session, "energy", event.set_at, energy_wh=session.shown_wh), now)


def _delivered(telling: Telling, event: EnergyDelivered, now: datetime) -> None:
    aim, session = telling.station.aims.of.get(event.session_id), running(telling.station, event.session_id)
    if aim is None or session is None or aim.reached is not None:
        return
    met = {"energy_wh": event.energy_wh, "soc_percent": event.soc_percent}
    if aim.targets.energy_wh is not None and event.energy_wh >= aim.targets.energy_wh:
        _reach(telling, _reached(session, "energy", event.measured_at, **met), now)
    elif _is_charged(aim, event.soc_percent):
        _reach(telling, _reached(session, "soc", event.measured_at, **met), now)


def _charged_to(telling: Telling, command: AddReadings) -> None:
    """A state of charge that came without a register."""
    session_id = telling.station.find(command.session_id, command.transaction_id)
    aim = None if session_id is None else telling.station.aims.of.get(session_id)
    if session_id is None or aim is None or aim.reached is not None:
        return
    session = running(telling.station, session_id)
    found = [each for each in command.readings if _is_charged(aim, each.soc_percent)]
    if session is not None and found:
        told = _reached(session, "soc", found[0].sampled_at, soc_percent=found[0].soc_percent)
        _reach(telling, told, command.at)


def _is_charged(aim: Aim, soc_percent: int | None) -> bool:
    return None not in {soc_percent, aim.targets.soc_percent} and (soc_percent or 0) >= (aim.targets.soc_percent or 0)


def _reach(telling: Telling, told: TargetReached, now: datetime) -> None:
    telling.say(told)
    _ask(telling, told.session_id, now)


def _reached(session: Session, kind: str, at: datetime, **met: object) -> TargetReached:
    register_wh = None if session.shown is None else session.shown.register_wh
    names = {"session_id": session.session_id, "station_id": session.station_id}
    return TargetReached(**names, kind=kind, reached_at=at, register_wh=register_wh, **met)


def _ask(telling: Telling, session_id: str, now: datetime) -> None:
    aim, session = telling.station.aims.of[session_id], telling.session(session_id)
    telling.say(
        SessionStopWanted(
            session_id=session_id,
            station_id=session.station_id,
            transaction_id=session.transaction_id,
            attempt=aim.attempts + 1,
            wanted_by=aim.set_by,
            because=f"target-{aim.reached}",
            wanted_at=now,
            expires_at=now + pause_before(aim.attempts, first=_FIRST_PAUSE, longest=_LONGEST_PAUSE),
        )
    )


def _pass_deadline(telling: Telling, command: SessionDeadlinePassed) -> None:
    kind, _, name = command.name.partition("/")
    aims = telling.station.aims
    if kind == "target-lapse" and name in aims.waiting:
        station_id = aims.waiting[name].station_id
        telling.say(TargetsLapsed(command_id=name, station_id=station_id, lapsed_at=command.due_at))
    aim, session = aims.of.get(name), running(telling.station, name)
    if aim is None or session is None or session.start is None:
        return
    if kind == "target-time" and aim.reached is None:
        told = _reached(session, "duration", command.due_at, duration_s=aim.targets.duration_s)
        _reach(telling, told, command.due_at)
    elif kind == "target-stop" and aim.asked_again_at == command.due_at:
        _ask_again(telling, session, aim, command.due_at)


def _ask_again(telling: Telling, session: Session, aim: Aim, at: datetime) -> None:
    if aim.attempts < ATTEMPTS_AT_MOST:
        _ask(telling, session.session_id, at)
        return
    telling.say(
        SessionNotStopped(
            session_id=session.session_id,
            station_id=session.station_id,
            attempts=aim.attempts,
            because=f"target-{aim.reached}",
            first_asked_at=aim.asked_first_at or at,
            given_up_at=at,
        )
    )


def with_targets(decide: Callable[[C, Station], Decided]) -> Callable[[C | TargetCommand, Station], Decided]:
    """The decision of each command, and what follows from it for the targets."""

    def decide_with_targets(command: C | TargetCommand, station: Station) -> Decided:
        if isinstance(command, TargetCommand):
            return follow_targets(decide_target(command, station), command, station)
        return follow_targets(decide(command, station), command, station)

    return decide_with_targets
