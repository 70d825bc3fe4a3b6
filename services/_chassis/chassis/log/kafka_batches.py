"""Appends of many callers as one batch a partition: one hand-over and one answer for all of them.

The client's own path of one record costs several times the record's encoding: a metadata look-up, two futures and a
callback each. Here a record waits in its partition's line until the batch before it is acknowledged.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from aiokafka.errors import KafkaError

from chassis.log.port import Appended, Entry, LogError

MOST_IN_LINE = 5_000
"""Beyond it, whoever wants to append waits: a log that stands still must not fill the memory."""


class PartitionLine:
    """What waits for one partition, and the task that hands it over."""

    def __init__(
        self,
        topic: str,
        partition: int,
        *,
        name: str,
        client: Callable[[], Awaitable[Any]],
        gave_up: Callable[[Any], None],
        spawn: Callable[[Coroutine[None, None, None]], None],
    ) -> None:
        self._topic = topic
        self._partition = partition
        self._name = name
        self._client = client
        self._gave_up = gave_up
        self._spawn = spawn
        self._waiting: deque[tuple[Entry, asyncio.Future[Appended]]] = deque()
        self._loop = asyncio.get_running_loop()
        self._room = asyncio.Event()
        self._at_work = False

    def add(self, entry: Entry) -> "asyncio.Future[Appended]":
        """The future is answered when the batch is, or raises LogError."""
        outcome: asyncio.Future[Appended] = self._loop.create_future()
        self._waiting.append((entry, outcome))
        if not self._at_work:
            self._at_work = True
            self._spawn(self._work())
        return outcome

    @property
    def is_full(self) -> bool:
        """Whether to wait for room."""
        return len(self._waiting) >= MOST_IN_LINE

    async def room(self) -> None:
        """Return once the line is short enough."""
        while self.is_full:
            self._room.clear()
            await self._room.wait()

    async def _work(self) -> None:
        try:
            while self._waiting:
                await self._hand_over()
        finally:
            self._at_work = False
            self._fail([outcome for _, outcome in self._waiting], "the producer was stopped")
            self._waiting.clear()
            self._room.set()

    async def _hand_over(self) -> None:
        client, taken = None, self._waiting
        under_way: list[asyncio.Future[Appended]] = []
        try:
            client = await self._client()
            batch = client.create_batch()
            while taken:
                entry, outcome = taken[0]
                headers = list(entry.headers)
                if batch.append(key=entry.key, value=entry.value, timestamp=None, headers=headers) is None:
                    break
                taken.popleft()
                under_way.append(outcome)
            if not under_way:
                entry, outcome = taken.popleft()
                self._fail([outcome], f"a record of {len(entry.value or b'')} bytes does not fit into a batch")
                return
            self._room.set()
            sent = await client.send_batch(batch, self._name, partition=self._partition)
            self._answer(under_way, (await sent).offset)
        except (KafkaError, TimeoutError, ConnectionError, LogError) as error:
            if client is None:
                under_way = [outcome for _, outcome in self._waiting]
                self._waiting.clear()
            else:
                self._gave_up(client)
            self._fail(under_way, f"{type(error).__name__}: {error}")
        finally:
            # Cancelled in the middle: whether it stands on the log, nobody knows.
            if under_way and not under_way[-1].done():
                self._fail(under_way, "the producer was stopped")

    def _answer(self, under_way: "list[asyncio.Future[Appended]]", first: int) -> None:
        if first < 0:
            self._fail(under_way, "it stands there, but nobody knows where")
            return
        for offset, outcome in enumerate(under_way, start=first):
            if not outcome.done():
                outcome.set_result(Appended(self._topic, self._partition, offset))

    def _fail(self, outcomes: "list[asyncio.Future[Appended]]", why: str) -> None:
        for outcome in outcomes:
            if not outcome.done():
                outcome.set_exception(LogError(f"append to {self._topic}: {why}"))
                outcome.exception()  # whoever noted it without waiting is not to be told by the loop
