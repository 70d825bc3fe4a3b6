"""The read side's worker: events to rows, idempotent, offsets committed after the rows stand."""

import asyncio
from collections.abc import Sequence
from typing import Any

from chassis.cassandra import StoreUnavailable, Write
from chassis.clock import behind_s, within
from chassis.codec import Poison
from chassis.dead_letters import dead_letter_topic
from chassis.decider import EventContext
from chassis.log.envelope import context_of
from chassis.log.port import Consumer, Fetched, LogError, TopicPartition
from chassis.runner.parts import Env, Progress, Projection

LETTERS = dead_letter_topic("projections.any")
"""Where all projections bury what they cannot read."""
_FIRST_PAUSE_S = 0.2
_LONGEST_PAUSE_S = 10.0
_ACK_TIMEOUT_S = 15.0


async def write_until_done(part: Projection, writes: Sequence[Write], env: Env) -> None:
    """The store being away is waited for; back-pressure is the log itself."""
    pause = _FIRST_PAUSE_S
    while True:
        try:
            await part.store.write(writes)
        except StoreUnavailable as error:
            env.lines.warning("projection.retried", part=part.name, error=type(error).__name__)
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_S)
        else:
            return


class ProjectionWorker:
    """One source partition, at least once, effective once by the versions of its writes."""

    def __init__(self, part: Projection, at: TopicPartition, *, env: Env, consumer: Any) -> None:
        self._part = part
        self._at = at
        self._env = env
        self._progress: Progress = part.progress
        self._consumer = consumer

    async def restore(self) -> Sequence[int]:
        """The committed offset of the role's group; a new group starts with the oldest record."""
        consumer: Consumer = await self._consumer()
        committed = await consumer.committed(self._at)
        start = (await self._env.log.starts([self._at]))[self._at]
        position = start if committed is None else max(start, committed)
        self._progress.offsets[self._at] = position
        return (position,)

    async def handle(self, records: Sequence[Fetched]) -> None:
        """Write everything, then commit."""
        writes: list[Write] = []
        applied: list[tuple[Any, EventContext]] = []
        for record in records:
            headers = dict(record.headers)
            try:
                context = context_of(self._at.topic, self._at.partition, record, headers)
                event = self._env.codec.decode(self._at.topic, record.value, headers)
            except Poison as poison:
                await self._bury(record, poison)
                continue
            with self._env.tracing.processing(self._at.topic, headers):
                writes.extend(self._part.project(event, context))
            applied.append((event, context))
        await write_until_done(self._part, writes, self._env)
        consumer: Consumer = await self._consumer()
        self._progress.offsets[self._at] = records[-1].offset + 1
        self._progress.log_time_ms[self._at] = records[-1].timestamp
        if self._part.applied is not None:
            self._part.applied(applied)
        await consumer.commit({self._at: records[-1].offset + 1})
        self._env.metrics.add("projected", len(records), self._part.name)
        lag = behind_s(records[-1].timestamp)
        self._env.metrics.put("lag_seconds", lag, f"{self._part.name}/{self._at.topic}/{self._at.partition}")

    async def _bury(self, record: Fetched, poison: Poison) -> None:
        self._env.lines.error(
            "record.dead-lettered",
            topic=self._at.topic,
            partition=self._at.partition,
            offset=record.offset,
            reason=poison.reason,
        )
        self._env.metrics.add("dead_letters", 1, poison.reason)
        letter = self._env.letterbox.letter(self._at.topic, self._at.partition, record, poison)
        try:
            await within(await self._env.log.producer.send(LETTERS, letter), _ACK_TIMEOUT_S)
        except TimeoutError as error:
            raise LogError("no acknowledgement of a dead letter") from error

    async def tick(self) -> None:
        """Nothing is timed."""

    async def close(self) -> None:
        """Nothing is held."""
