"""The dead letters of a projection, tried again: all at each start, new ones as they come; what fails is listed.

Rows are written by version, so an event may be projected at any time and more than once, and whoever buried it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from chassis.cassandra import Write
from chassis.codec import Poison, UnknownShape
from chassis.dead_letters.repair import Letter, letter_of
from chassis.log.envelope import context_of
from chassis.log.port import Fetched, LogError, TopicPartition
from chassis.runner.parts import Env, Projection
from chassis.runner.projecting import LETTERS, write_until_done

_FETCH_S = 0.5
_MAX_RECORDS = 500
_PAUSE_S = 0.5


class Reprojection:
    """One reader of all letters a process, in no group: each process lists them all."""

    def __init__(self, part: Projection, env: Env, learn: Callable[[UnknownShape], Awaitable[None]]) -> None:
        self._part = part
        self._env = env
        self._learn = learn
        self._next: dict[TopicPartition, int] = {}

    async def run(self) -> None:
        """Follow for ever; a log that is away is waited for."""
        self._env.unreadable.tell(self._part.name)
        while True:
            try:
                await self._follow()
            except LogError as error:
                self._env.lines.warning("partition.restarted", topic=LETTERS, error=str(error))
                await asyncio.sleep(_PAUSE_S)

    async def _follow(self) -> None:
        log = self._env.log
        at = [TopicPartition(LETTERS, number) for number in range(await log.partitions(LETTERS))]
        consumer = await log.assigned({**await log.starts(at), **self._next})
        try:
            while True:
                found = await consumer.fetch(timeout_s=_FETCH_S, max_records=_MAX_RECORDS)
                for each, records in found.items():
                    await self._try(records)
                    self._next[each] = records[-1].offset + 1
        finally:
            await consumer.stop()

    async def _try(self, records: Sequence[Fetched]) -> None:
        letters = [letter for record in records if (letter := letter_of(record)) is not None]
        writes: list[Write] = []
        for letter in {(each.topic, each.partition, each.offset): each for each in letters}.values():
            if letter.topic in self._part.sources:
                writes.extend(await self._project(letter))
        if writes:
            await write_until_done(self._part, writes, self._env)

    async def _project(self, letter: Letter) -> Sequence[Write]:
        """What the event writes; nothing where it still cannot be read."""
        at, headers = TopicPartition(letter.topic, letter.partition), dict(letter.headers)
        while True:
            try:
                context = context_of(at.topic, at.partition, letter, headers)
                value = self._env.letterbox.open(letter.value, letter.headers)
                event = self._env.codec.decode(at.topic, value, headers)
            except UnknownShape as shape:
                await self._learn(shape)
            except Poison as poison:
                self._env.unreadable.keep(self._part.name, at, letter, poison)
                return ()
            else:
                return self._part.project(event, context)
