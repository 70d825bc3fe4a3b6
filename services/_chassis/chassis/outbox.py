"""Outboxes: the only workers that act outside; an outcome stays pending until it is known, whatever dies meanwhile."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

import orjson

from chassis.clock import behind_s, within
from chassis.dead_letters import Parked
from chassis.decider import EventContext, To, derived_id
from chassis.log.envelope import Stamp, entry_of
from chassis.log.port import Appended, Entry, Fetched, LogError, TopicPartition
from chassis.log.reading import read_to_end
from chassis.runner.parking import Acks, Looked, Parking
from chassis.runner.parts import Env, Outbox, Read
from chassis.runner.positions import PARKED_KEY, POSITION_KEY, resume_at

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
    looked: Looked

    @property
    def timestamp(self) -> int:
        return self.looked.record.timestamp


class _Letter(NamedTuple):
    """A parked event that can be read now, and what of its key waits once it is done."""

    read: Read
    rest: Parked | None

    @property
    def timestamp(self) -> int:
        return self.read[1].log_time_ms


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
        self._source = TopicPartition(part.source, partition)
        self._parking = Parking(part, self._source, env)
        self._storing = asyncio.Lock()
        self._queues: dict[str, deque[_Pending | _Letter]] = {}
        self._slots = asyncio.Semaphore(part.concurrency)
        self._tasks: set[asyncio.Task[None]] = set()
        self._failed: BaseException | None = None

    async def restore(self) -> Sequence[int]:
        """Resume at the lowest offset whose outcome is not known, and begin with what is parked and can be read now."""
        stored = None
        async for records in read_to_end(self._env.log, TopicPartition(self._state_topic, self._partition)):
            for record in records:
                if record.key == POSITION_KEY and record.value is not None:
                    stored = orjson.loads(record.value)
                elif record.key == PARKED_KEY:
                    self._parking.load(record.value)
        low = await resume_at(self._env.log, self._source, stored and stored["next"])
        self._next = low
        self._done = set(stored["done"]) if stored else set()
        found = {key: await self._parking.readable(key) for key in self._parking.keys}
        for key, (reads, rest) in found.items():
            self._repair(key, reads, rest)
        self._parking.tell()
        return (low,)

    def _repair(self, key: str, reads: Sequence[Read], rest: Parked | None) -> None:
        """Each letter that is done moves the key's beginning on, so that none is sent again after a stop."""
        parked, following = self._parking.keys[key], [context.offset for _, context in reads[1:]]
        left = [*(parked._replace(since=offset) for offset in following), rest]
        for read, after in zip(reads, left, strict=False):
            self._done.add(read[1].offset)
            self._queue(key, _Letter(read, after))

    async def handle(self, records: Sequence[Fetched]) -> None:
        """Queue what is not done yet; returns at once unless too much is open."""
        self._check()
        looked = self._parking.look_at(record for record in records if record.offset not in self._done)
        self._next = max(self._next, records[-1].offset + 1)
        if not looked:
            await self._store()
        for each in looked:
            self._open.add(each.record.offset)
            self._queue(each.key, _Pending(each))
        while len(self._open) > _MAX_OPEN and self._failed is None:  # noqa: ASYNC110 - a bound, rarely reached
            await asyncio.sleep(0.1)
        self._check()

    def _queue(self, key: str, each: _Pending | _Letter) -> None:
        queue = self._queues.setdefault(key, deque())
        queue.append(each)
        if len(queue) == 1:
            task = asyncio.create_task(self._drain(key, queue))
            self._tasks.add(task)
            task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self._failed = task.exception()

    def _check(self) -> None:
        if self._failed is not None:
            raise self._failed

    async def _drain(self, key: str, queue: deque[_Pending | _Letter]) -> None:
        while queue:
            match queue[0]:
                case _Pending(looked):
                    await self._finish(looked)
                case _Letter(read, rest):
                    await self._act(*read)
                    self._parking.leave(key, rest, played=1)
                    await self._store_parked()
            queue.popleft()
        self._queues.pop(key, None)

    async def _finish(self, looked: Looked) -> None:
        acks: Acks = []
        read = await self._parking.admit(looked, acks)
        if read is not None:
            await self._act(*read)
        else:
            await self._settled(acks[0], "its letters")
            await self._store_parked()
        self._open.discard(looked.record.offset)
        self._done.add(looked.record.offset)
        await self._store()

    async def _act(self, event: object, context: EventContext) -> None:
        with self._env.tracing.processing(self._part.source, context.headers) as traceparent:
            await self._report(await self._until_known(event, context), context, traceparent)

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

    async def _store_parked(self) -> None:
        async with self._storing:  # an older list must not come to stand behind a newer one
            await self._acked(self._state_topic, self._parking.entry(), self._partition)
        self._parking.tell()

    async def _acked(self, topic: str, entry: Entry, partition: int | None) -> None:
        await self._settled(await self._env.log.producer.send(topic, entry, partition), topic)

    async def _settled(self, ack: "asyncio.Future[Appended]", topic: str) -> None:
        try:
            await within(ack, _ACK_TIMEOUT_S)
        except TimeoutError as error:
            raise LogError(f"{self._part.name}: no acknowledgement from {topic}") from error

    async def tick(self) -> None:
        """Hand on what failed in the background."""
        self._env.metrics.put("outbox_pending", len(self._open), f"{self._part.name}/{self._partition}")
        self._env.metrics.put("lag_seconds", self._oldest_s(), f"{self._part.name}/{self._partition}")
        self._check()

    def _oldest_s(self) -> float:
        first = min((queue[0].timestamp for queue in self._queues.values() if queue), default=None)
        return 0.0 if first is None else behind_s(first)

    async def close(self) -> None:
        """Calls under way are cut; their outcome is asked again by the next owner."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        for task in tasks:
            with contextlib.suppress(asyncio.CancelledError, LogError):
                await task
