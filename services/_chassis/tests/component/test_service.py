"""A whole service on both logs: commands in; events, snapshots, replies and reactions out."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Any, cast

import httpx2
import pytest
import real_log
import toy
from fastapi import Depends, Response

from chassis.auth import Authority, Caller, Guard, Principal
from chassis.clock import Clock, FixedClock
from chassis.decider import To
from chassis.http import CommandClient, CommandDesk, Seal, create_app
from chassis.log import Appender, Entry, KafkaLog, Log, MemoryLog
from chassis.runner import HttpEdge, Service
from chassis.tables import Table
from chassis.telemetry import Tracing
from chassis.testing import KnownCallers, eventually, read_topic, running

EVENTS = "toys.tally.event.v1"


@pytest.fixture(params=["memory", "kafka"])
async def log(request: pytest.FixtureRequest) -> AsyncIterator[Log]:
    """Started by the test, and again by each service that runs on it."""
    if request.param == "memory":
        yield MemoryLog()
        return
    async with real_log.namespace() as prefix:
        real = Unstopped(real_log.kafka_log(prefix))
        await real.start()
        yield cast("Log", real)
        await real.inner.stop()
        await asyncio.sleep(0.2)  # the client closes its sockets a moment later


class Unstopped:
    """The real log shared by test and services: the service's stop leaves it open for the test."""

    def __init__(self, inner: KafkaLog) -> None:
        self.inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    async def stop(self) -> None:
        """Not yet."""


def appender_of(log: Log, clock: Clock) -> Appender:
    return Appender(log=log, codec=toy.codec(), clock=clock, service="edge", tracing=Tracing("edge"))


async def test_commands_become_events_snapshots_and_reactions(log: Log) -> None:
    clock = FixedClock(toy.NOON)
    env = toy.env(log, clock)
    table: Table[toy.TallySnapshot] = Table("toys.tally.snapshot.v1")
    appender = appender_of(log, clock)
    service = Service(
        env=env, parts=[toy.TALLY, toy.NOTES, toy.POLICY, HttpEdge(app=create_app("toy"), port=0, tables=[table])]
    )
    async with running(service):
        for number, amount in enumerate([5, -3, -9, 7]):
            await appender.append(
                topic="toys.tally.command.v1", key="t/1", record=toy.Add(at=toy.NOON, number=number, amount=amount)
            )
        await eventually(lambda: _count(log, "toys.note.event.v1", 3))
        await table.refreshed()
        assert table.get("t/last") == toy.TallySnapshot(total=9)
    seen = await read_topic(log, env.codec, EVENTS)
    assert [each.record.total for each in seen] == [5, 2, 9]
    assert [each.context.stream_version for each in seen] == [1, 2, 3]
    assert env.metrics.get("refusals", "below-zero") == 1


async def _count(log: Log, topic: str, count: int) -> bool:
    return len(await read_topic(log, toy.codec(), topic)) >= count


async def test_a_deadline_is_a_decision(log: Log) -> None:
    clock = FixedClock(toy.NOON)
    env = toy.env(log, clock)
    async with running(Service(env=env, parts=[toy.TALLY])):
        await appender_of(log, clock).append(
            topic="toys.tally.command.v1", key="t/1", record=toy.Add(at=toy.NOON, number=1, amount=1000)
        )
        await eventually(lambda: _count(log, EVENTS, 1))
        clock.advance(timedelta(hours=1))
        await eventually(lambda: _count(log, EVENTS, 2))
    assert [type(each.record) for each in await read_topic(log, env.codec, EVENTS)] == [toy.Added, toy.Closed]


async def test_a_restart_resumes_and_repeats_nothing(log: Log) -> None:
    clock = FixedClock(toy.NOON)
    for turn in range(3):
        async with running(Service(env=toy.env(log, clock), parts=[toy.TALLY, toy.NOTES, toy.POLICY])):
            await appender_of(log, clock).append(
                topic="toys.tally.command.v1", key="t/1", record=toy.Add(at=toy.NOON, number=turn, amount=1)
            )
            await eventually(lambda turn=turn: _count(log, "toys.note.event.v1", turn + 1))
    assert [each.record.total for each in await read_topic(log, toy.codec(), EVENTS)] == [1, 2, 3]
    assert [each.record.total for each in await read_topic(log, toy.codec(), "toys.note.event.v1")] == [1, 2, 3]


