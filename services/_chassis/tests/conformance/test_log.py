"""One suite for the real log and its twin in memory: what the loop rests on."""

import asyncio
from collections.abc import Iterable
from typing import Any

import pytest
import real_log
from aiokafka.errors import NodeNotReadyError

from chassis.log import (
    Consumer,
    Entry,
    Fetched,
    Log,
    LogError,
    PositionLost,
    TopicPartition,
    Transactional,
    partition_of,
    read_to_end,
)
from chassis.log.kafka import KafkaConsumer
from chassis.log.kafka_producing import KafkaProducer
from chassis.testing import eventually

EVENTS = "toys.tally.event.v1"
COMMANDS = "toys.tally.command.v1"
FIRST = TopicPartition(EVENTS, 0)


def entry(text: str, **headers: bytes) -> Entry:
    return Entry(text.encode(), text.encode(), tuple(headers.items()))


async def values(log: Log, at: TopicPartition = FIRST, start: int = 0) -> list[bytes | None]:
    return [record.value async for records in read_to_end(log, at, start) for record in records]


async def _holds(log: Log, at: TopicPartition, expected: list[bytes]) -> bool:
    return await values(log, at) == expected


async def test_what_was_acknowledged_is_read_in_order_with_its_headers(log: Log) -> None:
    sent = [await log.producer.send(EVENTS, entry(f"v{n}", h=b"x"), 0) for n in range(10)]
    appended = [await each for each in sent]
    assert [each.offset for each in appended] == list(range(10))
    records = [record async for batch in read_to_end(log, FIRST) for record in batch]
    assert [record.key for record in records] == [f"v{n}".encode() for n in range(10)]
    assert dict(records[0].headers) == {"h": b"x"}
    assert records[0].timestamp > 1_700_000_000_000


async def test_the_partition_follows_the_key(log: Log) -> None:
    for key in ("t/1", "t/2", "t/3"):
        appended = await (await log.producer.send(EVENTS, Entry(key.encode(), b"v")))
        assert appended.partition == partition_of(key.encode(), 4)


async def test_what_is_sent_at_once_is_queued_whole_or_not_at_all(log: Log) -> None:
    sent = log.producer.send_at_once(EVENTS, Entry(b"t/1", b"v1"))
    # A log that does not know the topic yet has queued nothing.
    first = await (sent or await log.producer.send(EVENTS, Entry(b"t/1", b"v1")))
    again = log.producer.send_at_once(EVENTS, Entry(b"t/1", b"v2"))
    assert again is not None
    second = await again
    assert (first.partition, first.offset) == (partition_of(b"t/1", 4), 0)
    assert (second.partition, second.offset) == (first.partition, 1)


async def test_a_transaction_is_seen_whole_or_not_at_all(log: Log) -> None:
    producer = log.transactional("t")
    await producer.start()
    await producer.begin()
    await producer.append(EVENTS, 0, [entry("a"), entry("b")])
    assert await values(log) == []
    await producer.append(COMMANDS, 1, [entry("c")])
    await producer.commit()
    # The real log acknowledges a commit a moment before readers see it.
    await eventually(lambda: _holds(log, FIRST, [b"a", b"b"]))
    await eventually(lambda: _holds(log, TopicPartition(COMMANDS, 1), [b"c"]))
    await producer.begin()
    await producer.append(EVENTS, 0, [entry("d")])
    await producer.abort()
    assert await values(log) == [b"a", b"b"]
    await producer.stop()


async def test_the_end_is_past_commit_markers_and_reading_reaches_it(log: Log) -> None:
    producer = log.transactional("t")
    await producer.start()
    for _ in range(3):
        await producer.begin()
        await producer.append(EVENTS, 0, [entry("a")])
        await producer.commit()
    await eventually(lambda: _holds(log, FIRST, [b"a"] * 3))
    assert (await log.ends([FIRST]))[FIRST] == 6
    assert await values(log, start=3) == [b"a"]
    await producer.stop()


async def test_a_successor_fences_and_ends_the_open_transaction(log: Log) -> None:
    old, new = log.transactional("t"), log.transactional("t")
    await old.start()
    await old.begin()
    await old.append(EVENTS, 0, [entry("zombie")])
    await new.start()
    with pytest.raises(LogError):
        await _finish(old)
    await new.begin()
    await new.append(EVENTS, 0, [entry("heir")])
    await new.commit()
    await eventually(lambda: _holds(log, FIRST, [b"heir"]))
    await old.stop()
    await new.stop()


async def _finish(producer: Transactional) -> None:
    await producer.append(EVENTS, 0, [entry("zombie")])
    await producer.commit()


async def _whole(producer: Transactional) -> None:
    await producer.begin()
    await _finish(producer)


