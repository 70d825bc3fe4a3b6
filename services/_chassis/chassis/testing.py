"""How tests speak to the chassis: scenarios for deciders, a clock that stands still, services run in memory."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

from chassis.auth import Principal
from chassis.clock import FixedClock
from chassis.codec import Codec
from chassis.decider import Decider, EventContext, Refused, fold
from chassis.http.problems import Problem
from chassis.log.envelope import context_of
from chassis.log.port import Log, TopicPartition
from chassis.log.reading import read_to_end
from chassis.runner.service import Service

__all__ = ["FixedClock", "KnownCallers", "Scenario", "Seen", "eventually", "read_topic", "running"]

_POLL_S = 0.02

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


@contextlib.asynccontextmanager
async def running(service: Service, *, deadline_s: float = 30.0) -> AsyncIterator[Service]:
    """The service, ready; at the end stopped, and what it raised is raised here."""
    task = asyncio.create_task(service.run())
    try:
        await _until_ready(service, task, deadline_s)
        yield service
    finally:
        service.stop()
        await asyncio.wait([task], timeout=deadline_s)
        if not task.done():
            task.cancel()
        await task


async def _until_ready(service: Service, task: "asyncio.Task[None]", deadline_s: float) -> None:
    async with asyncio.timeout(deadline_s):
        while not task.done() and (not service.started or service.health.reasons()):  # noqa: ASYNC110 - a test waits
            await asyncio.sleep(_POLL_S)
    if task.done():
        await task


async def eventually(
    check: Callable[[], Awaitable[Any]] | Callable[[], Any], *, deadline_s: float = 10.0, what: str = ""
) -> Any:
    """The first true answer of `check`; after the deadline an AssertionError that says what was last answered."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + deadline_s
    while True:
        answer = check()
        if isinstance(answer, Awaitable):
            answer = await answer
        if answer:
            return answer
        assert loop.time() < deadline, f"not within {deadline_s} s: {what or check} (last: {answer!r})"
        await asyncio.sleep(_POLL_S)


class Seen(NamedTuple):
    """A record of a topic as a test reads it."""

    context: EventContext
    record: Any


async def read_topic(log: Log, codec: Codec, topic: str) -> list[Seen]:
    """Everything committed on a topic, partition by partition, tombstones left out."""
    seen = []
    for partition in range(await log.partitions(topic)):
        async for records in read_to_end(log, TopicPartition(topic, partition)):
            for record in records:
                if record.value is not None:
                    headers = dict(record.headers)
                    context = context_of(topic, partition, record, headers)
                    seen.append(Seen(context, codec.decode(topic, record.value, headers)))
    return seen


class KnownCallers:
    """An authenticator of tests: the token is the caller's name."""

    def __init__(self, callers: Mapping[str, Principal]) -> None:
        self._callers = callers

    async def principal(self, token: str) -> Principal:
        """Raises Problem 401 for a stranger."""
        if token not in self._callers:
            raise Problem(401, "unauthenticated")
        return self._callers[token]
