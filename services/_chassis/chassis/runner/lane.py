"""One consumer group and the workers of the partitions it was given: rules 1 to 4 of the write path."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Protocol

from chassis.clock import lasting
from chassis.codec import UnknownShape
from chassis.log.port import Consumer, Fetched, Log, LogError, PositionLost, TopicPartition
from chassis.telemetry import Log as Lines
from chassis.telemetry import Metrics

_FETCH_S = 0.25
_MAX_RECORDS = 500
_FIRST_PAUSE_S = 0.2
_LONGEST_PAUSE_S = 5.0


class Worker(Protocol):
    """What a partition's records are given to."""

    async def restore(self) -> Sequence[int]:
        """Get ready and say where to resume, an offset an input. Raises PositionLost, LogError."""
        ...

    @property
    def handle(self) -> Callable[..., Awaitable[None]]:
        """Take what was read of each input: a sequence of records for each, in their order."""
        ...

    async def tick(self) -> None:
        """Called between batches, a few times a second."""
        ...

    async def close(self) -> None: ...


class _Slot:
    def __init__(self, worker: Worker, inputs: Sequence[TopicPartition]) -> None:
        self.worker = worker
        self.inputs = tuple(inputs)
        self.lock = asyncio.Lock()
        self.task: asyncio.Task[None] | None = None
        self.ready = False
        self.lost = ""
        self.positions: dict[TopicPartition, int] = {}