async def test_a_fenced_producer_cannot_begin(log: Log) -> None:
    old, new = log.transactional("t"), log.transactional("t")
    await old.start()
    await new.start()
    with pytest.raises(LogError):
        await _whole(old)
    assert await values(log) == []
    await old.stop()
    await new.stop()


async def test_an_assigned_reader_starts_where_it_is_told(log: Log) -> None:
    for n in range(5):
        await (await log.producer.send(EVENTS, entry(f"v{n}"), 0))
    reader = await log.assigned({FIRST: 3})
    found = await _fetch(reader, 2)
    assert [record.offset for record in found] == [3, 4]
    assert await reader.position(FIRST) == 5
    await reader.stop()


async def test_a_position_past_the_end_is_lost(log: Log) -> None:
    await (await log.producer.send(EVENTS, entry("v"), 0))
    reader = await log.assigned({FIRST: 77})
    with pytest.raises(PositionLost):
        await _fetch(reader, 1)
    await reader.stop()


async def _fetch(consumer: Consumer, count: int, at: TopicPartition = FIRST) -> list[Fetched]:
    found: list[Fetched] = []
    async with asyncio.timeout(20):
        while len(found) < count:
            found.extend((await consumer.fetch(at, timeout_s=0.5)).get(at, ()))
    return found


class Member:
    def __init__(self) -> None:
        self.owned: set[TopicPartition] = set()
        self.consumer: Any = None

    async def assigned(self, partitions: Iterable[TopicPartition]) -> None:
        self.owned |= set(partitions)

    async def revoked(self, partitions: Iterable[TopicPartition]) -> None:
        self.owned -= set(partitions)


async def _join(log: Log, member: Member, group: str = "g") -> None:
    member.consumer = await log.group(group, [EVENTS], on_assigned=member.assigned, on_revoked=member.revoked)


async def test_a_group_shares_the_partitions_and_takes_over(log: Log) -> None:
    everything = {TopicPartition(EVENTS, p) for p in range(4)}
    one, two = Member(), Member()
    await _join(log, one)
    await eventually(deadline_s=30, check=lambda: one.owned == everything)
    await _join(log, two)
    await eventually(deadline_s=30, check=lambda: one.owned and two.owned and one.owned | two.owned == everything)
    assert not one.owned & two.owned
    await one.consumer.stop()
    await eventually(deadline_s=30, check=lambda: two.owned == everything)
    await two.consumer.stop()


async def test_a_member_reads_from_where_it_seeks_and_commits(log: Log) -> None:
    for n in range(5):
        await (await log.producer.send(EVENTS, entry(f"v{n}"), 0))
    member = Member()
    await _join(log, member)
    await eventually(deadline_s=30, check=lambda: FIRST in member.owned)
    assert await member.consumer.committed(FIRST) is None
    member.consumer.seek(FIRST, 2)
    assert [record.offset for record in await _fetch(member.consumer, 3)] == [2, 3, 4]
    await member.consumer.commit({FIRST: 5})
    assert await member.consumer.committed(FIRST) == 5
    await member.consumer.stop()


async def test_an_unknown_partition_cannot_be_sought(log: Log) -> None:
    member = Member()
    await _join(log, member)
    await eventually(deadline_s=30, check=lambda: member.owned)
    with pytest.raises(LogError):
        member.consumer.seek(TopicPartition(COMMANDS, 0), 0)
    await member.consumer.stop()


async def test_a_producer_whose_client_died_is_replaced() -> None:
    async with real_log.namespace() as prefix:
        log = real_log.kafka_log(prefix)
        await log.start()
        await (await log.producer.send(EVENTS, entry("before"), 0))
        producer = log.producer
        assert isinstance(producer, KafkaProducer)
        producer.sender.cancel()
        await asyncio.wait([producer.sender])
        await asyncio.wait_for(await log.producer.send(EVENTS, entry("after"), 0), 10)
        assert await values(log) == [b"before", b"after"]
        await log.stop()
        await asyncio.sleep(0.2)  # the client closes its sockets a moment later


async def test_a_reader_is_stopped_while_its_fetch_waits_to_be_tried_again() -> None:
    async with real_log.namespace() as prefix:
        log = real_log.kafka_log(prefix)
        await log.start()
        await (await log.producer.send(EVENTS, entry("before"), 0))
        before, failed = asyncio.all_tasks(), asyncio.Event()
        reader = await log.assigned({FIRST: 1})
        assert isinstance(reader, KafkaConsumer)

        async def gone(*_: object) -> None:
            failed.set()
            raise NodeNotReadyError

        reader.client.send = gone
        async with asyncio.timeout(10):
            await failed.wait()
        await reader.stop()
        await eventually(lambda: asyncio.all_tasks() <= before)
        await log.stop()
        await asyncio.sleep(0.2)  # the client closes its sockets a moment later
