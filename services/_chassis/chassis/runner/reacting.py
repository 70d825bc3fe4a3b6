"""Policies and transforms: one worker a source partition, position in a state topic of its own.

No transaction is needed: every writer writes in the source's order from a position at or below what was acknowledged,
and the target drops what its `src` says it has seen. So repeats, and even a zombie's, change nothing.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

from chassis.clock import behind_s, within
from chassis.codec import Poison
from chassis.decider import EventContext, derived_id
from chassis.log.envelope import SRC, STREAM_VERSION, Stamp, entry_of
from chassis.log.port import Appended, Entry, Fetched, LogError, TopicPartition
from chassis.log.reading import read_to_end
from chassis.runner.parking import Acks, Looked, Parking
from chassis.runner.parts import Env, Policy, Read, Transform
from chassis.runner.positions import PARKED_KEY, POSITION_KEY, parse_again, parse_position, position_entry, resume_at
from chassis.telemetry import Log as Lines

_ACK_TIMEOUT_S = 15.0
_POSITION_EVERY_S = 1.0
_KEYS_WATCHED = 65_536


class Versions:
    """Drops events seen before by version; remembers the last keys only, because repeats come at once or not at all."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._last: OrderedDict[str, tuple[int, str]] = OrderedDict()

    def is_repeat(self, context: EventContext) -> bool:
        """The first of a version counts; that a second came with another id is for people to look into."""
        if STREAM_VERSION not in context.headers:
            return False
        last = self._last.get(context.key)
        if last is not None and context.stream_version <= last[0]:
            if context.stream_version == last[0] and context.event_id != last[1]:
                self._lines.error("stream.torn", topic=context.topic, offset=context.offset, version=last[0])
            return True
        self._last[context.key] = (context.stream_version, context.event_id)
        self._last.move_to_end(context.key)
        if len(self._last) > _KEYS_WATCHED:
            self._last.popitem(last=False)
        return False


def target_of(part: Policy | Transform) -> str:
    """The topic a part writes to."""
    return f"{part.target}.command.v1" if isinstance(part, Policy) else part.target_topic


