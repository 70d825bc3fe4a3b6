"""A decider: the pure pair of decide and evolve that says when something becomes true, and the fold of its events.

Everything here is pure and imports nothing but `values`, so domain code and policies may use it.
"""

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import reduce
from hashlib import sha1
from typing import Any, Generic, TypeVar

from chassis.values import fleeting

C = TypeVar("C")
S = TypeVar("S")
E = TypeVar("E")

_MOST_DOUBLINGS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The expected no: a value, never an exception. `reason` is kebab-case and stable; `detail` is for people."""

    reason: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """Something a state promises to decide at a business time; `name` is unique within the aggregate."""

    name: str
    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The latest value others may follow; record None is a tombstone.

    A key with a slash is the full one (`<tenant>/<id>`); without, it is a suffix of the aggregate's own: "" or "@2".
    """

    topic: str
    key: str
    record: Any


class Folded(list[E], Generic[E, S]):
    """The events that decide tells, with the state as they leave it: decide has folded them by evolve already."""

    def __init__(self, state: S) -> None:
        """No events yet, and the state that decide was given."""
        super().__init__()
        self.state = state


def pause_before(attempt: int, *, first: timedelta, longest: timedelta) -> timedelta:
    """How long to wait before another try, after so many: twice as long each time, and never longer than `longest`."""
    return min(first * (1 << min(attempt, _MOST_DOUBLINGS)), longest)


def no_deadlines(_state: object) -> Sequence[Deadline]:
    """Nothing is promised."""
    return ()


def no_snapshots(_before: object, _after: object) -> Sequence[Snapshot]:
    """Nobody follows."""
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Decider(Generic[C, S, E]):
    """One kind of aggregate. All functions are pure: time, ids and chance arrive in the command.

    A decide that must know the state after its events to tell the next returns them `Folded`.
    `snapshots(before, after)` names what to publish in the same transaction as the events. `state_type` is needed
    only where evolve is not annotated with the union of the states.
    """

    initial: S
    decide: Callable[[C, S], Sequence[E] | Refused]
    evolve: Callable[[S, E], S]
    deadlines: Callable[[S], Sequence[Deadline]] = no_deadlines
    snapshots: Callable[[S, S], Sequence[Snapshot]] = no_snapshots
    state_type: Any = None


def state_after(decider: Decider[C, S, E], decided: Sequence[E], state: S) -> S:
    """The state after what was decided in this state; folded anew only where decide has not done so."""
    return decided.state if isinstance(decided, Folded) else fold(decider, decided, state)


def fold(decider: Decider[C, S, E], events: Iterable[E], state: S | None = None) -> S:
    """The state after the events, from the initial one unless another is given."""
    return reduce(decider.evolve, events, decider.initial if state is None else state)


@dataclass(frozen=True, slots=True, kw_only=True)
class To:
    """A command a policy sends to an aggregate of its own service (or a record a transform writes) under a full key."""

    key: str
    command: Any


@fleeting
class EventContext:
    """What the log says of an event besides its facts. `stream_version` is the offset where no decider wrote it."""

    topic: str
    key: str
    tenant: str
    event_id: str
    stream_version: int
    time: datetime
    partition: int = 0
    offset: int = 0
    correlation_id: str = ""
    causation_id: str = ""
    log_time_ms: int = 0
    headers: Mapping[str, bytes] = field(default_factory=dict)


_DERIVED = sha1(uuid.UUID("5b1e2f0a-6f0c-5d57-9b3e-2d9c1a7e4f10").bytes, usedforsecurity=False)
_VARIANT = {f"{digit:x}": f"{digit & 0b0011 | 0b1000:x}" for digit in range(16)}
"""RFC 9562: the variant's two bits, whatever stood there."""


def derived_id(*parts: str) -> str:
    """The same id for the same parts, on every machine and at every replay: a uuid5, made without its class."""
    hashed = _DERIVED.copy()
    hashed.update("/".join(parts).encode())
    name = hashed.hexdigest()
    return f"{name[:8]}-{name[8:12]}-5{name[13:16]}-{_VARIANT[name[16]]}{name[17:20]}-{name[20:32]}"
