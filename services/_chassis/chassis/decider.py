"""A decider: the pure pair of decide and evolve that says when something becomes true, and the fold of its events."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from typing import Any, Generic, TypeVar

C = TypeVar("C")
S = TypeVar("S")
E = TypeVar("E")


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
    """The latest value others may follow: full key (`<tenant>/<id>` or `_/<id>`); record None is a tombstone."""

    topic: str
    key: str
    record: Any


def never(_state: object) -> bool:
    """No state is the last."""
    return False


def no_deadlines(_state: object) -> Sequence[Deadline]:
    """Nothing is promised."""
    return ()


def no_snapshots(_before: object, _after: object) -> Sequence[Snapshot]:
    """Nobody follows."""
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Decider(Generic[C, S, E]):
    """One kind of aggregate. All functions are pure: time, ids and chance arrive in the command.

    `snapshots(before, after)` names what to publish in the same transaction as the events. `state_type` is needed
    only where evolve is not annotated with the union of the states.
    """

    initial: S
    decide: Callable[[C, S], Sequence[E] | Refused]
    evolve: Callable[[S, E], S]
    is_terminal: Callable[[S], bool] = never
    deadlines: Callable[[S], Sequence[Deadline]] = no_deadlines
    snapshots: Callable[[S, S], Sequence[Snapshot]] = no_snapshots
    state_type: Any = None


def fold(decider: Decider[C, S, E], events: Iterable[E], state: S | None = None) -> S:
    """The state after the events, from the initial one unless another is given."""
    return reduce(decider.evolve, events, decider.initial if state is None else state)
