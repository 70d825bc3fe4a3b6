"""Outboxes act until they know, in order within a key, and report what they learnt."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Any

import toy

from chassis.clock import FixedClock
from chassis.decider import EventContext, To
from chassis.log import Appender, MemoryLog
from chassis.outbox import Retry
from chassis.runner import Outbox, Service
from chassis.telemetry import Tracing
from chassis.testing import eventually, read_topic, running

NOTED = "toys.note.event.v1"


class OtherSide:
    """Fails the first calls of each event, remembers the order in which it was told."""

    def __init__(self, failures: int = 0) -> None:
        self._failures = failures
        self.calls: Counter[str] = Counter()
        self.told: list[tuple[str, int]] = []
        self.hanging = asyncio.Event()
        self.hanging.set()

    async def act(self, event: Any, context: EventContext) -> Sequence[To]:
        await self.hanging.wait()
        self.calls[context.event_id] += 1
        if self.calls[context.event_id] <= self._failures:
            raise Retry("not-there", after_s=0.01)
        self.told.append((context.key, event.total))
        return [To(key=context.key, command=toy.Note(at=context.time, total=event.total))]


def outbox(side: OtherSide) -> Outbox:
    return Outbox(name="toys.note-outbox", source="toys.tally.event.v1", target="toys.note", act=side.act)


async def send(log: MemoryLog, keys: Sequence[str]) -> None:
    clock = FixedClock(toy.NOON)
    appender = Appender(log=log, codec=toy.codec(), clock=clock, service="edge", tracing=Tracing("edge"))
    for number, key in enumerate(keys):
        record = toy.Add(at=toy.NOON, number=number, amount=1)
        await appender.append(topic="toys.tally.command.v1", key=key, record=record)


async def noted(log: MemoryLog) -> list[tuple[str, int]]:
    return sorted((seen.context.key, seen.record.total) for seen in await read_topic(log, toy.codec(), NOTED))


async def has_noted(log: MemoryLog, count: int) -> bool:
    return len(await noted(log)) >= count


async def test_it_acts_until_it_knows_and_in_order_within_a_key() -> None:
    log, side = MemoryLog(), OtherSide(failures=2)
    async with running(Service(env=toy.env(log, FixedClock(toy.NOON)), parts=[toy.TALLY, toy.NOTES, outbox(side)])):
        await send(log, ["t/1", "t/2"] * 3)
        await eventually(lambda: has_noted(log, 6))
    assert [total for key, total in side.told if key == "t/1"] == [1, 2, 3]
    assert set(side.calls.values()) == {3}
    assert await noted(log) == [(key, total) for key in ("t/1", "t/2") for total in (1, 2, 3)]


async def test_what_was_under_way_when_it_stopped_is_asked_again_and_what_was_known_is_not() -> None:
    log, side = MemoryLog(), OtherSide()
    async with running(Service(env=toy.env(log, FixedClock(toy.NOON)), parts=[toy.TALLY, toy.NOTES, outbox(side)])):
        await send(log, ["t/1"])
        await eventually(lambda: has_noted(log, 1))
        side.hanging.clear()
        await send(log, ["t/1"])
        await asyncio.sleep(0)
    side.hanging.set()
    async with running(Service(env=toy.env(log, FixedClock(toy.NOON)), parts=[toy.TALLY, toy.NOTES, outbox(side)])):
        await eventually(lambda: has_noted(log, 2))
    assert side.told == [("t/1", 1), ("t/1", 2)]
