"""Exactly the expected events and reactions, in order, none twice: kill -9, SIGSTOP zombies, exits in a transaction.

`EV_LONG=1` runs the full numbers; the seed is printed and can be given as `EV_SEED`.
"""

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path

import pytest
import real_log
import toy

from chassis.clock import SystemClock, new_id
from chassis.codec import Codec
from chassis.decider import derived_id
from chassis.log import Appender, Log, TopicPartition, read_to_end
from chassis.log.envelope import SRC
from chassis.runner.positions import POSITION_KEY, beside, parse_position
from chassis.telemetry import Tracing
from chassis.testing import Seen, read_topic

LONG = os.environ.get("EV_LONG") == "1"
COMMANDS = 20_000 if LONG else 1_500
KEYS = 400 if LONG else 60
REPEATED = 0.1
APART = 20_000 if LONG else 1_000
"""A repeat of a reaction comes up to this many commands later, far beyond any ring."""
DEATHS = 15 if LONG else 3
FAILPOINT = 0.002
ZOMBIE_S = 9.0
"""Longer than the session: its partitions are another's when it wakes."""
DEADLINE_S = 1_500 if LONG else 100
TOPIC = "toys.tally.command.v1"


class Fleet:
    """Two workers that are killed, stopped and started again."""

    def __init__(self, prefix: str, dice: random.Random, way: str) -> None:
        self._prefix = prefix
        self._way = way
        self._dice = dice
        self._started = 0
        self.deaths: Counter[str] = Counter()
        self._workers = [self._start(), self._start()]
        self._wakes: list[tuple[float, subprocess.Popen[bytes]]] = []

    def _start(self) -> subprocess.Popen[bytes]:
        self._started += 1
        worker = Path(__file__).with_name("crash_worker.py")
        arguments = [self._prefix, f"{self._dice.random()}", str(FAILPOINT), self._way]
        return subprocess.Popen([sys.executable, str(worker), *arguments], stderr=subprocess.DEVNULL)

    def harm(self) -> None:
        """Kill or freeze one of them."""
        victim = self._dice.choice(self._workers)
        if self._dice.random() < 0.5:
            victim.send_signal(signal.SIGKILL)
        elif all(victim is not sleeper for _, sleeper in self._wakes):
            victim.send_signal(signal.SIGSTOP)
            self.deaths["zombie"] += 1
            self._wakes.append((time.monotonic() + ZOMBIE_S, victim))

    def tend(self) -> None:
        """Wake the frozen, replace the dead."""
        for wake in [each for each in self._wakes if each[0] < time.monotonic()]:
            self._wakes.remove(wake)
            wake[1].send_signal(signal.SIGCONT)
        for index, worker in enumerate(self._workers):
            code = worker.poll()
            if code is not None:
                self.deaths[f"exit {code}"] += 1
                self._workers[index] = self._start()

    def killed(self) -> int:
        """By kill -9; exits at failpoints come on top."""
        return self.deaths["exit -9"]

    def end(self) -> None:
        for worker in self._workers:
            worker.kill()
            worker.wait()


def commands(dice: random.Random) -> list[tuple[int, str, int]]:
    """(number, key, amount) in the order they are sent, repeats among them."""
    sent = [(number, f"t/{dice.randrange(KEYS)}", dice.choice([1, 2, 5, -3])) for number in range(COMMANDS)]
    placed = [(float(number), each) for number, each in enumerate(sent)]
    placed += [
        (number + dice.uniform(0.5, APART), each) for number, each in enumerate(sent) if dice.random() < REPEATED
    ]
    return [each for _, each in sorted(placed, key=lambda place: place[0])]


def expected(sent: list[tuple[int, str, int]]) -> dict[str, list[tuple[int, int]]]:
    """Per key (number, total): what a single process that never died would have said."""
    said: dict[str, list[tuple[int, int]]] = defaultdict(list)
    totals: Counter[str] = Counter()
    seen: dict[str, int] = {}
    for number, key, amount in sent:
        if number <= seen.get(key, -1):
            continue
        seen[key] = number
        if totals[key] + amount >= 0:
            totals[key] += amount
            said[key].append((number, totals[key]))
    return said


