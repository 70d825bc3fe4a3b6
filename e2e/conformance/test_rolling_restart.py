"""Both replicas are restarted, one after the other, under stations that charge: nothing is lost, nothing repeated."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from charger_gateway.domain.station import TRANSACTION_EVENTS
from chassis.clock import new_id
from chassis.testing import eventually, read_topic
from conformance.balancer import balancing
from conformance.persistent import Driver
from conformance.replicas import Platform, replicated
from conformance.seeding import TENANT, station_ids
from conformance.stand import Stand
from conformance.v16.point import Point
from conformance.v201.charger import Charger
from ev_contracts.gateway import (
    CommandRefused,
    CommandRequested,
    CommandSucceeded,
    CommandTimedOut,
    CommandUndeliverable,
    ResetStation,
    TransactionEnded,
    TransactionStarted,
)

if TYPE_CHECKING:
    from ev_lab.endpoints import Endpoints

STATIONS = 12
EVERY_S = 1.0
OUTCOMES = (CommandSucceeded, CommandRefused, CommandTimedOut, CommandUndeliverable)


@contextlib.asynccontextmanager
async def _charging(stand: Stand) -> AsyncIterator[Sequence[Driver]]:
    """Stations of both generations that charge while inside; their sessions are over afterwards."""
    drivers = [Driver(Point(stand) if number % 2 else Charger(stand)) for number in range(STATIONS)]
    running = [asyncio.create_task(driver.run()) for driver in drivers]
    try:
        yield drivers
    finally:
        for driver in drivers:
            driver.stopping = True
        await asyncio.gather(*running)


async def _commands(platform: Platform, stations: Sequence[str], sent: list[str]) -> None:
    """A reset of every station, again and again; cancelled from outside."""
    while True:
        sent += [await _reset(platform, station_id) for station_id in stations]
        await asyncio.sleep(EVERY_S)


async def _reset(platform: Platform, station_id: str) -> str:
    now, command_id = datetime.now(UTC), new_id()
    command = ResetStation(
        at=now,
        command_id=command_id,
        station_id=station_id,
        requested_by="operator",
        expires_at=now + timedelta(seconds=8),
        hard=False,
    )
    await platform.appender.append(topic="gateway.desk.command.v1", key=f"{TENANT}/{station_id}", record=command)
    return command_id


async def _all_decided(platform: Platform, commands: set[str]) -> list[Any]:
    """The desk's events, once every command has its outcome."""

    async def decided() -> list[Any]:
        events = [seen.record for seen in await read_topic(platform.log, platform.codec, "gateway.desk.event.v1")]
        over = {one.command_id for one in events if isinstance(one, OUTCOMES)}
        return events if over >= commands else []

    found: list[Any] = await eventually(decided, deadline_s=30, what="an outcome of every command")
    return found


@pytest.mark.timeout(240)
async def test_a_rolling_restart_loses_nothing_and_repeats_nothing(
    lab: "Endpoints", namespace: str, tmp_path: Path
) -> None:
    ids, statuses = station_ids(STATIONS), list[int]()
    sent: list[str] = []
    async with (
        replicated(lab, namespace, tmp_path, replicas=2, stations=STATIONS) as platform,
        httpx2.AsyncClient() as http,
    ):
        async with balancing([one.ocpp_port for one in platform.replicas]) as port:
            stand = Stand(platform.log, platform.codec, port, http, list(ids))
            async with _charging(stand) as drivers:
                commanding = asyncio.create_task(_commands(platform, ids, sent))
                for replica in platform.replicas:
                    await asyncio.sleep(2)
                    statuses.append(await replica.stop())
                    await replica.start()
                await asyncio.sleep(2)
                commanding.cancel()
                await asyncio.gather(commanding, return_exceptions=True)
                after = [await _reset(platform, station_id) for station_id in ids]
                events = await _all_decided(platform, {*sent, *after})
        facts = [seen.record for seen in await read_topic(platform.log, platform.codec, TRANSACTION_EVENTS)]
    assert statuses == [0, 0]
    print(f"{sum(len(one.sessions) for one in drivers)} sessions, {sum(one.reconnects for one in drivers)} reconnects")
    _nothing_lost_nothing_twice(drivers, facts)
    _one_outcome_each(events, drivers)
    assert {one.command_id for one in events if isinstance(one, CommandSucceeded)} >= set(after)


def _nothing_lost_nothing_twice(drivers: Sequence[Driver], facts: Sequence[Any]) -> None:
    said = {driver.station.station_id: Counter(driver.sessions) for driver in drivers}
    assert max(number for sessions in said.values() for number in sessions.values()) == 1
    started: dict[str, dict[str, set[str]]] = {}
    for fact in facts:
        if isinstance(fact, TransactionStarted):
            started.setdefault(fact.station_id, {}).setdefault(fact.transaction_id, set()).add(fact.session_id)
    ended = {(one.station_id, one.transaction_id) for one in facts if isinstance(one, TransactionEnded)}
    assert {station: set(numbers) for station, numbers in started.items()} == {one: set(of) for one, of in said.items()}
    # A message that was said again is the same session's: it makes no second one.
    assert {len(sessions) for numbers in started.values() for sessions in numbers.values()} == {1}
    assert ended == {(station, number) for station, numbers in said.items() for number in numbers}


def _one_outcome_each(events: Sequence[Any], drivers: Sequence[Driver]) -> None:
    outcomes = Counter(one.command_id for one in events if isinstance(one, OUTCOMES))
    requested = {one.command_id for one in events if isinstance(one, CommandRequested)}
    assert (set(outcomes), set(outcomes.values())) == (requested, {1})
    succeeded = sum(isinstance(one, CommandSucceeded) for one in events)
    asked = sum(driver.station.asked.qsize() for driver in drivers)
    print(f"{len(requested)} commands, {succeeded} succeeded, stations were asked {asked} times")
    assert succeeded >= len(requested) // 2
    # What reached a station and lost its answer with the connection has another outcome, and is never repeated.
    assert succeeded <= asked <= len(requested)