class Lane:
    """Runs until cancelled; raises what a worker raises, LogError excepted: then the partition begins anew.

    `beside` names, of a topic's worker, the second topic whose partition of the same number it reads too: keyed and
    partitioned alike, and assigned together, for all members of a group ask for the same topics.
    """

    def __init__(
        self,
        *,
        group: str,
        makers: Mapping[str, Callable[[int], Worker]],
        log: Log,
        lines: Lines,
        metrics: Metrics,
        learn: Callable[[UnknownShape], Awaitable[None]],
        beside: Mapping[str, str] | None = None,
        gather_s: float = 0.0,
    ) -> None:
        self.group = group
        self._beside = beside or {}
        self._gather_s = gather_s
        self._makers = makers
        self._log = log
        self._lines = lines.bind(group=group)
        self._metrics = metrics
        self._learn = learn
        self._slots: dict[TopicPartition, _Slot] = {}
        self._consumer: asyncio.Future[Consumer] | None = None
        self._tasks: asyncio.TaskGroup | None = None
        self._assigned = False

    async def run(self) -> None:
        """Join the group and serve."""
        self._consumer = asyncio.get_running_loop().create_future()
        consumer: Consumer | None = None
        try:
            async with asyncio.TaskGroup() as self._tasks:
                consumer = await self._log.group(
                    self.group,
                    [*self._makers, *self._beside.values()],
                    on_assigned=self._on_assigned,
                    on_revoked=self._on_revoked,
                    gather_s=self._gather_s,
                )
                self._consumer.set_result(consumer)
                await asyncio.Event().wait()
        finally:
            self._tasks = None
            slots, self._slots = list(self._slots.values()), {}
            for slot in slots:
                await slot.worker.close()
            if consumer is not None:
                await consumer.stop()

    async def consumer(self) -> Consumer:
        """The group's consumer, once it is there."""
        if self._consumer is None:
            raise LogError("the lane does not run")
        return await self._consumer

    def not_ready(self) -> Sequence[str]:
        """Partitions of ours that do not work, each with why; empty is ready."""
        if not self._assigned:
            return [f"{self.group}: no partitions yet"]
        return [
            f"{at.topic}/{at.partition}: {slot.lost or 'restoring'}"
            for at, slot in self._slots.items()
            if not slot.ready
        ]

    async def measure(self) -> None:
        """How many records each partition of ours is behind. Raises LogError."""
        ready = [slot for slot in self._slots.values() if slot.ready]
        positions = {at: position for slot in ready for at, position in slot.positions.items()}
        for at, end in (await self._log.ends(positions)).items() if positions else ():
            self._metrics.put("lag_records", max(0, end - positions[at]), f"{self.group}/{at.topic}/{at.partition}")

    async def _on_assigned(self, partitions: Iterable[TopicPartition]) -> None:
        if self._tasks is None:
            return
        for at in partitions:
            if at.topic not in self._makers:
                continue  # read by the worker of the topic that it stands beside
            second = self._beside.get(at.topic)
            inputs = [at] if second is None else [at, TopicPartition(second, at.partition)]
            slot = self._slots[at] = _Slot(self._makers[at.topic](at.partition), inputs)
            name = f"{self.group} at {at.topic}/{at.partition}"
            slot.task = self._tasks.create_task(lasting(name, partial(self._serve, at, slot)))
        self._assigned = True

    async def _on_revoked(self, partitions: Iterable[TopicPartition]) -> None:
        for at in partitions:
            slot = self._slots.pop(at, None)
            if slot is None:
                continue
            # Rule 3: a batch in flight ends first (its time-outs bound the wait).
            async with slot.lock:
                if slot.task is not None:
                    slot.task.cancel()
            if slot.task is not None:
                with contextlib.suppress(asyncio.CancelledError):
                    await slot.task
            await slot.worker.close()
            self._lines.info("partition.revoked", topic=at.topic, partition=at.partition)

    async def _serve(self, at: TopicPartition, slot: _Slot) -> None:
        assert self._consumer is not None
        consumer = await self._consumer
        pause = _FIRST_PAUSE_S
        while self._slots.get(at) is slot:
            try:
                await self._ready(consumer, at, slot)
                pause = _FIRST_PAUSE_S
                await self._work(consumer, at, slot)
            except PositionLost as error:
                await self._stop_lost(at, slot, error)
                return
            except LogError as error:
                # Rule 4: forget everything about the partition and begin again from the log.
                slot.ready = False
                self._metrics.add("restarts", 1, at.topic)
                self._lines.warning("partition.restarted", topic=at.topic, partition=at.partition, error=str(error))
                await slot.worker.close()
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE_S)
                slot.worker = self._makers[at.topic](at.partition)

    async def _ready(self, consumer: Consumer, at: TopicPartition, slot: _Slot) -> None:
        positions: Sequence[int] = ()
        while not positions:
            try:
                positions = await slot.worker.restore()
            except UnknownShape as shape:
                await slot.worker.close()
                await self._learn(shape)
                slot.worker = self._makers[at.topic](at.partition)
        for each, position in zip(slot.inputs, positions, strict=True):
            consumer.seek(each, position)
            slot.positions[each] = position
        slot.ready = True
        self._lines.info("partition.ready", topic=at.topic, partition=at.partition, position=positions[0])

    async def _work(self, consumer: Consumer, at: TopicPartition, slot: _Slot) -> None:
        while self._slots.get(at) is slot:
            found = await consumer.fetch(*slot.inputs, timeout_s=_FETCH_S, max_records=_MAX_RECORDS)
            records = [found.get(each, ()) for each in slot.inputs]
            if any(records):
                async with slot.lock:
                    # Rule 2: only while the worker that was ready before the fetch still owns the partition.
                    if self._slots.get(at) is not slot:
                        return
                    await self._handle(slot, records)
                    slot.positions |= {each: read[-1].offset + 1 for each, read in found.items() if read}
            else:
                # Past commit markers too, so that a reader at the end has no lag.
                for each in slot.inputs:
                    slot.positions[each] = await consumer.position(each)
            await slot.worker.tick()

    async def _handle(self, slot: _Slot, records: Sequence[Sequence[Fetched]]) -> None:
        while True:
            try:
                await slot.worker.handle(*records)
            except UnknownShape as shape:
                await self._learn(shape)
            else:
                return

    async def _stop_lost(self, at: TopicPartition, slot: _Slot, error: PositionLost) -> None:
        slot.ready = False
        slot.lost = f"position lost: {error}"
        self._lines.error("position.lost", topic=at.topic, partition=at.partition, error=str(error))
        await slot.worker.close()