class ReactionWorker:
    """Turns one partition of events into commands or records."""

    def __init__(self, part: Policy | Transform, partition: int, env: Env) -> None:
        self._part = part
        self._partition = partition
        self._env = env
        self._state_topic = f"{part.name}.state.v1"
        self._target = target_of(part)
        self._source = TopicPartition(part.source, partition)
        self._versions = Versions(env.lines)
        self._parking = Parking(part, self._source, env)
        self._memory = part.memory if isinstance(part, Transform) else None
        self._next: int | None = None
        self._stored_at = 0.0

    async def restore(self) -> Sequence[int]:
        """`@pos` of the state topic; no position at the very first start."""
        log, at = self._env.log, TopicPartition(self._state_topic, self._partition)
        stored, again = None, None
        async for records in read_to_end(log, at):
            for record in records:
                if record.key == POSITION_KEY and record.value is not None:
                    stored, again = parse_position(record.value), parse_again(record.value)
                elif record.key == PARKED_KEY:
                    self._parking.load(record.value)
        await self._recall(again, stored)
        await self._repair()
        self._parking.tell()
        entry = self._env.codec.topics.get(self._part.source)
        may_skip = entry is not None and entry.kind == "sample"
        return (await resume_at(log, self._source, stored, may_skip=may_skip),)

    async def _recall(self, again: int | None, until: int | None) -> None:
        """Read what the memory rests on anew; what comes of it was told before. What is parked stays unread."""
        if self._memory is None:
            return
        self._memory.forget(self._partition)
        if again is None or until is None:
            return
        async for records in read_to_end(self._env.log, self._source, again):
            for looked in self._parking.look_at(record for record in records if record.offset < until):
                found = looked.found
                if not isinstance(found, Poison) and not self._versions.is_repeat(found[1]):
                    self._part.react(*found, self._part.facts)
            if records[-1].offset >= until:
                return

    async def _repair(self) -> None:
        """A start is the repair of what is parked here: another build may understand what the last one did not."""
        for key in tuple(self._parking.keys):
            found, rest = await self._parking.readable(key)
            acks: Acks = []
            for event, context in found:
                if not self._is_repeat(context):
                    await self._react(event, context, acks)
            await self._settle(acks)
            if found:
                self._parking.leave(key, rest, played=len(found))
                await self._store([self._parking.entry()])

    async def _store(self, entries: Sequence[Entry]) -> None:
        send = self._env.log.producer.send
        await self._settle([await send(self._state_topic, entry, self._partition) for entry in entries])

    async def handle(self, records: Sequence[Fetched]) -> None:
        """React, await every acknowledgement, then move the position; past what nothing came of, only now and then."""
        looked = self._parking.look_at(records)
        acks: Acks = []
        before = dict(self._parking.keys)
        found = [read for each in looked if (read := await self._take(each, acks)) is not None]
        lasting = self._part.lasting if isinstance(self._part, Transform) else None
        for event, context in found if lasting is None else lasting(found):
            await self._react(event, context, acks)
        await self._settle(acks)
        self._next = records[-1].offset + 1
        if before != self._parking.keys:
            await self._store([self._parking.entry()])
        if acks:
            await self._store_position(self._next)
        self._parking.tell()
        self._env.metrics.add("reactions", len(records), self._part.name)
        lag = behind_s(records[-1].timestamp)
        self._env.metrics.put("lag_seconds", lag, f"{self._part.name}/{self._partition}")

    async def _store_position(self, offset: int) -> None:
        again = None if self._memory is None else self._memory.rests_on(self._partition)
        await self._store([position_entry(offset, again=again)])
        self._next, self._stored_at = None, time.monotonic()

    async def _settle(self, acks: Sequence["asyncio.Future[Appended]"]) -> None:
        try:
            await within(asyncio.gather(*acks), _ACK_TIMEOUT_S)
        except TimeoutError as error:
            raise LogError(f"{self._part.name}: no acknowledgement in {_ACK_TIMEOUT_S} s") from error

    async def _take(self, looked: Looked, acks: Acks) -> Read | None:
        """The event; None where it was seen before, or is parked now."""
        waits = looked.key in self._parking.keys
        if not waits and looked.context is not None and self._is_repeat(looked.context):
            return None
        return await self._parking.admit(looked, acks)

    def _is_repeat(self, context: EventContext) -> bool:
        repeat = self._versions.is_repeat(context)
        if repeat:
            self._env.metrics.add("torn", 1, self._part.name)
        return repeat

    async def _react(self, event: Any, context: EventContext, acks: Acks) -> None:
        with self._env.tracing.processing(self._part.source, context.headers) as traceparent:
            for index, to in enumerate(self._part.react(event, context, self._part.facts)):
                acks.append(await self._send(to.key, to.command, index, context, traceparent))

    async def _send(
        self, key: str, command: Any, index: int, context: EventContext, traceparent: bytes
    ) -> "asyncio.Future[Appended]":
        src = f"{context.topic}/{context.partition}/{context.offset}/{index}".encode()
        stamp = Stamp(
            record_id=derived_id(context.event_id, self._part.name, str(index)),
            source=self._env.source,
            time=context.time,
            key=key,
            correlation_id=context.correlation_id,
            causation_id=context.event_id,
            extra=((SRC, src), *((("traceparent", traceparent),) if traceparent else ())),
        )
        return await self._env.log.producer.send(
            self._target, entry_of(self._env.codec.encode(self._target, command), stamp)
        )

    async def tick(self) -> None:
        """Move the position past records of which nothing came: a restart that reads them again does no harm."""
        if self._next is not None and time.monotonic() - self._stored_at > _POSITION_EVERY_S:
            await self._store_position(self._next)

    async def close(self) -> None:
        """Nothing is held."""
