"""Outboxes: the only workers that act outside; an outcome stays pending until it is known, whatever dies meanwhile."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

import orjson

from chassis.clock import behind_s, within
from chassis.codec import Poison
from chassis.dead_letters import dead_letter_topic
from chassis.decider import EventContext, To, derived_id
from chassis.log.envelope import Stamp, context_of, entry_of
from chassis.log.port import Entry, Fetched, LogError, TopicPartition
from chassis.log.reading import read_to_end
from chassis.runner.parts import Env, Outbox
from chassis.runner.positions import POSITION_KEY, resume_at

_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 300.0
_MAX_OPEN = 1_000
_ACK_TIMEOUT_S = 15.0


class Retry(Exception):
    """The outcome is not known, or the other side asks to come again: try once more later, with the same event id."""

    def __init__(self, reason: str, *, after_s: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.after_s = after_s


class _Pending(NamedTuple):
    offset: int
    record: Fetched


class OutboxWorker:
    """One source partition: keys in parallel, each key's events one after the other, at least once each."""

    def __init__(self, part: Outbox, partition: int, env: Env) -> None:
        self._part = part
        self._partition = partition
        self._env = env
        self._state_topic = f"{part.name}.state.v1"
        self._target = f"{part.target}.command.v1"
        self._next = 0
        self._done: set[int] = set()
        self._open: set[int] = set()
        self._queues: dict[bytes, deque[_Pending]] = {}
        self._slots = asyncio.Semaphore(part.concurrency)
        self._tasks: set[asyncio.Task[None]] = set()
        self._failed: BaseException | None = None

    async def restore(self) -> int:
        """Resume at the lowest offset whose outcome is not known."""
        stored = None
        async for records in read_to_end(self._env.log, TopicPartition(self._state_topic, self._partition)):
            for record in records:
                if record.key == POSITION_KEY and record.value is not None:
                    stored = orjson.loads(record.value)
        source = TopicPartition(self._part.source, self._partition)
        low = await resume_at(self._env.log, source, stored and stored["next"])
        self._next = low
        self._done = set(stored["done"]) if stored else set()
        return low

    async def handle(self, records: Sequence[Fetched]) -> None:
        """Queue what is not done yet; returns at once unless too much is open."""
        self._check()
        for record in records:
            self._next = max(self._next, record.offset + 1)
            if record.offset in self._done:
                continue
            self._open.add(record.offset)
            key = record.key or b""
            queue = self._queues.setdefault(key, deque())
            queue.append(_Pending(record.offset, record))
            if len(queue) == 1:
                task = asyncio.create_task(self._drain(key, queue))
                self._tasks.add(task)
                task.add_done_callback(self._ended)
        while len(self._open) > _MAX_OPEN and self._failed is None:  # noqa: ASYNC110 - a bound, rarely reached
            await asyncio.sleep(0.1)
        self._check()

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self._failed = task.exception()

    def _check(self) -> None:
        if self._failed is not None:
            raise self._failed

    async def _drain(self, key: bytes, queue: deque[_Pending]) -> None:
        while queue:
            await self._finish(queue[0])
            queue.popleft()
        self._queues.pop(key, None)

    async def _finish(self, pending: _Pending) -> None:
        headers = dict(pending.record.headers)
        try:
            context = context_of(self._part.source, self._partition, pending.record, headers)
            event = self._env.codec.decode(self._part.source, pending.record.value, headers)
        except Poison as poison:
            self._env.metrics.add("dead_letters", 1, poison.reason)
            letter = self._env.letterbox.letter(self._part.source, self._partition, pending.record, poison)
            await self._acked(dead_letter_topic(self._part.name), letter, None)
        else:
            with self._env.tracing.processing(self._part.source, headers) as traceparent:
                await self._report(await self._until_known(event, context), context, traceparent)
        self._open.discard(pending.offset)
        self._done.add(pending.offset)
        await self._store()

    async def _until_known(self, event: object, context: EventContext) -> Sequence[To]:
        pause = _FIRST_PAUSE_S
        while True:
            try:
                async with self._slots:
                    return await self._part.act(event, context)
            except Retry as retry:
                wait = retry.after_s if retry.after_s is not None else pause
                self._env.lines.warning(
                    "outbox.retried", part=self._part.name, event_id=context.event_id, reason=retry.reason
                )
            await asyncio.sleep(wait)
            pause = min(2 * pause, _LONGEST_PAUSE_S)

    async def _report(self, outcome: Sequence[To], context: EventContext, traceparent: bytes) -> None:
        for index, to in enumerate(outcome):
            stamp = Stamp(
                record_id=derived_id(context.event_id, self._part.name, str(index)),
                source=self._env.source,
                time=self._env.clock.now(),
                key=to.key,
                correlation_id=context.correlation_id,
                causation_id=context.event_id,
                extra=(("traceparent", traceparent),) if traceparent else (),
            )
            encoded = self._env.codec.encode(self._target, to.command)
            await self._acked(self._target, entry_of(encoded, stamp), None)

    async def _store(self) -> None:
        low = min(self._open, default=self._next)
        self._done = {offset for offset in self._done if offset >= low}
        value = orjson.dumps({"next": low, "done": sorted(self._done)})
        await self._acked(self._state_topic, Entry(POSITION_KEY, value), self._partition)

    async def _acked(self, topic: str, entry: Entry, partition: int | None) -> None:
        try:
            await within(await self._env.log.producer.send(topic, entry, partition), _ACK_TIMEOUT_S)
        except TimeoutError as error:
            raise LogError(f"{self._part.name}: no acknowledgement from {topic}") from error

    async def tick(self) -> None:
        """Hand on what failed in the background."""
        self._env.metrics.put("outbox_pending", len(self._open), f"{self._part.name}/{self._partition}")
        self._env.metrics.put("lag_seconds", self._oldest_s(), f"{self._part.name}/{self._partition}")
        self._check()

    def _oldest_s(self) -> float:
        first = min((queue[0].record.timestamp for queue in self._queues.values() if queue), default=None)
        return 0.0 if first is None else behind_s(first)

    async def close(self) -> None:
        """Calls under way are cut; their outcome is asked again by the next owner."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        for task in tasks:
            with contextlib.suppress(asyncio.CancelledError, LogError):
                await task
