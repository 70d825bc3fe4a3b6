"""Kafka or Cassandra stops while vehicles charge and comes back, records come that nobody can read: the rest goes on.

`EV_LONG=1` runs the full numbers (200 stations; 30 s without Kafka, 60 s without Cassandra).
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import httpx2
import pytest
import pytest_asyncio

from chassis.log import KafkaLog
from ev_actors.battery import Battery
from ev_actors.journal import Charged, Journal
from ev_actors.station import Visit
from ev_journeys.faults import LONG, Traffic, World, own_lab, seconds_since, started, until, world
from ev_journeys.poison import (
    buried,
    edges_of,
    letters,
    listed_at,
    parked_at,
    poisonable,
    publish,
    readers_of,
    spread,
    start_older,
    total,
)
from ev_journeys.settled import all_is_settled, ledger_of, missing_on_log
from ev_lab import engine, processes
from ev_lab.endpoints import Endpoints, Engine
from ev_lab.endpoints import engine as engine_of_lab
from ev_lab.paths import LabPaths
from ev_seed.network import Plan

STATIONS = 200 if LONG else 20
KAFKA_AWAY_S = 30 if LONG else 5
CASSANDRA_AWAY_S = 60 if LONG else 10
CAUGHT_UP_WITHIN_S = 600 if LONG else 180
SEED = 20_260_301
UNKNOWN = {
    "sessions.session.event.v1": ["ev.sessions.SessionClosed"],
    "pricing.tariff.command.v1": ["ev.pricing.PublishTariff"],
}
"""What an older build of pricing and of the operator's read model does not know yet."""
OLDER = ["pricing", "projections-cpo"]

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(2_400 if LONG else 600)]


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LabPaths, Endpoints]]:
    """A lab of this module's own."""
    if engine_of_lab() is Engine.EXTERNAL:
        pytest.skip("#3: a cluster of somebody else is not ours to stop")
    with own_lab(tmp_path_factory.mktemp("outage") / "lab") as lab:
        yield lab


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here(alone: tuple[LabPaths, Endpoints]) -> AsyncIterator[World]:
    """The platform on it."""
    paths, where = alone
    async with world(paths, where, Plan(stations=STATIONS, sites=4, owners=2, drivers=4)) as there:
        yield there


@pytest_asyncio.fixture(loop_scope="module")
async def log(here: World) -> AsyncIterator[KafkaLog]:
    """The world's log, for a hand that writes past the edges."""
    opened = KafkaLog(here.where.kafka)
    await opened.start()
    yield opened
    await opened.stop()


@asynccontextmanager
async def traffic(here: World, journal: Journal) -> AsyncIterator[Traffic]:
    """Vehicles come and go during the block; afterwards the last ones have gone."""
    meters = {each.station_id: each.meter_stop_wh for each in BEFORE}  # the last one counts
    stations = Traffic(
        members=here.seeded.members,
        id_tags=[driver.uid for driver in here.seeded.drivers],
        clock=here.clock,
        journal=journal,
        seed=SEED + len(BEFORE),
        meters_wh=meters,
    )
    running = asyncio.create_task(stations.run())
    try:
        yield stations
        stations.enough()
        await asyncio.wait_for(running, CAUGHT_UP_WITHIN_S)
        BEFORE.extend(journal.charged)
    finally:
        running.cancel()
        await asyncio.wait([running])


BEFORE: list[Charged] = []
"""Every session that the stations of this module were acknowledged, in all its tests."""


