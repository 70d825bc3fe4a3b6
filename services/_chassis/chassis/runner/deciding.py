"""The decider's worker of one partition: restore, decide in batches, commit each in one transaction.

The order of things here is the cure of faults that trials showed; see the six rules of the write path.
"""

import asyncio
import contextlib
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

from chassis.clock import behind_s, within
from chassis.dead_letters import Parked, ParkingRate, dumps_parked, loads_parked
from chassis.deadlines import Deadlines, Due
from chassis.decider import Deadline, derived_id, no_deadlines
from chassis.log.envelope import DEADLINE, Stamp, entry_of
from chassis.log.port import Entry, Fetched, LogError, TopicPartition, Transactional
from chassis.log.reading import read_to_end
from chassis.runner.aggregates import Live
from chassis.runner.batch import Batch
from chassis.runner.direct import DirectInput
from chassis.runner.positions import PARKED_KEY, POSITION_KEY, parse_position, position_entry, resume_at
from chassis.runner.refold import refold
from chassis.runner.unit import EntityUnit

_OFFSETS_EVERY_S = 1.0
_DEADLINE_RETRY = timedelta(seconds=30)


class EntityWorker:
    """Owns one command partition while its producer is not fenced."""

    def __init__(self, unit: EntityUnit, partition: int) -> None:
        self._unit = unit
        self._partition = partition
        self._base: dict[str, Live] = {}
        self._parked: dict[str, Parked] = {}
        self._direct = None if unit.direct is None else DirectInput(unit.direct, partition, unit.env)
        self._deadlines = Deadlines()
        self._timed = unit.entity.decider.deadlines is not no_deadlines
        self._producer: Transactional | None = None
        self._rate = ParkingRate()
        self._offsets_sent_at = 0.0

    async def restore(self) -> Sequence[int]:
        """Rule 1: fence the predecessor, read the state to its committed end, and resume from each `@pos`."""
        unit = self._unit
        self._producer = unit.env.log.transactional(f"{unit.group}.{unit.command_topic}.{self._partition}")
        await self._producer.start()
        states: dict[bytes, bytes | None] = {}
        async for records in read_to_end(unit.env.log, TopicPartition(unit.state_topic, self._partition)):
            states.update((record.key or b"", record.value) for record in records)
        # Aggregates' keys begin with their tenant; what another build kept here under a reserved one is not ours.
        reserved = {key: states.pop(key) for key in tuple(states) if key.startswith(b"@")}
        position = reserved.get(POSITION_KEY)
        self._parked = loads_parked(reserved.get(PARKED_KEY) or b"{}")
        second = () if self._direct is None else (await self._direct.restore(reserved),)
        await self._load(states)
        if self._direct is not None:
            await self._replay(self._direct, self._direct.waiting())
        stored = None if position is None else parse_position(position)
        return (await resume_at(unit.env.log, unit.command_at(self._partition), stored), *second)

    async def _load(self, states: Mapping[bytes, bytes | None]) -> None:
        """The aggregates, refolded where other code wrote them, and what they promise."""
        stale = set()
        for raw_key, value in states.items():
            if value is None:
                continue
            live, is_stale = self._unit.codec.loads(value)
            self._base[raw_key.decode()] = live
            if is_stale:
                stale.add(raw_key.decode())
        if stale:
            await self._refold(stale)
        self._arm(self._base)

    def _arm(self, lives: Mapping[str, Live]) -> None:
        if self._timed:
            for key, live in lives.items():
                self._deadlines.set(key, self._unit.entity.decider.deadlines(live.state))

    async def _replay(self, direct: DirectInput, keys: Sequence[str]) -> None:
        """What waits of the direct input, of keys whose aggregates do not wait themselves, each in its transaction."""
        for key in keys:
            batch = self._batch()
            if key not in self._parked and await direct.replay(key, batch):
                states = [*self._state_entries(batch.overlay), *direct.parked_entries()]
                await self._commit(batch.events, states, batch.others, None)
                self._apply(batch)

    def _batch(self) -> Batch:
        return Batch(self._unit, self._partition, self._base, self._parked)

    async def _refold(self, stale: set[str]) -> None:
        began = time.monotonic()
        refolded = await refold(self._unit, self._partition, {key: self._base[key] for key in stale})
        self._base.update(refolded)
        await self._commit([], self._state_entries(refolded), {}, None)
        self._unit.env.lines.info(
            "state.refolded",
            entity=self._unit.entity.name,
            partition=self._partition,
            aggregates=len(refolded),
            seconds=round(time.monotonic() - began, 3),
        )

    def _state_entries(self, lives: dict[str, Live]) -> list[Entry]:
        dumps = self._unit.codec.dumps
        return [Entry(key.encode(), dumps(live)) for key, live in lives.items()]

    async def handle(self, records: Sequence[Fetched], facts: Sequence[Fetched] = ()) -> None:
        """Rules 5 and 6, with commands and, where there is one, the direct input's records.

        After a LogError this worker is of no use; after UnknownShape it may be asked again.
        """
        began = time.monotonic()
        batch, direct = self._batch(), self._direct
        looked = [] if direct is None else direct.look_at(facts)
        for record in records:
            batch.take(record)
        if direct is not None:
            await direct.take(looked, batch)
        for _ in range(batch.newly_parked):
            self._rate.count()
        decided = time.monotonic()
        position = records[-1].offset + 1 if records else None
        states = [*self._state_entries(batch.overlay), *self._reserved(batch, position, facts)]
        await self._commit(batch.events, states, batch.others, position)
        self._apply(batch)
        self._count(batch, records[-1:], began, decided)
        if direct is not None and facts:
            direct.count(facts)

    def _reserved(self, batch: Batch, position: int | None, facts: Sequence[Fetched]) -> Iterator[Entry]:
        """The records under reserved keys: what is parked where that has changed, and each position that moves."""
        if batch.parked != self._parked:
            yield Entry(PARKED_KEY, dumps_parked(batch.parked))
        if position is not None:
            yield position_entry(position)
        if self._direct is not None and facts:
            yield self._direct.position_entry(facts)
            yield from self._direct.parked_entries()

    async def _commit(
        self,
        events: Sequence[Entry],
        states: Sequence[Entry],
        others: dict[TopicPartition, list[Entry]],
        position: int | None,
    ) -> None:
        unit, producer = self._unit, self._producer
        if producer is None:
            raise LogError("the worker was not restored")
        await producer.begin()
        # Events stand before anything that rests on them: a torn transaction then shows events without state,
        # and the redo repeats them byte by byte.
        await producer.append(unit.event_topic, self._partition, events)
        rest = [producer.append(unit.state_topic, self._partition, states)]
        rest += [producer.append(at.topic, at.partition, entries) for at, entries in others.items()]
        await asyncio.gather(*rest)
        if position is not None and time.monotonic() - self._offsets_sent_at > _OFFSETS_EVERY_S:
            # For lag metrics only; nobody resumes from it.
            await producer.send_offsets(unit.group, {unit.command_at(self._partition): position})
            self._offsets_sent_at = time.monotonic()
        await producer.commit()

    def _apply(self, batch: Batch) -> None:
        self._base.update(batch.overlay)
        self._parked = batch.parked
        self._arm(batch.overlay)

    def _count(self, batch: Batch, last: Sequence[Fetched], began: float, decided: float) -> None:
        metrics, name = self._unit.env.metrics, self._unit.entity.name
        for (metric, label), count in batch.counts.items():
            metrics.add(metric, count, label)  # type: ignore[arg-type]  # the batch counts under metric names only
        metrics.add("batches", 1, name)
        metrics.add("decision_seconds", decided - began, name)
        metrics.add("commit_seconds", time.monotonic() - decided, name)
        metrics.put("parked", len(self._parked), f"{name}/{self._partition}")
        for record in last:
            metrics.put("lag_seconds", behind_s(record.timestamp), f"{name}/{self._partition}")

    async def tick(self) -> None:
        """Tell this partition what has become due; the state decides whether it still is. Play what is free again."""
        if self._direct is not None:
            await self._replay(self._direct, self._direct.free_behind(self._parked))
        now = self._unit.env.clock.now()
        for due in self._deadlines.pop_due(now):
            try:
                await self._tell(due)
            except LogError:
                self._deadlines.put_back([due])
                raise

    async def _tell(self, due: Due) -> None:
        unit = self._unit
        deadline = Deadline(name=due.name, due_at=due.due_at)
        encoded = unit.env.codec.encode(unit.command_topic, unit.deadline_command(due.key, deadline))
        stamp = Stamp(
            record_id=derived_id(due.key, due.name, due.due_at.isoformat()),
            source=unit.env.source,
            time=due.due_at,
            key=due.key,
            extra=((DEADLINE, due.mark),),
        )
        sent = await unit.env.log.producer.send(unit.command_topic, entry_of(encoded, stamp), self._partition)
        try:
            await within(sent, _DEADLINE_RETRY.total_seconds())
        except TimeoutError as error:
            # The log is away: the partition begins anew, and what is due is due then too.
            raise LogError(f"{unit.entity.name}: no acknowledgement of a deadline") from error

    async def close(self) -> None:
        """Rule 3: the producer stops with the ownership."""
        if self._producer is not None:
            with contextlib.suppress(LogError):
                await self._producer.stop()
            self._producer = None
