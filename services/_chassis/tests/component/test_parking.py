"""An undecodable fact parks its aggregate, in order and for repair; a person's undecodable command is refused."""

from dataclasses import replace
from typing import Any

import pytest
import toy

from chassis.clock import FixedClock
from chassis.codec import Codec
from chassis.dead_letters import Letterbox, TooManyParked
from chassis.dead_letters.repair import unpark, waiting
from chassis.log import Appender, Entry, MemoryLog, TopicPartition, read_to_end
from chassis.log.envelope import SRC
from chassis.runner import Env, Service
from chassis.tables import Table
from chassis.telemetry import Tracing
from chassis.testing import eventually, read_topic, running

COMMANDS = "toys.tally.command.v1"
EVENTS = "toys.tally.event.v1"
SNAPSHOTS = "toys.tally.snapshot.v1"
OLD_TOPICS = {**toy.TOPICS, COMMANDS: toy.Topic(kind="command", records=("toy.Add",))}
"""The catalogue of a build that does not know Close yet."""


def old_build(log: MemoryLog) -> Env:
    env = toy.env(log, FixedClock(toy.NOON))
    return replace(env, letterbox=Letterbox(b"secret"), codec=Codec(records=toy.RECORDS, topics=OLD_TOPICS))


def new_build(log: MemoryLog) -> Env:
    return replace(toy.env(log, FixedClock(toy.NOON)), letterbox=Letterbox(b"secret"))


class Sender:
    """Sends facts, as a policy would: with the offset of what they answer."""

    def __init__(self, log: MemoryLog) -> None:
        clock = FixedClock(toy.NOON)
        self._appender = Appender(log=log, codec=toy.codec(), clock=clock, service="edge", tracing=Tracing("edge"))
        self._sent = 0

    async def send(self, key: str, *records: Any) -> None:
        for record in records:
            self._sent += 1
            extra = ((SRC, f"elsewhere/0/{self._sent}/0".encode()),)
            await (await self._appender.append_nowait(topic=COMMANDS, key=key, record=record, extra=extra))


def add(number: int) -> toy.Add:
    return toy.Add(at=toy.NOON, number=number, amount=1)


CLOSE = toy.Close(at=toy.NOON)


async def said(log: MemoryLog, key: str) -> list[Any]:
    return [seen.record for seen in await read_topic(log, toy.codec(), EVENTS) if seen.context.key == key]


async def parked(log: MemoryLog, name: str = "toys.tally") -> list[tuple[str, str]]:
    return [(each.key, each.reason) for each in await waiting(log, name)]


async def test_what_stands_behind_a_parked_record_waits_and_is_repaired_in_order() -> None:
    log = MemoryLog()
    sender = Sender(log)
    async with running(Service(env=old_build(log), parts=[toy.TALLY])):
        await sender.send("t/1", add(1), CLOSE, add(2), add(3))
        await sender.send("t/2", add(4))
        await eventually(lambda: _has(log, "t/2", 1))
        await eventually(lambda: parked(log))
        assert await parked(log) == [("t/1", "record-not-on-topic")]
        assert await unpark(log, "toys.tally", "t/1") == "still-parked"
        assert await unpark(log, "toys.tally", "t/2") == "not-parked"
        assert len(await said(log, "t/1")) == 1
    async with running(Service(env=new_build(log), parts=[toy.TALLY])):
        assert await unpark(log, "toys.tally", "t/1") == "unparked"
        await sender.send("t/1", CLOSE)
        assert await parked(log) == []
    assert [type(event) for event in await said(log, "t/1")] == [toy.Added, toy.Closed]
    clear = toy.codec().encode(COMMANDS, CLOSE).value
    assert all(clear not in letter.value for letter in await dead(log)), "a letter is sealed"
    assert len(await dead(log)) == 3, "Close and the two that stood behind it; a repair writes none"


async def _has(log: MemoryLog, key: str, count: int) -> bool:
    return len(await said(log, key)) == count


async def dead(log: MemoryLog) -> list[Any]:
    boxes = [TopicPartition("toys.parked.dlq.v1", partition) for partition in range(4)]
    return [record for box in boxes async for records in read_to_end(log, box) for record in records]


