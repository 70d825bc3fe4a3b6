"""A partition whose position was lost stops and says so; a registry that lost its store is noticed at start."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
import toy

from chassis.clock import FixedClock
from chassis.codec import Codec, WrongIds
from chassis.decider import Decider, EventContext, To
from chassis.log import Appender, Entry, MemoryLog, TopicPartition, partition_of, read_to_end
from chassis.log.envelope import Stamp, entry_of
from chassis.runner import Entity, Outbox, Policy, Service
from chassis.runner.positions import parse_position
from chassis.telemetry import Tracing
from chassis.testing import eventually, read_topic, running

COMMANDS = "toys.tally.command.v1"
EVENTS = "toys.tally.event.v1"
KEY = "t/1"
AT = TopicPartition(COMMANDS, partition_of(KEY.encode(), 4))


async def send(log: MemoryLog, clock: FixedClock, *amounts: int) -> None:
    appender = Appender(log=log, codec=toy.codec(), clock=clock, service="edge", tracing=Tracing("edge"))
    for amount in amounts:
        await appender.append(topic=COMMANDS, key=KEY, record=toy.Add(at=toy.NOON, number=1, amount=amount))


async def said(log: MemoryLog) -> list[Any]:
    return [seen.record for seen in await read_topic(log, toy.codec(), EVENTS)]


async def has_said(log: MemoryLog, count: int) -> bool:
    return len(await said(log)) == count


@asynccontextmanager
async def started(service: Service) -> AsyncIterator[None]:
    """Running, but not necessarily ready."""
    task = asyncio.create_task(service.run())
    try:
        yield
    finally:
        service.stop()
        await task


def lost(service: Service) -> list[str]:
    return [reason for reason in service.health.reasons() if "position lost" in reason]


async def test_a_log_that_begins_above_the_position_stops_the_partition_and_says_so() -> None:
    log, clock = MemoryLog(), FixedClock(toy.NOON)
    async with running(Service(env=toy.env(log, clock), parts=[toy.TALLY])):
        await send(log, clock, 1)
        await eventually(lambda: has_said(log, 1))
    await send(log, clock, 1, 1, 1)
    log.drop_before(AT, 3)
    service = Service(env=toy.env(log, clock), parts=[toy.TALLY])
    async with started(service):
        await eventually(lambda: lost(service))
        assert lost(service) == [
            f"{COMMANDS}/{AT.partition}: position lost: position 1 is below the start 3 of {COMMANDS}/{AT.partition}"
        ]
    assert len(await said(log)) == 1


async def test_a_state_topic_without_position_over_a_log_that_has_lost_its_start_is_lost() -> None:
    log, clock = MemoryLog(), FixedClock(toy.NOON)
    await send(log, clock, 1, 1)
    log.drop_before(AT, 1)
    service = Service(env=toy.env(log, clock), parts=[toy.TALLY])
    async with started(service):
        await eventually(lambda: lost(service))
    assert await said(log) == []


async def test_a_position_past_the_end_is_lost() -> None:
    log, clock = MemoryLog(), FixedClock(toy.NOON)
    await (await log.producer.send("toys.tally.state.v1", Entry(b"@pos", b'{"next": 77}'), AT.partition))
    service = Service(env=toy.env(log, clock), parts=[toy.TALLY])
    async with started(service):
        await eventually(lambda: lost(service))


async def test_other_state_code_refolds_the_events() -> None:
    log, clock = MemoryLog(), FixedClock(toy.NOON)
    async with running(Service(env=toy.env(log, clock), parts=[toy.TALLY])):
        await send(log, clock, 5, 2)
        await eventually(lambda: has_said(log, 2))
    doubled = Entity(name="toys.tally", decider=DOUBLED)
    async with running(Service(env=toy.env(log, clock), parts=[doubled])):
        await send(log, clock, 1)
        await eventually(lambda: has_said(log, 3))
    assert (await said(log))[-1].total == 14 + 1


def doubled_evolve(state: toy.State, event: toy.Added | toy.Closed) -> "Doubled":
    return Doubled(total=event.total * 2)


class Doubled(toy.Open):
    """The same under another name: another shape of state."""


DOUBLED = Decider(initial=Doubled(total=0), decide=toy.decide, evolve=doubled_evolve, state_type=Doubled)


class FakeRegistry:
    """Answers `GET /schemas/ids/{id}` like Confluent's registry, on a real socket."""

    def __init__(self, schemas: Mapping[int, Mapping[str, Any]]) -> None:
        self._schemas = schemas
        self.url = ""

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        schema_id = int(request.split(b" ")[1].rpartition(b"/")[2])
        schema = self._schemas.get(schema_id)
        body = json.dumps({"schema": json.dumps(schema)}).encode()
        status = b"404 Not Found" if schema is None else b"200 OK"
        head = b"HTTP/1.1 %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % (status, len(body))
        writer.write(head + body)
        await writer.drain()
        writer.close()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        server = await asyncio.start_server(self._answer, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        try:
            yield
        finally:
            server.close()


def schemas() -> dict[int, Mapping[str, Any]]:
    ids = toy.codec().ids
    return {ids[shape.fingerprint]: shape.schema for shape in toy.RECORDS.values()}


async def test_a_registry_that_lost_its_store_is_noticed_at_start() -> None:
    log, clock = MemoryLog(), FixedClock(toy.NOON)
    registry = FakeRegistry({})
    async with registry.listening():
        service = Service(env=toy.env(log, clock), parts=[toy.TALLY], registry=registry.url)
        with pytest.raises(WrongIds, match="lost its store"):
            await service.run()


async def test_a_registry_that_numbers_otherwise_is_noticed_at_start() -> None:
    log, clock = MemoryLog(), FixedClock(toy.NOON)
    registry = FakeRegistry({schema_id + 1: schema for schema_id, schema in schemas().items()})
    async with registry.listening():
        with pytest.raises(WrongIds):
            await Service(env=toy.env(log, clock), parts=[toy.TALLY], registry=registry.url).run()


async def test_a_registry_that_knows_us_lets_us_start_and_one_that_is_down_too() -> None:
    log, clock = MemoryLog(), FixedClock(toy.NOON)
    registry = FakeRegistry(schemas())
    async with (
        registry.listening(),
        running(Service(env=toy.env(log, clock), parts=[toy.TALLY], registry=registry.url)),
    ):
        pass
    async with running(Service(env=toy.env(log, clock), parts=[toy.TALLY], registry=registry.url)):
        pass


def newer_shape(name: str) -> tuple[Codec, Mapping[str, Any]]:
    """A writer that has one field more, under the registry's id 99; and its schema."""
    newer = json.loads(json.dumps(toy.RECORDS[name].schema))
    newer["fields"].append({"name": "remark", "type": "string", "default": ""})
    return toy.codec_with(replace(toy.RECORDS[name], schema=newer, fingerprint="f" * 16), schema_id=99), newer


async def test_another_writers_shape_is_learnt_from_the_registry() -> None:
    log, clock = MemoryLog(), FixedClock(toy.NOON)
    theirs, newer = newer_shape("toy.Add")
    registry = FakeRegistry({**schemas(), 99: newer})
    async with registry.listening():
        service = Service(env=toy.env(log, clock), parts=[toy.TALLY], registry=registry.url)
        async with running(service):
            appender = Appender(log=log, codec=theirs, clock=clock, service="newer", tracing=Tracing("newer"))
            await appender.append(topic=COMMANDS, key=KEY, record=toy.Add(at=toy.NOON, number=1, amount=4))
            await eventually(lambda: has_said(log, 1))
    assert (await said(log))[0].total == 4


async def _tell(event: toy.Added, context: EventContext) -> list[To]:
    return toy.react(event, context, None)


@pytest.mark.parametrize(
    "part",
    [toy.POLICY, Outbox(name="toys.note-outbox", source=EVENTS, target="toys.note", act=_tell)],
    ids=["policy", "outbox"],
)
async def test_what_came_before_a_shape_to_be_learnt_is_not_lost(part: Policy | Outbox) -> None:
    log, clock = MemoryLog(), FixedClock(toy.NOON)
    theirs, newer = newer_shape("toy.Added")
    for version, codec in enumerate((toy.codec(), theirs), start=1):
        encoded = codec.encode(EVENTS, toy.Added(number=version, amount=1, total=version))
        stamp = Stamp(record_id=f"event-{version}", source=b"/newer", time=toy.NOON, key=KEY, stream_version=version)
        await log.producer.send(EVENTS, entry_of(encoded, stamp))
    registry = FakeRegistry({**schemas(), 99: newer})
    async with registry.listening():
        service = Service(env=toy.env(log, clock), parts=[toy.NOTES, part], registry=registry.url)
        async with running(service):
            await eventually(lambda: _noted(log, [1, 2]))


async def _noted(log: MemoryLog, totals: list[int]) -> bool:
    return [seen.record.total for seen in await read_topic(log, toy.codec(), "toys.note.event.v1")] == totals


async def test_a_position_past_records_of_which_nothing_came_is_kept_too() -> None:
    log, clock = MemoryLog(), FixedClock(toy.NOON)
    closings = replace(toy.POLICY, of=(toy.Closed,))
    appender = Appender(log=log, codec=toy.codec(), clock=clock, service="edge", tracing=Tracing("edge"))
    at = TopicPartition("toys.note-policy.state.v1", partition_of(KEY.encode(), 4))
    async with running(Service(env=toy.env(log, clock), parts=[toy.NOTES, closings])):
        for total in range(3):
            await appender.append(topic=EVENTS, key=KEY, record=toy.Added(number=total, amount=1, total=total))
        await eventually(lambda: _position(log, at, 3))


async def _position(log: MemoryLog, at: TopicPartition, offset: int) -> bool:
    kept = [parse_position(record.value or b"") async for records in read_to_end(log, at) for record in records]
    return kept[-1:] == [offset]