async def test_kafka_stops_under_load_and_comes_back(here: World) -> None:
    journal = Journal()
    async with traffic(here, journal) as stations:
        await _served(here, stations, STATIONS)
        stopped, silent_from = time.monotonic(), len(journal.said)
        await asyncio.to_thread(processes.stop, here.paths, "kafka")
        await asyncio.sleep(KAFKA_AWAY_S)  # this is how long it is away
        assert not any(station.link.connected for station in stations.stations) or KAFKA_AWAY_S < 10
        await asyncio.to_thread(engine.start_part, here.paths, "kafka")
        print(f"Kafka was away for {seconds_since(stopped)} s")
        back = time.monotonic()
        await _served(here, stations, len(journal.charged) + STATIONS)
    cut_off = [said for said in journal.said[silent_from:] if said.answer is None]
    assert cut_off, "no socket was closed"
    print(f"{len(journal.charged)} sessions; {len(cut_off)} messages went unanswered and were said again")
    await all_is_settled(here, BEFORE, within_s=CAUGHT_UP_WITHIN_S)
    print(f"all caught up {seconds_since(back)} s after Kafka came back")
    assert await missing_on_log(here, journal) == []
    assert here.restarted == []


async def test_cassandra_stops_under_load_and_only_the_read_side_waits(here: World) -> None:
    journal = Journal()
    async with traffic(here, journal) as stations:
        stopped = time.monotonic()
        await asyncio.to_thread(processes.stop, here.paths, "cassandra")
        without = len((await ledger_of(here)).invoices)
        await _served(here, stations, STATIONS // 2)
        await until(lambda: _invoices(here, without + STATIONS // 2), within_s=CAUGHT_UP_WITHIN_S)
        answer = await here.platform.request("cpo", "GET", "projections-cpo", "/v1/sessions")
        assert answer.status_code == 503, answer.text
        await asyncio.sleep(max(0.0, CASSANDRA_AWAY_S - seconds_since(stopped)))  # this is how long it is away
        writers = [name for name in here.lacking() if not name.startswith("projections-")]
        assert writers == []
        await asyncio.to_thread(engine.start_part, here.paths, "cassandra")
        print(f"Cassandra was away for {seconds_since(stopped)} s")
        back = time.monotonic()
    await all_is_settled(here, BEFORE, within_s=CAUGHT_UP_WITHIN_S)
    print(f"all caught up {seconds_since(back)} s after Cassandra came back")
    assert set(here.restarted) <= {"projections-dso"}


async def _served(here: World, stations: Traffic, count: int, *, within_s: float = CAUGHT_UP_WITHIN_S) -> None:
    """So many vehicles have charged and gone; fails with how everybody is."""

    async def enough() -> bool | None:
        return len(stations.journal.charged) >= count or None

    try:
        await until(enough, within_s=within_s)
    except TimeoutError:
        connected = sum(station.link.connected for station in stations.stations)
        queued = [len(station.outbox) for station in stations.stations]
        told = f"{len(stations.journal.charged)} of {count} vehicles, {connected} stations connected, queues {queued}"
        pytest.fail(f"{told}; services: {here.lacking()}")


async def _invoices(here: World, count: int) -> bool | None:
    return len((await ledger_of(here)).invoices) >= count or None


async def test_an_unreadable_record_on_each_topic_stops_nothing_else(here: World, log: KafkaLog) -> None:
    running = {name: here.services.running(name) for name in started()}
    ids = json.loads(here.paths.schema_ids.read_text(encoding="utf-8"))
    await spread(log, ids, here.seeded.plan.names.cpo_tenant, poisonable())
    await until(lambda: _all_buried(log), within_s=120)
    for name in readers_of(poisonable()):
        await until(lambda name=name: _counted(here, name), within_s=60)  # type: ignore[misc]  # a lambda's default
    await until(lambda: _all_listed(here), within_s=60)
    for service in {service for service, _, _ in _poisoned(here)}:
        assert await _waiting_by_metric(here, service) > 0, service
    await _invoiced(here, await _charge(here, 0))
    assert {name: here.services.running(name) for name in started()} == running
    assert here.lacking() == {}


async def test_what_an_older_build_could_not_read_is_played_again_by_the_next(here: World, log: KafkaLog) -> None:
    key = f"{here.seeded.plan.names.cpo_tenant}/later"
    here.stopped.update(OLDER)
    await asyncio.to_thread(here.services.stop, OLDER)
    for name in OLDER:
        await asyncio.to_thread(start_older, here.services, name, UNKNOWN)
    await publish(log, here.paths.schema_ids, key, here.seeded.plan.names.cpo, here.clock.now())
    charged = await _charge(here, 1)
    station = f"{here.seeded.plan.names.cpo_tenant}/{charged.station_id}"
    waiting = {("pricing.tariff", key), ("pricing.session-policy", station), ("sessions.session.event.v1", station)}
    await until(lambda: _parked(here, waiting), within_s=60)

    await asyncio.to_thread(here.services.stop, OLDER)
    await asyncio.to_thread(here.services.start, OLDER)
    here.stopped.clear()
    await _invoiced(here, charged)
    await until(lambda: _closed(here, charged), within_s=60)
    unpark = {"entity": "pricing.tariff", "key": key}
    answer = await here.platform.request("cpo-engineer", "POST", "pricing", "/v1/parked/unpark", json=unpark)
    assert (answer.status_code, answer.json()) == (200, {"outcome": "unparked"})
    tariff = await here.platform.get("cpo", "pricing", "/v1/tariffs/later")
    assert tariff
    assert waiting.isdisjoint(await _parked_keys(here))


async def _all_buried(log: KafkaLog) -> bool | None:
    missing = buried(poisonable()) - await letters(log)
    print(f"not buried yet: {sorted(missing)}")
    return not missing or None


async def _counted(here: World, name: str) -> bool | None:
    async with httpx2.AsyncClient() as client:
        answer = await client.get(f"{here.services.url(name)}/metrics-json")
    return total(answer.json(), "dead_letters") > 0 or None


def _poisoned(here: World) -> set[tuple[str, str, str]]:
    return listed_at(poisonable(), f"{here.seeded.plan.names.cpo_tenant}/poison")


async def _all_listed(here: World) -> bool | None:
    wanted = _poisoned(here)
    found = {
        (service, each["entity"], each["key"])
        for service in {service for service, _, _ in wanted}
        for edge in edges_of(service)
        for each in await parked_at(here.platform, edge)
    }
    print(f"not listed yet: {sorted(wanted - found)}")
    return wanted <= found or None


async def _waiting_by_metric(here: World, service: str) -> float:
    found = 0.0
    async with httpx2.AsyncClient() as client:
        for edge in edges_of(service):
            found += total((await client.get(f"{here.services.url(edge)}/metrics-json")).json(), "parked")
    return found


async def _parked_keys(here: World) -> set[tuple[str, str]]:
    return {(each["entity"], each["key"]) for name in OLDER for each in await parked_at(here.platform, name)}


async def _parked(here: World, wanted: set[tuple[str, str]]) -> bool | None:
    return wanted <= await _parked_keys(here) or None


async def _charge(here: World, number: int) -> Charged:
    """A vehicle takes about 1 kWh at the station of that number."""
    station = here.station(number, Journal())
    await station.online()
    battery = Battery(capacity_wh=40_000, charged_wh=20_000, most_w=22_000, target_permille=525)
    charged = await station.charge(Visit(id_tag=here.seeded.drivers[0].uid, connector=1, battery=battery))
    await station.offline()
    return charged


async def _shown(here: World, charged: Charged) -> list[dict[str, object]]:
    sessions = await here.platform.get("cpo", "projections-cpo", f"/v1/stations/{charged.station_id}/sessions")
    return [each for each in sessions["items"] if each.get("transaction_id") == charged.transaction_id]


async def _closed(here: World, charged: Charged) -> bool | None:
    return any(each["status"] == "closed" for each in await _shown(here, charged)) or None


async def _invoiced(here: World, charged: Charged) -> None:
    async def ask() -> bool | None:
        return any("invoice_number" in each for each in await _shown(here, charged)) or None

    await until(ask, within_s=120)
