"""How fast the two loops are with real records: the ledger's decider, and the operator's projection of what it said.

`python e2e/bench/loops.py [--commands 20000] [--stations 200]`, with the lab up; prints one line of JSON.
Rates are told by the clock on the wall and by this process's own processor time: the machine is shared with the broker.
"""

import argparse
import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import uvloop
from rig import create_topics, delete_topics

import ev_lab
import projections.cpo
from chassis.cassandra import Cassandra
from chassis.clock import SystemClock, new_id
from chassis.codec import Codec
from chassis.dead_letters import Unreadable
from chassis.decider import derived_id
from chassis.log import Appender, KafkaLog
from chassis.log.envelope import SRC
from chassis.runner import Entity, Env, Projection, Service
from chassis.telemetry import Log, Metrics, Tracing, configure_logs
from chassis.testing import running
from ev_contracts.catalogue import RECORDS, TOPICS
from ev_contracts.common import MeterReading
from ev_contracts.sessions import AddReadings, SessionDeadlinePassed, StartSession
from projections.cpo.project import SOURCES, project
from session_ledger.domain.session import session_decider

BEGAN = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
ENTITY = "sessions.session"
NAMES = [name for name in TOPICS if name.startswith("sessions.")] + ["projections.parked.dlq.v1"]
_POLL_S = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """Records a second, twice."""

    records: int
    per_wall_second: int
    per_processor_second: int


def _start(station: int) -> StartSession:
    return StartSession(
        at=BEGAN,
        session_id=derived_id("bench", str(station)),
        station_id=f"NLBENCH{station:05d}",
        transaction_id=str(station),
        ocpp_version="2.0.1",
        evse_number=1,
        connector_number=1,
        token_ref="tok-bench",
        token_status="Accepted",
        started_at=BEGAN,
        meter_start_wh=1_000,
        seq_no=0,
        offline=False,
        charging=True,
    )


def _reading(station: int, turn: int) -> AddReadings:
    at = BEGAN + timedelta(minutes=turn)
    reading = MeterReading(sampled_at=at, register_wh=1_000 + 180 * turn, power_w=11_000, context="Sample.Periodic")
    return AddReadings(
        at=at,
        session_id=derived_id("bench", str(station)),
        station_id=f"NLBENCH{station:05d}",
        evse_number=1,
        connector_number=1,
        seq_no=turn,
        occurred_at=at,
        offline=False,
        readings=(reading,),
    )


async def _fill(appender: Appender, *, commands: int, stations: int) -> None:
    sent = []
    for number in range(commands):
        turn, station = divmod(number, stations)
        command = _reading(station, turn) if turn else _start(station)
        extra = ((SRC, f"gateway.transaction.event.v1/0/{number}/0".encode()),)
        key = f"volt/{command.station_id}"
        sent.append(await appender.append_nowait(topic=f"{ENTITY}.command.v1", key=key, record=command, extra=extra))
    await asyncio.gather(*sent)


async def _rate(service: Service, done: Callable[[], float], goal: int) -> Rate:
    async with running(service):
        began, used, before = time.perf_counter(), time.process_time(), done()
        while done() < goal:  # noqa: ASYNC110 - the count is looked at from outside
            await asyncio.sleep(_POLL_S)
        took, worked = time.perf_counter() - began, time.process_time() - used
    records = goal - int(before)
    return Rate(records=records, per_wall_second=round(records / took), per_processor_second=round(records / worked))


def _env(kafka: str, namespace: str, codec: Codec, name: str) -> Env:
    log = KafkaLog(kafka, namespace=namespace)
    lines, metrics, tracing = Log(service=name), Metrics(), Tracing(name)
    unreadable = Unreadable(metrics, lines)
    return Env(
        service=name, log=log, codec=codec, clock=_Still(), lines=lines, metrics=metrics, tracing=tracing,
        unreadable=unreadable,
    )  # fmt: skip


class _Still(SystemClock):
    """The moment the sessions began, so that no deadline is due during the measurement."""

    def now(self) -> datetime:
        return BEGAN


def _passed(_key: str, deadline: Any) -> SessionDeadlinePassed:
    return SessionDeadlinePassed(at=deadline.due_at, name=deadline.name, due_at=deadline.due_at)


@asynccontextmanager
async def _namespace(kafka: str) -> AsyncIterator[str]:
    namespace = f"bench{new_id()[:8]}"
    await create_topics(kafka, namespace, NAMES)
    try:
        yield namespace
    finally:
        await delete_topics(kafka, [f"{namespace}.{name}" for name in NAMES])


async def measure(*, commands: int, stations: int) -> dict[str, Any]:
    """Decide all commands, then project all events of it."""
    lab = ev_lab.endpoints()
    codec = Codec(records=RECORDS, topics=TOPICS)
    async with _namespace(lab.kafka) as namespace:
        rate = await _decide(namespace, codec, commands=commands, stations=stations)
        projected = await _project(_env(lab.kafka, namespace, codec, "projections"), namespace, commands)
    return {"decider": _plain(rate), "projection": _plain(projected), "stations": stations}


async def decided(*, commands: int, stations: int) -> dict[str, int]:
    """The decider's half alone."""
    async with _namespace(ev_lab.endpoints().kafka) as namespace:
        codec = Codec(records=RECORDS, topics=TOPICS)
        return _plain(await _decide(namespace, codec, commands=commands, stations=stations))


async def _decide(namespace: str, codec: Codec, *, commands: int, stations: int) -> Rate:
    kafka = ev_lab.endpoints().kafka
    log = KafkaLog(kafka, namespace=namespace)
    await log.start()
    appender = Appender(log=log, codec=codec, clock=SystemClock(), service="bench", tracing=Tracing("bench"))
    await _fill(appender, commands=commands, stations=stations)
    await log.stop()
    ledger = _env(kafka, namespace, codec, "session-ledger")
    entity = Entity(name=ENTITY, decider=session_decider(settle_s=30, grace_s=900), deadline=_passed)
    return await _rate(Service(env=ledger, parts=[entity]), lambda: ledger.metrics.get("decisions", ENTITY), commands)


async def _project(env: Env, namespace: str, events: int) -> Rate:
    lab = ev_lab.endpoints()
    store = Cassandra(
        lab.cassandra_hosts,
        port=lab.cassandra_port,
        datacenter=lab.datacenter,
        keyspace=f"{namespace}_cpo",
        tables_cql=Path(str(projections.cpo.__file__)).with_name("tables.cql"),
    )
    sources = tuple(source for source in SOURCES if source == f"{ENTITY}.event.v1")
    part = Projection(name="cpo", sources=sources, project=project, store=store)
    rate = await _rate(Service(env=env, parts=[part]), lambda: env.metrics.get("projected", "cpo"), events)
    await store.start()
    await store.drop_keyspace()
    await store.stop()
    return rate


def _plain(rate: Rate) -> dict[str, int]:
    return {
        "records": rate.records,
        "per_wall_second": rate.per_wall_second,
        "per_processor_second": rate.per_processor_second,
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="loops")
    parser.add_argument("--commands", type=int, default=20_000)
    parser.add_argument("--stations", type=int, default=200)
    asked = parser.parse_args()
    configure_logs("error")
    print(json.dumps(uvloop.run(measure(commands=asked.commands, stations=asked.stations))))
