"""One process of the toy service for the crash test; dies at a failpoint in the transaction when its dice say so."""

import asyncio
import os
import random
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import real_log
import toy

from chassis.clock import SystemClock
from chassis.log import Entry, KafkaLog, TopicPartition, Transactional
from chassis.runner import Service
from chassis.telemetry import configure_logs


class Mortal:
    """A transactional producer that may end the process before, between and after the steps of a commit."""

    def __init__(self, inner: Transactional, dice: random.Random, chance: float) -> None:
        self._inner = inner
        self._dice = dice
        self._chance = chance

    def _maybe_die(self) -> None:
        if self._dice.random() < self._chance:
            os._exit(9)

    async def start(self) -> None:
        await self._inner.start()
        self._maybe_die()

    async def begin(self) -> None:
        await self._inner.begin()

    async def append(self, topic: str, partition: int, entries: Sequence[Entry]) -> None:
        await self._inner.append(topic, partition, entries)
        self._maybe_die()

    async def send_offsets(self, group: str, offsets: Mapping[TopicPartition, int]) -> None:
        await self._inner.send_offsets(group, offsets)

    async def commit(self) -> None:
        self._maybe_die()
        await self._inner.commit()
        self._maybe_die()

    async def abort(self) -> None:
        await self._inner.abort()

    async def stop(self) -> None:
        await self._inner.stop()


class MortalLog(KafkaLog):
    """The real log with mortal producers."""

    def __init__(self, prefix: str, dice: random.Random, chance: float) -> None:
        super().__init__(real_log.bootstrap(), namespace=prefix, session_timeout_ms=real_log.SESSION_TIMEOUT_MS)
        self._dice = dice
        self._chance = chance

    def transactional(self, transactional_id: str) -> Transactional:
        return Mortal(super().transactional(transactional_id), self._dice, self._chance)


async def main(prefix: str, seed: str, chance: str, way: str) -> None:
    """Run until killed."""
    log = MortalLog(prefix, random.Random(seed), float(chance))
    noting = [toy.DIRECT] if way == "direct" else [toy.NOTES, toy.POLICY]
    await Service(env=toy.env(log, SystemClock()), parts=[toy.TALLY, *noting]).run()


if __name__ == "__main__":
    configure_logs("warning")
    asyncio.run(main(*sys.argv[1:]))
