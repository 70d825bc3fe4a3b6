"""Outboxes act until they know, in order within a key, and report what they learnt."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import toy

from chassis.clock import FixedClock
from chassis.codec import Codec
from chassis.dead_letters import Letterbox
from chassis.dead_letters.repair import waiting
from chassis.decider import EventContext, To
from chassis.log import Appender, Entry, MemoryLog, TopicPartition, read_to_end
from chassis.log.envelope import Stamp, entry_of
from chassis.outbox import Retry
from chassis.runner import Outbox, Service
from chassis.runner.positions import parse_position
from chassis.telemetry import Tracing
from chassis.testing import eventually, read_topic, running

NOTED = "toys.note.event.v1"
TALLIED = "toys.tally.event.v1"


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
    return Outbox(name="toys.note-outbox", source=TALLIED, target="toys.note", act=side.act)


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


async def test_what_a_reaction_is_not_for_is_passed_over_even_unreadable_and_its_position_moves() -> None:
    log, side, env_clock = MemoryLog(default=1), OtherSide(), FixedClock(toy.NOON)
    parts = (replace(outbox(side), of=(toy.Closed,)), replace(toy.POLICY, of=(toy.Closed,)))
    read, unread = (event_entry(toy.Added(number=1, amount=1, total=1), version) for version in (0, 1))
    await log.producer.send(TALLIED, read)
    await log.producer.send(TALLIED, Entry(unread.key, b"not avro", unread.headers))
    async with running(Service(env=toy.env(log, env_clock), parts=[toy.NOTES, *parts])):
        for part in parts:
            await eventually(lambda name=part.name: stands_at(log, name, 2))
        await log.producer.send(TALLIED, event_entry(toy.Closed(total=9), 2))
        await eventually(lambda: has_noted(log, 2))
    assert side.told == [("t/1", 9)]
    assert await noted(log) == [("t/1", 9)] * 2


def event_entry(event: toy.Added | toy.Closed, version: int) -> Entry:
    stamp = Stamp(record_id=f"event-{version}", source=b"/edge", time=toy.NOON, key="t/1", stream_version=version)
    return entry_of(toy.codec().encode(TALLIED, event), stamp)


async def stands_at(log: MemoryLog, name: str, offset: int) -> bool:
    state = TopicPartition(f"{name}.state.v1", 0)
    stored = [record.value async for records in read_to_end(log, state) for record in records]
    return bool(stored) and parse_position(stored[-1] or b"") == offset


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


def blind() -> Codec:
    """Of a build that knows no tally that closed."""
    return Codec(records=toy.RECORDS, topics={**toy.TOPICS, TALLIED: toy.Topic(kind="event", records=("toy.Added",))})


async def tell(log: MemoryLog, key: str, *events: toy.Added | toy.Closed) -> None:
    """As a decider that this service does not run."""
    clock = FixedClock(toy.NOON)
    appender = Appender(log=log, codec=toy.codec(), clock=clock, service="elsewhere", tracing=Tracing("elsewhere"))
    for event in events:
        await appender.append(topic=TALLIED, key=key, record=event)


async def parked(log: MemoryLog) -> list[tuple[str, str]]:
    return [(each.key, each.reason) for each in await waiting(log, "toys.note-outbox")]


def added(total: int) -> toy.Added:
    return toy.Added(number=total, amount=1, total=total)


CLOSED = toy.Closed(total=2)


async def test_an_event_that_cannot_be_read_holds_its_key_and_is_sent_in_order_by_the_build_that_can() -> None:
    log, side = MemoryLog(), OtherSide()
    await tell(log, "t/1", added(1), CLOSED, added(3))
    await tell(log, "t/2", added(7))
    env = replace(toy.env(log, FixedClock(toy.NOON)), letterbox=Letterbox(b"secret"))
    for _ in range(2):
        async with running(Service(env=replace(env, codec=blind()), parts=[toy.NOTES, outbox(side)])):
            await eventually(lambda: parked_and_noted(log, {("t/1", 1), ("t/2", 7)}))
            assert sum(value for _, value in env.metrics.labelled("parked")) == 1
    async with running(Service(env=env, parts=[toy.NOTES, outbox(side)])):
        await tell(log, "t/1", added(4))
        await eventually(lambda: has_noted(log, 5))
        assert await parked(log) == []
        assert sum(value for _, value in env.metrics.labelled("parked")) == 0
    assert [total for key, total in side.told if key == "t/1"] == [1, 2, 3, 4]
    assert set(side.calls.values()) == {1}


async def parked_and_noted(log: MemoryLog, wanted: set[tuple[str, int]]) -> bool:
    return set(await noted(log)) == wanted and await parked(log) == [("t/1", "record-not-on-topic")]


async def test_a_repair_that_is_cut_short_goes_on_where_it_was() -> None:
    log, side = MemoryLog(), OtherSide()
    await tell(log, "t/1", CLOSED, added(3))
    env = toy.env(log, FixedClock(toy.NOON))
    async with running(Service(env=replace(env, codec=blind()), parts=[toy.NOTES, outbox(side)])):
        await eventually(lambda: env.metrics.get("dead_letters", "behind-a-parked-record"))
    second = OtherSide(failures=1_000)
    half = replace(outbox(side), act=lambda event, context: (side if event == CLOSED else second).act(event, context))
    async with running(Service(env=env, parts=[toy.NOTES, half])):
        await eventually(lambda: second.calls)
        assert await parked(log) == [("t/1", "record-not-on-topic")]
    async with running(Service(env=env, parts=[toy.NOTES, outbox(side)])):
        await eventually(lambda: has_noted(log, 2))
        await eventually(lambda: nothing_parked(log))
    assert side.told == [("t/1", 2), ("t/1", 3)]


async def nothing_parked(log: MemoryLog) -> bool:
    return not await parked(log)
