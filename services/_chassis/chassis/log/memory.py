"""The log's twin in memory: the same rules (commit markers take offsets, ids fence, groups rebalance), no broker."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from chassis.clock import wall_now, within
from chassis.log.keys import partition_of
from chassis.log.port import (
    Appended,
    Consumer,
    Entry,
    Fenced,
    Fetched,
    Headers,
    LogError,
    OnPartitions,
    PositionLost,
    Producer,
    TopicPartition,
    Transactional,
)


class _Record(NamedTuple):
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Headers


@dataclass(slots=True)
class _Partition:
    start: int = 0
    records: list[_Record | None] = field(default_factory=list)
    """By offset minus start; None is a commit marker."""

    @property
    def end(self) -> int:
        return self.start + len(self.records)


class _Store:
    def __init__(self, partitions: Mapping[str, int], default: int) -> None:
        self.counts = dict(partitions)
        self.default = default
        self.parts: dict[TopicPartition, _Partition] = {}
        self.epochs: dict[str, int] = {}
        self.offsets: dict[tuple[str, TopicPartition], int] = {}
        self.groups: dict[str, _Group] = {}
        self.changed = asyncio.Event()
        self.writable = True

    def count(self, topic: str) -> int:
        return self.counts.setdefault(topic, self.default)

    def part(self, at: TopicPartition) -> _Partition:
        if at.partition >= self.count(at.topic):
            raise LogError(f"{at.topic} has no partition {at.partition}")
        return self.parts.setdefault(at, _Partition())

    def append(self, at: TopicPartition, entry: Entry | None) -> int:
        if not self.writable:
            raise LogError("the log cannot be written")
        part = self.part(at)
        offset = part.end
        stamp = int(wall_now().timestamp() * 1000)
        record = None if entry is None else _Record(offset, stamp, entry.key, entry.value, tuple(entry.headers))
        part.records.append(record)
        self.changed.set()
        self.changed = asyncio.Event()
        return offset


class _MemoryProducer:
    def __init__(self, store: _Store) -> None:
        self._store = store

    async def send(self, topic: str, entry: Entry, partition: int | None = None) -> "asyncio.Future[Appended]":
        if partition is None:
            return self.send_at_once(topic, entry)
        return self._send(topic, entry, partition)

    def send_at_once(self, topic: str, entry: Entry) -> "asyncio.Future[Appended]":
        return self._send(topic, entry, partition_of(entry.key, self._store.count(topic)))

    def _send(self, topic: str, entry: Entry, partition: int) -> "asyncio.Future[Appended]":
        outcome: asyncio.Future[Appended] = asyncio.get_running_loop().create_future()
        offset = self._store.append(TopicPartition(topic, partition), entry)
        outcome.set_result(Appended(topic, partition, offset))
        return outcome

    async def flush(self) -> None:
        await asyncio.sleep(0)


class _MemoryTransactional:
    def __init__(self, store: _Store, transactional_id: str) -> None:
        self._store = store
        self._id = transactional_id
        self._epoch = 0
        self._pending: list[tuple[TopicPartition, Entry]] = []
        self._offsets: dict[tuple[str, TopicPartition], int] = {}

    async def start(self) -> None:
        self._epoch = self._store.epochs.get(self._id, 0) + 1
        self._store.epochs[self._id] = self._epoch

    def _check(self) -> None:
        if self._store.epochs.get(self._id) != self._epoch:
            raise Fenced(self._id)

    async def begin(self) -> None:
        self._check()
        self._pending.clear()
        self._offsets.clear()

    async def append(self, topic: str, partition: int, entries: Sequence[Entry]) -> None:
        self._check()
        await asyncio.sleep(0)
        self._pending.extend((TopicPartition(topic, partition), entry) for entry in entries)

    async def send_offsets(self, group: str, offsets: Mapping[TopicPartition, int]) -> None:
        self._check()
        self._offsets.update({(group, partition): offset for partition, offset in offsets.items()})

    async def commit(self) -> None:
        await asyncio.sleep(0)
        self._check()
        for partition, entry in self._pending:
            self._store.append(partition, entry)
        for partition in dict.fromkeys(partition for partition, _ in self._pending):
            self._store.append(partition, None)
        self._store.offsets.update(self._offsets)

    async def abort(self) -> None:
        self._check()
        self._pending.clear()

    async def stop(self) -> None:
        self._pending.clear()


class _MemoryConsumer:
    def __init__(self, store: _Store, positions: Mapping[TopicPartition, int], group: "_Group | None" = None) -> None:
        self._store = store
        self.positions: dict[TopicPartition, int] = dict(positions)
        self._group = group

    async def fetch(
        self, *partitions: TopicPartition, timeout_s: float, max_records: int = 500
    ) -> Mapping[TopicPartition, Sequence[Fetched]]:
        deadline = asyncio.get_running_loop().time() + timeout_s
        while True:
            found = {
                at: records for at in partitions or tuple(self.positions) if (records := self._take(at, max_records))
            }
            left = deadline - asyncio.get_running_loop().time()
            if found or left <= 0:
                # A busy reader must let others run, as a network would.
                await asyncio.sleep(0)
                return found
            changed = self._store.changed
            try:
                await within(changed.wait(), left)
            except TimeoutError:
                return {}

    def _take(self, at: TopicPartition, max_records: int) -> list[_Record]:
        position = self.positions.get(at)
        if position is None:
            return []
        part = self._store.part(at)
        if position < part.start or position > part.end:
            raise PositionLost(f"{at.topic}/{at.partition} has no offset {position}")
        chosen = part.records[position - part.start : position - part.start + max_records]
        self.positions[at] = position + len(chosen)
        return [record for record in chosen if record is not None]

    def seek(self, partition: TopicPartition, offset: int) -> None:
        if self._group is not None and partition not in self._group.owned(self):
            raise LogError(f"{partition} is not assigned")
        self.positions[partition] = offset

    async def position(self, partition: TopicPartition) -> int:
        return self.positions[partition]

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        name = self._group.name if self._group else ""
        self._store.offsets.update({(name, partition): offset for partition, offset in offsets.items()})

    async def committed(self, partition: TopicPartition) -> int | None:
        return self._store.offsets.get((self._group.name if self._group else "", partition))

    async def stop(self) -> None:
        if self._group is not None:
            await self._group.leave(self)


@dataclass(slots=True)
class _Member:
    consumer: _MemoryConsumer
    topics: tuple[str, ...]
    on_assigned: OnPartitions
    on_revoked: OnPartitions
    owned: tuple[TopicPartition, ...] = ()


class _Group:
    def __init__(self, name: str, store: _Store) -> None:
        self.name = name
        self._store = store
        self._members: list[_Member] = []
        self._moving = asyncio.Lock()

    def owned(self, consumer: _MemoryConsumer) -> tuple[TopicPartition, ...]:
        return next((member.owned for member in self._members if member.consumer is consumer), ())

    async def join(self, member: _Member) -> None:
        async with self._moving:
            await self._revoke()
            self._members.append(member)
            await self._assign()

    async def leave(self, consumer: _MemoryConsumer) -> None:
        async with self._moving:
            await self._revoke()
            self._members = [member for member in self._members if member.consumer is not consumer]
            await self._assign()

    async def _revoke(self) -> None:
        for member in self._members:
            await member.on_revoked(member.owned)
            member.owned = ()
            member.consumer.positions.clear()

    async def _assign(self) -> None:
        shares: dict[int, list[TopicPartition]] = {id(member): [] for member in self._members}
        for topic in dict.fromkeys(topic for member in self._members for topic in member.topics):
            takers = [member for member in self._members if topic in member.topics]
            for partition in range(self._store.count(topic)):
                shares[id(takers[partition % len(takers)])].append(TopicPartition(topic, partition))
        for member in self._members:
            member.owned = tuple(shares[id(member)])
            await member.on_assigned(member.owned)


class MemoryLog:
    """Topics appear when first named, with `default` partitions unless `partitions` says otherwise."""

    def __init__(self, partitions: Mapping[str, int] | None = None, *, default: int = 4) -> None:
        self._store = _Store(partitions or {}, default)
        self._producer = _MemoryProducer(self._store)

    async def start(self) -> None:
        """Nothing to open."""

    async def stop(self) -> None:
        """Nothing to close: what was appended stays for the next start."""

    @property
    def producer(self) -> Producer:
        return self._producer

    async def partitions(self, topic: str) -> int:
        return self._store.count(topic)

    async def starts(self, partitions: Iterable[TopicPartition]) -> Mapping[TopicPartition, int]:
        return {partition: self._store.part(partition).start for partition in partitions}

    async def ends(self, partitions: Iterable[TopicPartition]) -> Mapping[TopicPartition, int]:
        return {partition: self._store.part(partition).end for partition in partitions}

    def transactional(self, transactional_id: str) -> Transactional:
        return _MemoryTransactional(self._store, transactional_id)

    async def group(
        self,
        group: str,
        topics: Iterable[str],
        *,
        on_assigned: OnPartitions,
        on_revoked: OnPartitions,
        gather_s: float = 0.0,  # noqa: ARG002 - nothing is saved by waiting
    ) -> Consumer:
        members = self._store.groups.setdefault(group, _Group(group, self._store))
        consumer = _MemoryConsumer(self._store, {}, members)
        await members.join(_Member(consumer, tuple(topics), on_assigned, on_revoked))
        return consumer

    async def assigned(self, positions: Mapping[TopicPartition, int]) -> Consumer:
        return _MemoryConsumer(self._store, positions)

    def set_writable(self, writable: bool) -> None:  # noqa: FBT001 - a switch of tests
        """False: every append fails, as with a broker that is down."""
        self._store.writable = writable

    def drop_before(self, partition: TopicPartition, offset: int) -> None:
        """Retention: records below the offset are gone."""
        part = self._store.part(partition)
        part.records = part.records[offset - part.start :]
        part.start = offset
