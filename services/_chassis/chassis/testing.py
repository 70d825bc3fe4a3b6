"""How tests speak to the chassis: scenarios for deciders, a clock that stands still, services run in memory."""

from collections.abc import Sequence
from typing import Any, Generic, TypeVar

from chassis.clock import FixedClock
from chassis.decider import Decider, Refused, fold

__all__ = ["FixedClock", "Scenario"]

C = TypeVar("C")
S = TypeVar("S")
E = TypeVar("E")


class Scenario(Generic[C, S, E]):
    """`Scenario(decider).given(*events).when(command).then(*events)`; whole equality, nothing partial."""

    def __init__(self, decider: Decider[C, S, E], history: tuple[E, ...] = (), outcome: Any = None) -> None:
        self._decider = decider
        self._history = history
        self._outcome: Sequence[E] | Refused | None = outcome

    def given(self, *events: E) -> "Scenario[C, S, E]":
        """What happened before."""
        return Scenario(self._decider, (*self._history, *events))

    def when(self, command: C) -> "Scenario[C, S, E]":
        """What is asked now."""
        return Scenario(self._decider, self._history, self._decider.decide(command, self.state))

    def then(self, *events: E) -> "Scenario[C, S, E]":
        """Exactly these events; the result is the scenario after them, for a further `when`."""
        assert not isinstance(self._outcome, Refused), f"refused: {self._outcome}"
        assert self._outcome is not None, "then needs a when"
        assert list(self._outcome) == list(events), f"\nexpected {list(events)}\n     got {list(self._outcome)}"
        return Scenario(self._decider, (*self._history, *events))

    def then_nothing(self) -> "Scenario[C, S, E]":
        """It is already so: no event."""
        return self.then()

    def then_refused(self, reason: str) -> None:
        """The answer is no, for this reason."""
        assert isinstance(self._outcome, Refused), f"not refused: {self._outcome}"
        assert self._outcome.reason == reason, f"refused for {self._outcome.reason}, not {reason}"

    @property
    def state(self) -> S:
        """The fold of the history."""
        return fold(self._decider, self._history)