async def test_a_transform_that_catches_up_tells_only_what_lasts(log: Log) -> None:
    clock = FixedClock(toy.NOON)
    async with running(Service(env=toy.env(log, clock), parts=[toy.TALLY])):
        for number, key in enumerate(["t/1", "t/2", "t/1", "t/1"]):
            record = toy.Add(at=toy.NOON, number=number, amount=1)
            await appender_of(log, clock).append(topic="toys.tally.command.v1", key=key, record=record)
        await eventually(lambda: _count(log, EVENTS, 4))
    async with running(Service(env=toy.env(log, clock), parts=[toy.LATEST])):
        await eventually(lambda: _count(log, "toys.note.event.v1", 2))
        await appender_of(log, clock).append(topic=EVENTS, key="t/3", record=toy.Added(number=9, amount=9, total=9))
        await eventually(lambda: _count(log, "toys.note.event.v1", 3))
    told = {each.context.key: each.record.total for each in await read_topic(log, toy.codec(), "toys.note.event.v1")}
    assert told == {"t/1": 3, "t/2": 1, "t/3": 9}


class Sums:
    """Adds up what it is told of each key; all of it rests on the first event."""

    def __init__(self) -> None:
        self.sums: dict[str, int] = {}
        self.since: dict[int, int] = {}

    def forget(self, partition: int) -> None:
        self.since.pop(partition, None)

    def rests_on(self, partition: int) -> int | None:
        return self.since.get(partition)

    def tell(self, event: Any, context: Any, _facts: object) -> list[To]:
        self.since.setdefault(context.partition, context.offset)
        self.sums[context.key] = self.sums.get(context.key, 0) + event.amount
        return [To(key=context.key, command=toy.Noted(total=self.sums[context.key]))]


async def test_what_a_transform_remembers_is_read_again_after_a_restart_and_told_once(log: Log) -> None:
    clock = FixedClock(toy.NOON)
    appender = appender_of(log, clock)
    for turn in range(1, 4):
        sums = Sums()
        part = replace(toy.LATEST, react=sums.tell, lasting=None, memory=sums)
        async with running(Service(env=toy.env(log, clock), parts=[part])):
            await appender.append(topic=EVENTS, key="t/1", record=toy.Added(number=turn, amount=turn, total=0))
            await eventually(lambda turn=turn: _count(log, "toys.note.event.v1", turn))
    told = [each.record.total for each in await read_topic(log, toy.codec(), "toys.note.event.v1")]
    assert told == [1, 3, 6]


async def test_an_undecodable_fact_parks_its_aggregate_and_others_go_on(log: Log) -> None:
    clock = FixedClock(toy.NOON)
    env = toy.env(log, clock)
    appender = appender_of(log, clock)
    async with running(Service(env=env, parts=[toy.TALLY])):
        await (await log.producer.send("toys.tally.command.v1", Entry(b"t/bad", b"\x00garbage", [("ce_id", b"x")])))
        for key in ("t/bad", "t/good"):
            await appender.append(
                topic="toys.tally.command.v1", key=key, record=toy.Add(at=toy.NOON, number=1, amount=1)
            )
        await eventually(lambda: _count(log, EVENTS, 1))
        await eventually(lambda: sum(env.metrics.get("parked", f"toys.tally/{p}") for p in range(4)) == 1)
    assert [each.context.key for each in await read_topic(log, env.codec, EVENTS)] == ["t/good"]


