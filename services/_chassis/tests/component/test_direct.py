"""A policy whose commands are decided as its source is read: the same events as by the command topic, each once."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
import toy

from chassis.clock import FixedClock
from chassis.codec import Codec
from chassis.dead_letters.repair import unpark, waiting
from chassis.decider import EventContext, To
from chassis.log import Appender, Entry, Log, LogError, MemoryLog
from chassis.log.envelope import SRC
from chassis.runner import Service
from chassis.telemetry import Tracing
from chassis.testing import eventually, read_topic, running

EVENTS = "toys.tally.event.v1"
NOTED = "toys.note.event.v1"
CLOCK = FixedClock(toy.NOON)
HOP = (toy.NOTES, toy.POLICY)
BLIND = Codec(records=toy.RECORDS, topics={**toy.TOPICS, EVENTS: toy.Topic(kind="event", records=("toy.Closed",))})
"""A build that cannot read Added."""


async def tell(log: Log, key: str, *totals: int) -> None:
    """Events of tallies, as a gateway's: no decider counts their versions."""
    appender = Appender(log=log, codec=toy.codec(), clock=CLOCK, service="edge", tracing=Tracing("edge"))
    for total in totals:
        record = toy.Added(number=total, amount=1, total=total)
        await appender.append(topic=EVENTS, key=key, record=record, event_id=f"{key}-{total}")


async def ask(log: Log, key: str, total: int) -> None:
    """A command by the entity's own topic."""
    appender = Appender(log=log, codec=toy.codec(), clock=CLOCK, service="edge", tracing=Tracing("edge"))
    await appender.append(topic="toys.note.command.v1", key=key, record=toy.Note(at=toy.NOON, total=total))


async def noted(log: Log, key: str = "t/1") -> list[int]:
    return [seen.record.total for seen in await read_topic(log, toy.codec(), NOTED) if seen.context.key == key]


async def until_noted(log: Log, totals: Sequence[int], key: str = "t/1") -> None:
    async def is_so() -> bool:
        return await noted(log, key) == list(totals)

    await eventually(is_so)


def service(log: Log, *parts: Any, codec: Codec | None = None) -> Service:
    env = toy.env(log, CLOCK)
    return Service(env=env if codec is None else replace(env, codec=codec), parts=parts)


async def test_what_comes_of_an_event_is_the_same_as_by_the_command_topic() -> None:
    told = []
    for parts in (HOP, (toy.DIRECT,)):
        log = MemoryLog()
        async with running(service(log, *parts)):
            await tell(log, "t/1", 1, 2)
            await tell(log, "t/2", 3)
            await until_noted(log, [1, 2])
            await until_noted(log, [3], "t/2")
        seen = await read_topic(log, toy.codec(), NOTED)
        told.append([(each.record, replace(each.context, log_time_ms=0)) for each in seen])
    assert told[0] == told[1]
    assert next(context.headers[SRC] for _, context in told[1]).startswith(EVENTS.encode())


async def test_both_inputs_are_resumed_where_they_stood(log: Log) -> None:
    said: list[int] = []
    for turn in range(1, 4):
        async with running(service(log, toy.DIRECT)):
            await tell(log, "t/1", turn)
            await until_noted(log, [*said, turn])
            await ask(log, "t/1", 10 * turn)
            said += [turn, 10 * turn]
            await until_noted(log, said)


async def test_what_came_by_the_command_topic_is_not_decided_again(log: Log) -> None:
    for turn, parts in enumerate([HOP, (toy.DIRECT,), HOP, (toy.DIRECT,)], start=1):
        async with running(service(log, *parts)):
            await tell(log, "t/1", turn)
            await until_noted(log, range(1, turn + 1))


async def test_what_cannot_be_read_waits_with_its_key_until_a_start_that_can() -> None:
    log = MemoryLog()
    async with running(service(log, toy.DIRECT, codec=BLIND)):
        await tell(log, "t/1", 1, 2)
        await ask(log, "t/1", 7)
        await until_noted(log, [7])
        await eventually(lambda: _waits(log, [(EVENTS, "t/1", "record-not-on-topic")]))
    async with running(service(log, toy.DIRECT)):
        await tell(log, "t/1", 3)
        await until_noted(log, [7, 1, 2, 3])
        assert await _waits(log, [])


async def _waits(log: Log, expected: list[tuple[str, str, str]]) -> bool:
    return [(each.entity, each.key, each.reason) for each in await waiting(log, "toys.note")] == expected


async def test_what_stands_behind_a_parked_aggregate_is_decided_once_that_is_repaired() -> None:
    log = MemoryLog()
    blind = Codec(records=toy.RECORDS, topics={**toy.TOPICS, "toys.note.command.v1": toy.Topic(kind="command")})
    async with running(service(log, toy.DIRECT, codec=blind)):
        encoded = toy.codec().encode("toys.note.command.v1", toy.Note(at=toy.NOON, total=1))
        await ask_undecoded(log, encoded.value)
        await eventually(lambda: _waits(log, [("toys.note", "t/1", "record-not-on-topic")]))
        await tell(log, "t/1", 2)
        await tell(log, "t/2", 5)
        await until_noted(log, [5], "t/2")
        assert await noted(log) == []
    async with running(service(log, toy.DIRECT)):
        await tell(log, "t/1", 3)
        assert await noted(log) == []
        assert await unpark(log, "toys.note", "t/1") == "unparked"
        await until_noted(log, [1, 2, 3])
        assert await _waits(log, [])


async def ask_undecoded(log: Log, value: bytes) -> None:
    """A fact on the command topic, as a policy of its own would send it."""
    headers = [
        ("ce_id", b"fact-1"),
        ("ce_type", b"toy.Note"),
        ("ce_time", toy.NOON.isoformat().encode()),
        ("ce_tenant", b"t"),
        ("schema_fp", toy.RECORDS["toy.Note"].fingerprint.encode()),
        (SRC, b"elsewhere/0/1/0"),
    ]
    await (await log.producer.send("toys.note.command.v1", Entry(b"t/1", value, headers)))


async def test_a_policy_that_asks_another_aggregate_stops_the_service() -> None:
    def astray(event: Any, context: EventContext, _facts: object) -> list[To]:
        return [To(key="t/elsewhere", command=toy.Note(at=context.time, total=event.total))]

    log = MemoryLog()
    await tell(log, "t/1", 1)
    with pytest.raises(ExceptionGroup) as raised:
        await service(log, replace(toy.DIRECT, direct=replace(toy.POLICY, react=astray))).run()
    assert raised.group_contains(ValueError, match="t/elsewhere")


async def test_a_source_that_is_partitioned_otherwise_is_found_at_the_start() -> None:
    with pytest.raises(LogError, match="partition counts differ"):
        await service(MemoryLog({EVENTS: 8}), toy.DIRECT).run()
