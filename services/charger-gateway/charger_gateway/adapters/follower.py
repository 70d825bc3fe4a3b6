"""Follows topics in no group: every replica sees all of connections, desk and beats, and what pricing says of costs."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog

from chassis.codec import Poison
from chassis.log import LogError, TopicPartition
from chassis.log.port import Fetched
from chassis.runner import Env

READER = "replica-follower"
_FETCH_S = 0.5
_PAUSE_S = 0.5
_BATCH = 5_000

log = structlog.get_logger("charger_gateway.follower")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A topic, how many records of each partition's past are wanted, and who is told (key, record, offset)."""

    topic: str
    past: int
    on_record: Callable[[str, Any, int], None]
    wanted: Callable[[], bool] = lambda: True
    """Asked before a record is decoded."""


class Follower:
    """Reads the past first (`caught_up` then), and goes on with what comes."""

    def __init__(
        self,
        *,
        env: Env,
        sources: Mapping[str, Source],
        caught_up: Callable[[], None],
    ) -> None:
        self._stream = env.log
        self._env = env
        self._sources = sources
        self._caught_up = caught_up
        self._told_caught_up = False
        self._next: dict[TopicPartition, int] = {}

    async def run(self) -> None:
        """Follow until cancelled; a log that is away is waited for, and taken up where it was left."""
        while True:
            try:
                await self._follow()
            except LogError as error:
                log.warning("follower.restarted", why=str(error))
                await asyncio.sleep(_PAUSE_S)

    async def _follow(self) -> None:
        first, ends = await self._bounds()
        self._next = first | self._next
        consumer = await self._stream.assigned(self._next)
        behind = {partition for partition, offset in self._next.items() if offset < ends[partition]}
        try:
            while True:
                if not behind and not self._told_caught_up:
                    self._told_caught_up = True
                    self._caught_up()
                found = await consumer.fetch(timeout_s=_FETCH_S, max_records=_BATCH)
                for partition, records in found.items():
                    source = self._sources[partition.topic]
                    for record in records:
                        self._tell(source, partition, record)
                        self._next[partition] = record.offset + 1
                if behind:
                    behind = {one for one in behind if await consumer.position(one) < ends[one]}
        finally:
            await consumer.stop()

    async def _bounds(self) -> tuple[dict[TopicPartition, int], Mapping[TopicPartition, int]]:
        partitions = [
            TopicPartition(topic, number)
            for topic in self._sources
            for number in range(await self._stream.partitions(topic))
        ]
        starts = await self._stream.starts(partitions)
        ends = await self._stream.ends(partitions)
        first = {one: max(starts[one], ends[one] - self._sources[one.topic].past) for one in partitions}
        return first, ends

    def _tell(self, source: Source, at: TopicPartition, record: Fetched) -> None:
        if not source.wanted():
            return
        headers = dict(record.headers)
        with self._env.tracing.processing(source.topic, headers):
            self._decode_and_tell(source, at, record, headers)

    def _decode_and_tell(
        self, source: Source, at: TopicPartition, record: Fetched, headers: Mapping[str, bytes]
    ) -> None:
        try:
            decoded = self._env.codec.decode(source.topic, record.value, headers)
        except Poison as poison:
            # A replica that merely listens passes on: what a command waits for ends by the desk's deadlines, and of a
            # connection the next record says all. The past is read again at each start.
            self._env.unreadable.hold(READER, at, record, poison)
            return
        key = (record.key or b"").decode(errors="replace")
        self._env.unreadable.release(READER, source.topic, key)
        source.on_record(key, decoded, record.offset)