def edge(log: Log, clock: Clock) -> HttpEdge:
    app = create_app("toy")
    client = CommandClient(log=log, appender=appender_of(log, clock), clock=clock, reply_topic="toys.edge.reply.v1")
    desk = CommandDesk(client, Seal(b"secret", "command-link"))
    table = {"add": (_Row(role="adder", when=("tenant",)),)}
    callers = {
        "ann": Principal(subject="ann", roles=frozenset({"adder"}), tenants=frozenset({"t"})),
        "bob": Principal(subject="bob", roles=frozenset({"adder"}), tenants=frozenset({"other"})),
        "eve": Principal(subject="eve", roles=frozenset({"reader"})),
    }
    guard = Guard(KnownCallers(callers), Authority(table))

    @app.post("/v1/tallies/{tenant}/{tally}")
    async def add(
        tenant: str, tally: str, amount: int, caller: Annotated[Caller, Depends(guard.act("add"))], key: str = ""
    ) -> Response:
        principal = caller.require(tenant=tenant)
        outcome = await client.ask(
            entity="toys.tally",
            key=f"{tenant}/{tally}",
            command=toy.Add(at=clock.now(), number=1, amount=amount),
            idempotency_key=key or None,
            body_hash=str(amount),
            timeout_s=1.0,
        )
        return desk.respond(outcome, caller=principal.subject)

    app.include_router(desk.router(guard))
    return HttpEdge(app=app, port=0, commands=client)


class _Row:
    def __init__(self, role: str, when: tuple[str, ...]) -> None:
        self.role, self.when = role, when


async def test_a_person_is_told_the_decision_over_http(log: Log) -> None:
    clock = FixedClock(toy.NOON)
    service = Service(env=toy.env(log, clock), parts=[toy.TALLY, edge(log, clock)])
    async with running(service):
        base = f"http://127.0.0.1:{service.ports[1]}"
        async with httpx2.AsyncClient(base_url=base) as http:
            ann, bob, eve = ({"Authorization": f"Bearer {name}"} for name in ("ann", "bob", "eve"))
            accepted = await http.post("/v1/tallies/t/1", params={"amount": 5, "key": "k1"}, headers=ann)
            assert accepted.status_code == 201
            assert accepted.json()["events"][0]["payload"] == {"number": 1, "amount": 5, "total": 5}
            again = await http.post("/v1/tallies/t/1", params={"amount": 5, "key": "k1"}, headers=ann)
            assert again.json() == accepted.json()
            other_body = await http.post("/v1/tallies/t/1", params={"amount": 6, "key": "k1"}, headers=ann)
            assert (other_body.status_code, other_body.json()["title"]) == (422, "idempotency-key-reused")
            refused = await http.post("/v1/tallies/t/1", params={"amount": -6}, headers=ann)
            assert (refused.status_code, refused.json()["title"]) == (409, "below-zero")
            assert refused.headers["content-type"] == "application/problem+json"
            assert (await http.post("/v1/tallies/t/1", params={"amount": 1}, headers=bob)).status_code == 404
            assert (await http.post("/v1/tallies/t/1", params={"amount": 1}, headers=eve)).status_code == 403
            assert (await http.post("/v1/tallies/t/1", params={"amount": 1})).status_code == 401
            assert (await http.post("/v1/tallies/t/1", params={"amount": "x"}, headers=ann)).status_code == 422
            assert (await http.get("/health/ready")).status_code == 200


async def test_a_late_decision_is_found_by_the_link(log: Log) -> None:
    clock = FixedClock(toy.NOON)
    alone = Service(env=toy.env(log, clock, service="edge"), parts=[edge(log, clock)])
    async with running(alone):
        base = f"http://127.0.0.1:{alone.ports[0]}"
        async with httpx2.AsyncClient(base_url=base) as http:
            ann, bob = ({"Authorization": f"Bearer {name}"} for name in ("ann", "bob"))
            pending = await http.post("/v1/tallies/t/1", params={"amount": 5}, headers=ann)
            assert pending.status_code == 202
            link = pending.headers["location"]
            async with running(Service(env=toy.env(log, clock), parts=[toy.TALLY])):
                told = await http.get(link, headers=ann)
                assert told.status_code == 200
                assert told.json()["events"][0]["payload"]["total"] == 5
                assert (await http.get(link, headers=bob)).status_code == 404
                assert (await http.get("/v1/commands/forged", headers=ann)).status_code == 404


async def test_the_log_that_cannot_be_written_is_503() -> None:
    log = MemoryLog()
    clock = FixedClock(toy.NOON)
    service = Service(env=toy.env(log, clock), parts=[edge(log, clock)])
    async with running(service):
        log.set_writable(False)
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{service.ports[0]}") as http:
            answer = await http.post("/v1/tallies/t/1", params={"amount": 5}, headers={"Authorization": "Bearer ann"})
        log.set_writable(True)
    assert answer.status_code == 503
    await asyncio.sleep(0)
