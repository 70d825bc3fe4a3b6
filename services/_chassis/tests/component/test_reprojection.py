"""What a projection could not read is listed, and is in the rows once a build starts that can; the rest went on."""

from collections.abc import Sequence
from dataclasses import replace

import toy

from chassis.cassandra import Rows, Upsert, Write
from chassis.clock import FixedClock
from chassis.codec import Codec
from chassis.dead_letters import Letterbox
from chassis.decider import EventContext
from chassis.log import Entry, MemoryLog, TopicPartition, read_to_end
from chassis.log.envelope import Stamp, entry_of
from chassis.runner import Env, Projection, Service
from chassis.testing import eventually, running

EVENTS, LETTERS = "toys.tally.event.v1", "projections.parked.dlq.v1"
BLIND = Codec(records=toy.RECORDS, topics={**toy.TOPICS, EVENTS: toy.Topic(kind="event", records=("toy.Added",))})
"""Of a build that knows no tally that closed."""


def project(event: toy.Added | toy.Closed, context: EventContext) -> Sequence[Write]:
    total = {"closed_at": event.total} if isinstance(event, toy.Closed) else {"total": event.total}
    key = {"tenant": context.tenant, "tally": context.key}
    return [Upsert(table="tallies", key=key, values=total, version=context.stream_version)]


def env_of(log: MemoryLog, codec: Codec) -> Env:
    return replace(toy.env(log, FixedClock(toy.NOON)), codec=codec, letterbox=Letterbox(b"secret"))


def view(rows: Rows, name: str = "view_v1") -> Projection:
    return Projection(name=name, sources=(EVENTS,), project=project, store=rows)


async def tell(log: MemoryLog, key: str, *events: toy.Added | toy.Closed, first: int = 1) -> None:
    for version, event in enumerate(events, start=first):
        encoded = toy.codec().encode(EVENTS, event)
        stamp = Stamp(record_id=f"{key}@{version}", source=b"/test", time=toy.NOON, key=key, stream_version=version)
        await log.producer.send(EVENTS, entry_of(encoded, stamp))


async def letters(log: MemoryLog) -> int:
    boxes = [TopicPartition(LETTERS, partition) for partition in range(4)]
    return len([record for box in boxes async for records in read_to_end(log, box) for record in records])


def listed(env: Env) -> list[tuple[str, str, str]]:
    return sorted((each.entity, each.key, each.reason) for each in env.unreadable.waiting())


def added(total: int) -> toy.Added:
    return toy.Added(number=total, amount=1, total=total)


def totals(rows: Rows) -> dict[object, object]:
    return {row["tally"]: row.get("total") for row in rows.rows("tallies")}


async def test_what_could_not_be_projected_is_listed_and_is_in_the_rows_of_the_next_build() -> None:
    log, rows = MemoryLog(), Rows()
    await tell(log, "t/1", added(1), toy.Closed(total=1), added(3))
    await log.producer.send(EVENTS, Entry(b"t/9", b"garbage"))
    held = [(EVENTS, "t/1", "record-not-on-topic"), (EVENTS, "t/9", "bad-headers")]
    for start in range(2):
        env = env_of(log, BLIND)
        async with running(Service(env=env, parts=[view(rows)])):
            await eventually(lambda env=env: listed(env) == held)
            assert env.metrics.get("parked", "view_v1") == 2
            await eventually(lambda: totals(rows) == {"t/1": 3})
            if start:
                assert await letters(log) == 2, "a start that still cannot read them writes no letter"
                await tell(log, "t/2", added(1), toy.Closed(total=7))
                await eventually(lambda env=env: (EVENTS, "t/2", "record-not-on-topic") in listed(env))
                assert env.metrics.get("parked", "view_v1") == 3
    env = env_of(log, toy.codec())
    async with running(Service(env=env, parts=[view(rows)])):
        await eventually(lambda: [row.get("closed_at") for row in rows.rows("tallies")] == [1, 7])
        assert listed(env) == [(EVENTS, "t/9", "bad-headers")]
        assert env.metrics.get("parked", "view_v1") == 1
    anew = Rows()
    async with running(Service(env=env_of(log, toy.codec()), parts=[view(anew, "view_v2")])):
        await eventually(lambda: anew.rows("tallies") == rows.rows("tallies"))


async def test_letters_of_topics_that_it_does_not_read_are_not_its_business() -> None:
    log, rows = MemoryLog(), Rows()
    other = replace(view(Rows(), "other_v1"), sources=("toys.note.event.v1",))
    await tell(log, "t/1", toy.Closed(total=1))
    env = env_of(log, BLIND)
    async with running(Service(env=env, parts=[view(rows), other])):
        await eventually(lambda: listed(env) == [(EVENTS, "t/1", "record-not-on-topic")])
        assert env.metrics.get("parked", "view_v1") == 1
        assert env.metrics.get("parked", "other_v1") == 0