async def test_a_policy_repairs_what_it_parked_when_another_build_starts() -> None:
    log = MemoryLog()
    blind = Codec(records=toy.RECORDS, topics={**toy.TOPICS, EVENTS: toy.Topic(kind="event", records=("toy.Closed",))})
    sender = Sender(log)
    async with running(Service(env=new_build(log), parts=[toy.TALLY])):
        await sender.send("t/1", add(1), add(2))
        await eventually(lambda: _has(log, "t/1", 2))
    env = replace(new_build(log), codec=blind)
    async with running(Service(env=env, parts=[toy.NOTES, toy.POLICY])):
        await eventually(lambda: env.metrics.get("reactions", "toys.note-policy") == 2)
        assert await read_topic(log, toy.codec(), "toys.note.event.v1") == []
        assert env.metrics.get("dead_letters", "record-not-on-topic") == 1
        assert sum(env.metrics.get("parked", f"toys.note-policy/{partition}") for partition in range(4)) == 1
        assert await parked(log, "toys.note-policy") == [("t/1", "record-not-on-topic")]
    for _ in range(2):
        async with running(Service(env=env, parts=[toy.NOTES, toy.POLICY])):
            assert await parked(log, "toys.note-policy") == [("t/1", "record-not-on-topic")]
    assert len(await dead(log)) == 2, "a start that still cannot read them writes no letter"
    async with running(Service(env=new_build(log), parts=[toy.NOTES, toy.POLICY])):
        await eventually(lambda: _noted(log, [1, 2]))
    assert await parked(log, "toys.note-policy") == []


async def _noted(log: MemoryLog, totals: list[int]) -> bool:
    return [seen.record.total for seen in await read_topic(log, toy.codec(), "toys.note.event.v1")] == totals


async def test_more_than_ten_parked_a_minute_stop_the_service() -> None:
    log = MemoryLog()
    for number in range(11):
        garbage = Entry(f"t/{number}".encode(), b"garbage", [(SRC, f"elsewhere/0/{number}/0".encode())])
        await log.producer.send(COMMANDS, garbage, 0)
    with pytest.raises(ExceptionGroup) as raised:
        await Service(env=new_build(log), parts=[toy.TALLY]).run()
    assert raised.group_contains(TooManyParked)


@pytest.mark.parametrize("key", ["@pos", "@parked", "no-tenant", ""])
async def test_a_key_that_is_not_an_aggregates_is_refused(key: str) -> None:
    log, env = MemoryLog(), new_build(MemoryLog())
    env = replace(env, log=log)
    async with running(Service(env=env, parts=[toy.TALLY])):
        await Sender(log).send(key, add(1))
        await eventually(
            lambda: env.metrics.get("dead_letters", "bad-key") + env.metrics.get("dead_letters", "bad-headers")
        )
    async with running(Service(env=env, parts=[toy.TALLY])):
        assert await read_topic(log, toy.codec(), EVENTS) == []


@pytest.mark.parametrize("reply_to", [b"toys.edge.reply.v1/99", b"toys.tally.event.v1/0", b"nonsense", b"\xff/\xff"])
async def test_an_address_that_is_none_of_ours_gets_no_reply_and_harms_nobody(reply_to: bytes) -> None:
    log = MemoryLog()
    env = new_build(log)
    async with running(Service(env=env, parts=[toy.TALLY])):
        clock = FixedClock(toy.NOON)
        appender = Appender(log=log, codec=toy.codec(), clock=clock, service="edge", tracing=Tracing("edge"))
        await appender.append_nowait(topic=COMMANDS, key="t/1", record=add(1), extra=(("reply_to", reply_to),))
        await eventually(lambda: _has(log, "t/1", 1))
    assert env.metrics.get("dead_letters", "bad-reply-to") == 1


async def test_a_snapshot_that_cannot_be_read_holds_its_own_key_only() -> None:
    log = MemoryLog()
    env = toy.env(log, FixedClock(toy.NOON))
    totals: Table[toy.TallySnapshot] = Table(SNAPSHOTS)
    sender = Sender(log)
    async with running(Service(env=env, parts=[toy.TALLY, toy.NOTES, replace(toy.POLICY, facts=totals)])):
        await sender.send("t/1", add(1))
        await eventually(lambda: totals.get("t/last") == toy.TallySnapshot(total=1))
        for key in (b"t/last", b"t/other"):
            await log.producer.send(SNAPSHOTS, Entry(key, b"garbage", []))
        await eventually(lambda: env.metrics.get("dead_letters", "not-wire-format") == 2)
        assert env.metrics.get("parked", SNAPSHOTS) == 2
        assert dict(totals.items()) == {"t/last": toy.TallySnapshot(total=1)}
        assert held(env) == [("t/last", "not-wire-format"), ("t/other", "not-wire-format")]
        await sender.send("t/1", add(2))
        await eventually(lambda: totals.get("t/last") == toy.TallySnapshot(total=2))
        assert env.metrics.get("parked", SNAPSHOTS) == 1
        assert held(env) == [("t/other", "not-wire-format")]


def held(env: Env) -> list[tuple[str, str]]:
    return sorted((each.key, each.reason) for each in env.unreadable.waiting())