async def send(log: Log, sent: list[tuple[int, str, int]]) -> None:
    """As a policy would: the source's offset is the command's number, so repeats are exact for ever."""
    appender = Appender(log=log, codec=toy.codec(), clock=SystemClock(), service="edge", tracing=Tracing("edge"))
    for index, (number, key, amount) in enumerate(sent):
        await appender.append_nowait(
            topic=TOPIC,
            key=key,
            record=toy.Add(at=toy.NOON, number=number, amount=amount),
            event_id=derived_id("crash", str(number)),
            extra=((SRC, f"elsewhere/0/{number}/0".encode()),),
        )
        if index % 100 == 0:
            await asyncio.sleep(0.3 if LONG else 0.6)
    await log.producer.flush()


EVENTS = "toys.tally.event.v1"
FLOW = {
    "policy": (
        (TOPIC, "toys.tally.state.v1", POSITION_KEY),
        (EVENTS, "toys.note-policy.state.v1", POSITION_KEY),
        ("toys.note.command.v1", "toys.note.state.v1", POSITION_KEY),
    ),
    "direct": (
        (TOPIC, "toys.tally.state.v1", POSITION_KEY),
        (EVENTS, "toys.note.state.v1", beside(POSITION_KEY, EVENTS)),
    ),
}
"""What is read, and where the position of its reader stands, in the order in which records pass."""


async def settled(log: Log, way: str) -> bool:
    """Whether every command was decided, every event reacted to, and every reaction decided."""
    return all([await _read_to_end(log, *step) for step in FLOW[way]])


async def _read_to_end(log: Log, source: str, positions: str, key: bytes) -> bool:
    for at, end in (await log.ends([TopicPartition(source, partition) for partition in range(4)])).items():
        position = 0
        async for records in read_to_end(log, TopicPartition(positions, at.partition)):
            for record in records:
                if record.key == key and record.value is not None:
                    position = parse_position(record.value)
        # Behind the last event stands the marker of its transaction, which no reader counts.
        if position < end - (source.endswith(".event.v1")):
            return False
    return True


@pytest.mark.parametrize("way", FLOW)
@pytest.mark.timeout(DEADLINE_S + 60)
async def test_what_dies_loses_nothing_and_repeats_nothing(way: str) -> None:
    seed = os.environ.get("EV_SEED") or new_id()
    print(f"seed {seed}")
    dice = random.Random(seed)
    sent = commands(dice)
    began = time.monotonic()
    async with real_log.namespace() as prefix:
        log = real_log.kafka_log(prefix)
        await log.start()
        fleet = Fleet(prefix, dice, way)
        try:
            await _harm_until_settled(log, sent, fleet, dice, way)
        finally:
            fleet.end()
        await _check(log, toy.codec(), sent)
        await log.stop()
        await asyncio.sleep(0.2)  # the client closes its sockets a moment later
    took_s = time.monotonic() - began
    print(f"{way}: {len(sent)} commands ({COMMANDS} different), deaths {dict(fleet.deaths)}, {took_s:.0f} s")


async def _harm_until_settled(
    log: Log, sent: list[tuple[int, str, int]], fleet: Fleet, dice: random.Random, way: str
) -> None:
    began = time.monotonic()
    sending = asyncio.create_task(send(log, sent))
    harmed_at = time.monotonic()
    while True:
        assert time.monotonic() - began < DEADLINE_S, f"not settled, deaths {fleet.deaths}"
        await asyncio.sleep(0.5)
        fleet.tend()
        enough = fleet.killed() >= DEATHS and fleet.deaths["zombie"] >= max(1, DEATHS // 5)
        if not (enough and sending.done()) and time.monotonic() - harmed_at > 3 + 3 * dice.random():
            harmed_at = time.monotonic()
            fleet.harm()
        elif enough and sending.done() and await settled(log, way):
            await sending
            return


async def _check(log: Log, codec: Codec, sent: list[tuple[int, str, int]]) -> None:
    said: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for seen in await _each_once(log, codec, "toys.tally.event.v1"):
        said[seen.context.key].append((seen.record.number, seen.record.total))
    assert said == expected(sent)
    noted: dict[str, list[int]] = defaultdict(list)
    for seen in await _each_once(log, codec, "toys.note.event.v1"):
        noted[seen.context.key].append(seen.record.total)
    assert noted == {key: [total for _, total in events] for key, events in said.items()}


async def _each_once(log: Log, codec: Codec, topic: str) -> list[Seen]:
    seen = await read_topic(log, codec, topic)
    assert len({each.context.event_id for each in seen}) == len(seen), "an event stands twice"
    versions: Counter[str] = Counter()
    for each in seen:
        versions[each.context.key] += 1
        assert each.context.stream_version == versions[each.context.key], "a version is missing or twice"
    return seen
