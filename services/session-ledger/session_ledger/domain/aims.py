"""At what a session shall be stopped, as a station remembers it, and how its events change that."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import assert_never

from ev_contracts.common import SessionTargets
from ev_contracts.sessions import (
    SessionNotStopped,
    SessionStopWanted,
    TargetDropped,
    TargetReached,
    TargetSet,
    TargetsKept,
    TargetsLapsed,
)

AimEvent = (
    TargetsKept | TargetsLapsed | TargetSet | TargetDropped | TargetReached | SessionStopWanted | SessionNotStopped
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """The targets of one session, and what became of them."""

    targets: SessionTargets
    set_by: str
    set_at: datetime
    reached: str | None = None
    reached_at: datetime | None = None
    attempts: int = 0
    asked_first_at: datetime | None = None
    asked_again_at: datetime | None = None
    """When the station is asked again, unless the session has ended by then."""
    given_up_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Aims:
    """By session, until it is closed; and by remote start, until its session begins."""

    of: Mapping[str, Aim] = field(default_factory=dict)
    waiting: Mapping[str, TargetsKept] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Whether there is anything to watch here."""
        return bool(self.of or self.waiting)


def aimed(aims: Aims, event: AimEvent) -> Aims:
    """What is aimed at after one more event."""
    match event:
        case TargetsKept():
            return replace(aims, waiting={**aims.waiting, event.command_id: event})
        case TargetsLapsed():
            return arrived(aims, event.command_id)
        case TargetSet():
            aim = Aim(targets=event.targets, set_by=event.set_by, set_at=event.set_at)
            return _with(arrived(aims, event.command_id), event.session_id, aim)
        case TargetDropped():
            aim = aims.of[event.session_id]
            rest = aim.targets.model_copy(update={"cost": None, "currency": None})
            return _with(aims, event.session_id, replace(aim, targets=rest))
        case TargetReached():
            aim = replace(aims.of[event.session_id], reached=event.kind, reached_at=event.reached_at)
            return _with(aims, event.session_id, aim)
        case SessionStopWanted():
            return _with(aims, event.session_id, _asked(aims.of[event.session_id], event))
        case SessionNotStopped():
            aim = replace(aims.of[event.session_id], asked_again_at=None, given_up_at=event.given_up_at)
            return _with(aims, event.session_id, aim)
        case _:
            assert_never(event)


def without_session(aims: Aims, session_id: str) -> Aims:
    """A closed session aims at nothing."""
    if session_id not in aims.of:
        return aims
    return replace(aims, of={name: aim for name, aim in aims.of.items() if name != session_id})


def _with(aims: Aims, session_id: str, aim: Aim) -> Aims:
    return replace(aims, of={**aims.of, session_id: aim})


def arrived(aims: Aims, command_id: str | None) -> Aims:
    """The session of that remote start has begun."""
    if command_id not in aims.waiting:
        return aims
    return replace(aims, waiting={name: each for name, each in aims.waiting.items() if name != command_id})


def _asked(aim: Aim, event: SessionStopWanted) -> Aim:
    first_at = aim.asked_first_at or event.wanted_at
    return replace(aim, attempts=event.attempt, asked_first_at=first_at, asked_again_at=event.expires_at)
