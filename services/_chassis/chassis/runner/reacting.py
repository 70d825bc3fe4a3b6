"""Policies and transforms: one worker a source partition, position in a state topic of its own.

No transaction is needed: every writer writes in the source's order from a position at or below what was acknowledged,
and the target drops what its `src` says it has seen. So repeats, and even a zombie's, change nothing.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

from chassis.clock import behind_s, within
from chassis.codec import Poison
from chassis.dead_letters import Parked, ParkingRate, dead_letter_topic, dumps_parked, loads_parked
from chassis.dead_letters.repair import letters_of
from chassis.decider import EventContext, derived_id
from chassis.log.envelope import SRC, STREAM_VERSION, Stamp, context_of, entry_of
from chassis.log.port import Appended, Entry, Fetched, LogError, TopicPartition
from chassis.log.reading import read_to_end
from chassis.runner.parts import Env, Policy, Read, Transform
from chassis.runner.positions import PARKED_KEY, POSITION_KEY, parse_position, position_entry, resume_at
from chassis.telemetry import Log as Lines

_ACK_TIMEOUT_S = 15.0
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


def _must_not_be_behind(parked: Parked | None) -> None:
    if parked is not None:
        raise Poison("behind-a-parked-record", parked.reason)


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
        self._versions = Versions(env.lines)
        self._parked: dict[str, Parked] = {}
        self._rate = ParkingRate()

    async def restore(self) -> int:
        """`@pos` of the state topic; no position at the very first start."""
        log, at = self._env.log, TopicPartition(self._state_topic, self._partition)
        stored: int | None = None
        async for records in read_to_end(log, at):
            for record in records:
                if record.key == POSITION_KEY and record.value is not None:
                    stored = parse_position(record.value)
                elif record.key == PARKED_KEY:
                    self._parked = loads_parked(record.value or b"{}")
        await self._repair()
        self._tell_parked()
        source = TopicPartition(self._part.source, self._partition)
        entry = self._env.codec.topics.get(self._part.source)
        return await resume_at(log, source, stored, may_skip=entry is not None and entry.kind == "sample")

    async def _repair(self) -> None:
        """A start is the repair of what is parked here: another build may understand what the last one did not."""
        for key, parked in tuple(self._parked.items()):
            waiting = await letters_of(self._env.log, self._part.name, self._part.source, key, parked)
            acks: list[asyncio.Future[Appended]] = []
            still = {other: each for other, each in self._parked.items() if other != key}
            known = len(still)
            for letter in waiting:
                if (read := await self._read(letter, acks, still)) is not None:
                    await self._react(*read, acks)
            if len(still) > known:
                continue
            await self._settle(acks)
            self._parked = still
            await self._store([Entry(PARKED_KEY, dumps_parked(still))])
            self._env.lines.info("record.unparked", part=self._part.name, records=len(waiting))

    async def _store(self, entries: Sequence[Entry]) -> None:
        send = self._env.log.producer.send
        await self._settle([await send(self._state_topic, entry, self._partition) for entry in entries])

    async def handle(self, records: Sequence[Fetched]) -> None:
        """React, await every acknowledgement, then move the position."""
        acks: list[asyncio.Future[Appended]] = []
        parked = dict(self._parked)
        found = [read for record in records if (read := await self._read(record, acks, parked)) is not None]
        lasting = self._part.lasting if isinstance(self._part, Transform) else None
        for event, context in found if lasting is None else lasting(found):
            await self._react(event, context, acks)
        for _ in range(len(parked) - len(self._parked)):
            self._rate.count()
        await self._settle(acks)
        position = [position_entry(records[-1].offset + 1)]
        if parked != self._parked:
            position.insert(0, Entry(PARKED_KEY, dumps_parked(parked)))
        await self._store(position)
        self._parked = parked
        self._tell_parked()
        self._env.metrics.add("reactions", len(records), self._part.name)
        lag = behind_s(records[-1].timestamp)
        self._env.metrics.put("lag_seconds", lag, f"{self._part.name}/{self._partition}")

    def _tell_parked(self) -> None:
        self._env.metrics.put("parked", len(self._parked), f"{self._part.name}/{self._partition}")

    async def _settle(self, acks: Sequence["asyncio.Future[Appended]"]) -> None:
        try:
            await within(asyncio.gather(*acks), _ACK_TIMEOUT_S)
        except TimeoutError as error:
            raise LogError(f"{self._part.name}: no acknowledgement in {_ACK_TIMEOUT_S} s") from error

    async def _read(
        self, record: Fetched, acks: list["asyncio.Future[Appended]"], parked: dict[str, Parked]
    ) -> Read | None:
        """The event; None where it was seen before, or is parked now."""
        headers = dict(record.headers)
        key = (record.key or b"").decode(errors="replace")
        try:
            _must_not_be_behind(parked.get(key))
            context = context_of(self._part.source, self._partition, record, headers)
            if self._versions.is_repeat(context):
                self._env.metrics.add("torn", 1, self._part.name)
                return None
            value = self._env.letterbox.open(record.value, record.headers)
            return self._env.codec.decode(self._part.source, value, headers), context
        except Poison as poison:
            await self._bury(record, poison, acks)
            if key not in parked:
                parked[key] = Parked(poison.reason, record.offset, record.offset)
            parked[key] = parked[key]._replace(last=record.offset)
            return None

    async def _react(self, event: Any, context: EventContext, acks: list["asyncio.Future[Appended]"]) -> None:
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

    async def _bury(self, record: Fetched, poison: Poison, acks: list["asyncio.Future[Appended]"]) -> None:
        self._env.lines.error(
            "record.parked",
            part=self._part.name,
            topic=self._part.source,
            partition=self._partition,
            offset=record.offset,
            reason=poison.reason,
        )
        self._env.metrics.add("dead_letters", 1, poison.reason)
        letter = self._env.letterbox.letter(self._part.source, self._partition, record, poison)
        acks.append(await self._env.log.producer.send(dead_letter_topic(self._part.name), letter))

    async def tick(self) -> None:
        """Nothing is timed."""

    async def close(self) -> None:
        """Nothing is held."""
