"""Tables: the latest value of each key of a snapshot topic, in memory, read to the end before anybody relies on it."""

import asyncio
import contextlib
from collections.abc import Callable, Collection, Hashable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, Generic, TypeVar

from chassis.clock import wall_now, within
from chassis.codec import Codec, Poison, UnknownShape
from chassis.dead_letters import Unreadable
from chassis.log.port import Fetched, Log, LogError, TopicPartition
from chassis.telemetry import Log as Lines
from chassis.telemetry import Tracing

T = TypeVar("T")

_FETCH_S = 0.25
_BATCH = 2_000
_PAUSE_S = 0.5
_MEASURE_EVERY = timedelta(seconds=1)


class Table(Generic[T]):
    """Follows one snapshot topic. A subclass keeps its own index by overriding `on_change`."""

    def __init__(self, topic: str) -> None:
        self.topic = topic
        self._values: dict[str, T] = {}
        self.positions: dict[int, int] = {}
        self.ends: dict[int, int] = {}
        self.caught_up_at = wall_now()
        self._moved = asyncio.Event()
        self.follower: Follower | None = None

    def get(self, key: str) -> T | None:
        """The value under a full key (`<tenant>/<id>` or `_/<id>`)."""
        return self._values.get(key)

    def items(self) -> Iterator[tuple[str, T]]:
        """All keys with their values, in no order that means anything."""
        return iter(self._values.items())

    def __len__(self) -> int:
        return len(self._values)

    def on_change(self, key: str, old: T | None, new: T | None) -> None:
        """Called after each change; None is absence."""

    def put(self, key: str, value: T | None) -> None:
        """Set or, with None, remove: for the follower, and for tests that need a filled table."""
        old = self._values.get(key)
        if value is None:
            self._values.pop(key, None)
        else:
            self._values[key] = value
        self.on_change(key, old, value)

    @property
    def lag_records(self) -> int:
        """Records behind the end as last seen."""
        return sum(max(0, end - self.positions.get(partition, 0)) for partition, end in self.ends.items())

    @property
    def staleness_s(self) -> float:
        """Seconds since this table last stood at its end."""
        return (wall_now() - self.caught_up_at).total_seconds()

    async def awaited(self, key: str, holds: Callable[[T], bool], *, timeout_s: float) -> T | None:
        """The value as soon as it is there and holds; None when that does not come in time."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while (value := self.get(key)) is None or not holds(value):
                    await self._moved.wait()
                return value
        return None

    async def reached(self, ends: Mapping[int, int]) -> None:
        """Wait until the table holds everything before these offsets."""
        while any(self.positions.get(partition, 0) < end for partition, end in ends.items()):
            moved = self._moved
            await moved.wait()

    async def refreshed(self, timeout_s: float = 2.0) -> None:
        """Wait until the table holds what the log holds now: read your own writes. Raises TimeoutError."""
        if self.follower is not None:
            await within(self.follower.refresh(self), timeout_s)

    def advance(self, partition: int, position: int) -> None:
        """For the follower: everything before `position` is in."""
        self.positions[partition] = position
        self._moved.set()
        self._moved = asyncio.Event()


class KeyedTable(Table[T]):
    """A table with a second key, which no two records have at once."""

    def __init__(self, topic: str, second: Callable[[str, T], str]) -> None:
        super().__init__(topic)
        self._second = second
        self._keys: dict[str, str] = {}

    def on_change(self, key: str, old: T | None, new: T | None) -> None:
        """Keep the second keys."""
        if old is not None and self._keys.get(before := self._second(key, old)) == key:
            del self._keys[before]
        if new is not None:
            self._keys[self._second(key, new)] = key

    def key_of(self, second: str) -> str | None:
        """The full key."""
        return self._keys.get(second)

    def find(self, second: str) -> T | None:
        """The value."""
        return self._values.get(self._keys.get(second, ""))


class GroupedTable(Table[T]):
    """A table whose records belong together in groups, each record to one at a time, or (None) to none."""

    def __init__(self, topic: str, group: Callable[[str, T], Hashable | None]) -> None:
        super().__init__(topic)
        self._group = group
        self._groups: dict[Hashable, dict[str, T]] = {}

    def on_change(self, key: str, old: T | None, new: T | None) -> None:
        """Keep the groups."""
        if old is not None:
            name = self._group(key, old)
            members = self._groups.get(name, {})
            members.pop(key, None)
            if not members:
                self._groups.pop(name, None)
        if new is not None and (name := self._group(key, new)) is not None:
            self._groups.setdefault(name, {})[key] = new

    def members(self, group: Hashable) -> Collection[T]:
        """The values of a group, in no order that means anything."""
        return self._groups.get(group, {}).values()


class Follower:
    """One consumer that keeps all tables of a service up to date."""

    def __init__(
        self,
        tables: Sequence[Table[Any]],
        *,
        log: Log,
        codec: Codec,
        lines: Lines,
        learn: Any,
        tracing: Tracing,
        unreadable: Unreadable,
    ) -> None:
        self._tables: dict[str, list[Table[Any]]] = {}
        for table in {id(each): each for each in tables}.values():
            self._tables.setdefault(table.topic, []).append(table)
            table.follower = self
        self._log = log
        self._codec = codec
        self._lines = lines
        self._learn = learn
        self._tracing = tracing
        self._unreadable = unreadable
        self._measured_at = wall_now()
        self.ready = asyncio.Event()
        if not self._tables:
            self.ready.set()

    async def run(self) -> None:
        """Follow for ever; a log that is away is waited for, and the staleness says so."""
        while self._tables:
            try:
                await self._follow()
            except LogError as error:
                self._lines.warning("partition.restarted", topic="tables", error=str(error))
                await asyncio.sleep(_PAUSE_S)

    async def _follow(self) -> None:
        at = [TopicPartition(t, p) for t in self._tables for p in range(await self._log.partitions(t))]
        starts = await self._log.starts(at)
        positions = {
            each: max(starts[each], self._tables[each.topic][0].positions.get(each.partition, 0)) for each in at
        }
        consumer = await self._log.assigned(positions)
        try:
            while True:
                found = await consumer.fetch(timeout_s=_FETCH_S, max_records=_BATCH)
                for each, records in found.items():
                    await self._apply(each, records)
                for each in at:
                    for table in self._tables[each.topic]:
                        table.advance(each.partition, await consumer.position(each))
                await self._report(at)
        finally:
            await consumer.stop()

    async def _measure(self, at: Sequence[TopicPartition]) -> None:
        for each, end in (await self._log.ends(at)).items():
            for table in self._tables[each.topic]:
                table.ends[each.partition] = end

    async def _report(self, at: Sequence[TopicPartition]) -> None:
        now = wall_now()
        if self.ready.is_set() and now - self._measured_at < _MEASURE_EVERY:
            return
        await self._measure(at)
        self._measured_at = now
        tables = [table for tables in self._tables.values() for table in tables]
        for table in tables:
            if not table.lag_records:
                table.caught_up_at = now
        if not self.ready.is_set() and not any(table.lag_records for table in tables):
            self._lines.info("table.ready", tables=sorted(self._tables), rows=sum(len(table) for table in tables))
            self.ready.set()

    async def _apply(self, at: TopicPartition, records: Sequence[Fetched]) -> None:
        for record in records:
            key = (record.key or b"").decode(errors="replace")
            with self._tracing.processing(at.topic, dict(record.headers)):
                try:
                    value = None if record.value is None else await self._decode(at, record)
                except Poison as poison:
                    # The key keeps its last readable value until a readable one comes; the others go on.
                    self._unreadable.hold(at.topic, at, record, poison)
                    continue
                self._unreadable.release(at.topic, at.topic, key)
                for table in self._tables[at.topic]:
                    table.put(key, value)

    async def _decode(self, at: TopicPartition, record: Fetched) -> Any:
        headers = dict(record.headers)
        while True:
            try:
                return self._codec.decode(at.topic, record.value, headers)
            except UnknownShape as shape:
                await self._learn(shape)

    async def refresh(self, table: Table[Any]) -> None:
        """Wait until the table holds what the log holds now."""
        at = [TopicPartition(table.topic, p) for p in range(await self._log.partitions(table.topic))]
        await table.reached({each.partition: end for each, end in (await self._log.ends(at)).items()})
