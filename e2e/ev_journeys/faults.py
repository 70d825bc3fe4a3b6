"""For faults of whole parts: a lab and services of one test's own, and stations that go on charging meanwhile."""

import asyncio
import os
import random
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

from chassis.clock import Clock, LabClock, wall_now
from ev_actors.battery import Battery
from ev_actors.fleet import Member
from ev_actors.journal import Charged, Journal
from ev_actors.link import NotConnected
from ev_actors.partner import Partner
from ev_actors.station import Station, Visit
from ev_actors.v16 import station_16
from ev_actors.v201 import station_201
from ev_checks.ledger import Ledger
from ev_contracts.common import RelationKind
from ev_demo import roaming
from ev_demo.time import setting
from ev_journeys.figures import RETAIL, WHOLESALE, Cents, cents
from ev_lab import contracts, engine, ports, processes
from ev_lab.endpoints import Endpoints
from ev_lab.errors import LabError
from ev_lab.issuer.users import UserBook
from ev_lab.paths import LabPaths
from ev_lab.services import SPECS, Fleet
from ev_seed.client import Addresses, Platform
from ev_seed.network import Plan
from ev_seed.seed import Seeded, seed, users

LONG = os.environ.get("EV_LONG") == "1"
RATE = 60
TARIFFS: Mapping[RelationKind, dict[str, str]] = {
    RelationKind.CPO_TO_EMSP: WHOLESALE,
    RelationKind.EMSP_TO_DRIVER: RETAIL,
}

T = TypeVar("T")


async def until(ask: Callable[[], Awaitable[T | None]], *, within_s: float, every_s: float = 0.5) -> T:
    """The first answer that is not None. Raises TimeoutError."""
    async with asyncio.timeout(within_s):
        while True:
            answer = await ask()
            if answer is not None:
                return answer
            await asyncio.sleep(every_s)


@contextmanager
def own_lab(home: Path) -> Iterator[tuple[LabPaths, Endpoints]]:
    """Kafka, registry and Cassandra that a test may stop; only the downloads are this checkout's."""
    home.mkdir()
    paths = LabPaths(home=home.resolve())
    downloads = LabPaths.of_checkout().artifacts
    downloads.mkdir(parents=True, exist_ok=True)
    paths.artifacts.symlink_to(downloads)
    try:
        with processes.watched(paths):
            where = engine.up(paths)
            contracts.release(paths, where)
            contracts.make_topics(where)
            yield paths, where
    finally:
        for folder in (entry for entry in paths.home.iterdir() if entry.is_dir() and not entry.is_symlink()):
            if folder.name != "logs":  # they say why something ended
                shutil.rmtree(folder)


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The platform on a lab of its own, a seeded network and its partner."""

    paths: LabPaths
    where: Endpoints
    services: Fleet
    platform: Platform
    seeded: Seeded
    clock: LabClock
    partner: Partner
    restarted: list[str] = field(default_factory=list)
    """What ended by itself and was started again."""
    stopped: set[str] = field(default_factory=set)
    """What a test has stopped on purpose."""

    def station(self, number: int, journal: Journal) -> Station:
        """The station of that number, from 0; nobody else may use it meanwhile."""
        member = self.seeded.members[number]
        make = station_201 if member.version == "2.0.1" else station_16
        return make(member.identity, self.clock, journal)

    async def supervise(self) -> None:
        """Start again what has ended, as a supervisor does everywhere. Runs until cancelled."""
        while True:
            for name in started():
                if self.services.running(name) is None and name not in self.stopped:
                    self.restarted.append(name)
                    with suppress(LabError):  # it may end again while what it needs is away
                        await asyncio.to_thread(self.services.start, [name])
            await asyncio.sleep(1)

    def lacking(self) -> dict[str, str]:
        """What the services that should run are not ready for, if anything."""
        troubles = {name: self.services.lacks(name) for name in SPECS if self.services.running(name)}
        dead = {name: "is dead" for name in started() if self.services.running(name) is None}
        return {name: trouble for name, trouble in {**troubles, **dead}.items() if trouble}

    async def all_of(self, role: str, path: str) -> list[dict[str, Any]]:
        """Every page of a read model's list."""
        found: list[dict[str, Any]] = []
        page: dict[str, str] = {}
        while True:
            answer = await self.platform.get(role, f"projections-{role}", path, params={"limit": "200", **page})
            found += answer["items"]
            if not answer["next"]:
                return found
            page = {"page": answer["next"]}


def started() -> list[str]:
    """The services of a world: all but the pages, which keep nothing."""
    return [name for name, spec in SPECS.items() if spec.is_built and name != "dashboards"]


@asynccontextmanager
async def world(paths: LabPaths, where: Endpoints, plan: Plan) -> AsyncIterator[World]:
    """All services started, the plan seeded; stopped afterwards."""
    clock = LabClock(start=wall_now().replace(microsecond=0), rate=RATE)
    fleet = Fleet(paths=paths, clock=setting(clock), extra={"EV_LOG_LEVEL": "warning"})
    book = UserBook(paths.users)
    port = ports.choose(paths.ports, ["partner"])["partner"]
    home = roaming.PartnerHome(port=port, file=paths.home / "partner.json", names=plan.names)
    try:
        book.write(users(plan))
        await asyncio.to_thread(fleet.start, started(), ready_within_s=180)
        addresses = Addresses.of_services(fleet)
        async with Platform(addresses=addresses) as platform, roaming.serving(home.remembered(), port) as partner:
            seeded = await seed(platform, plan)
            book.write(users(plan, seeded.drivers))
            await roaming.register(platform, "cpo", home, partner)
            here = World(
                paths=paths,
                where=where,
                services=fleet,
                platform=platform,
                seeded=seeded,
                clock=clock,
                partner=partner,
            )
            supervising = asyncio.create_task(here.supervise())
            try:
                yield here
            finally:
                supervising.cancel()
                await asyncio.wait([supervising])
    finally:
        await asyncio.to_thread(fleet.stop)


@dataclass(slots=True, kw_only=True)
class Traffic:
    """Stations that charge vehicle after vehicle until it is enough, and then finish what they began.

    Vehicles leave when they are full: a state said while there is no connection is lost, so that parking time would be
    known to the station alone.
    """

    members: Sequence[Member]
    id_tags: Sequence[str]
    clock: Clock
    journal: Journal
    seed: int
    meters_wh: Mapping[str, int] = field(default_factory=dict)
    """Where a station's register stood when it was last used."""
    stations: list[Station] = field(default_factory=list)
    _enough: asyncio.Event = field(default_factory=asyncio.Event)

    def enough(self) -> None:
        """No more vehicles come."""
        self._enough.set()

    async def run(self) -> None:
        """Returns when the last vehicle has gone; raises the client library's error where a CALLERROR came."""
        async with asyncio.TaskGroup() as tasks:
            for number, member in enumerate(self.members):
                make = station_201 if member.version == "2.0.1" else station_16
                station = make(member.identity, self.clock, self.journal)
                station.link.validate = len(self.members) <= 50  # the client library's validation is slow
                station.registers_wh[1] = self.meters_wh.get(station.station_id, 0)
                self.stations.append(station)
                tasks.create_task(self._live(station, random.Random(self.seed * 1_000_003 + number)))

    async def _live(self, station: Station, chance: random.Random) -> None:
        keeping = asyncio.create_task(station.keep_online())
        try:
            while not self._enough.is_set():
                pause = timedelta(seconds=chance.randint(120, 600))
                await self.clock.sleep_until(self.clock.now() + pause)
                with suppress(NotConnected):
                    await self._until_broken(keeping, station.charge(self._visit(chance)))
        finally:
            keeping.cancel()
            with suppress(asyncio.CancelledError):
                await keeping
            await station.offline()

    @staticmethod
    async def _until_broken(keeping: "asyncio.Task[None]", charging: Awaitable[Charged]) -> None:
        """What keeps the station on line ends only by an error, which then is the traffic's."""
        visit = asyncio.ensure_future(charging)
        await asyncio.wait({visit, keeping}, return_when=asyncio.FIRST_COMPLETED)
        if not visit.done():
            visit.cancel()
            await keeping
        await visit

    def _visit(self, chance: random.Random) -> Visit:
        battery = Battery(
            capacity_wh=chance.choice((40_000, 60_000)),
            charged_wh=20_000,
            most_w=chance.choice((11_000, 22_000)),
            target_permille=0,
        )
        battery.target_permille = battery.soc_permille + chance.randint(10, 60)
        return Visit(id_tag=chance.choice(self.id_tags), connector=1, battery=battery, sample_every_s=120)


Amounts = dict[tuple[str, int, RelationKind], Cents]
"""Station, first meter reading and relation -> what is invoiced. A meter only rises, so that names a session."""


def due(charged: Sequence[Charged]) -> Amounts:
    """What the stations' own journal says must be invoiced."""
    return {
        (each.station_id, each.meter_start_wh, kind): cents(each, tariff)
        for each in charged
        for kind, tariff in TARIFFS.items()
    }


def invoiced(ledger: Ledger) -> Amounts:
    """What the platform invoiced."""
    kinds = {each.rating.rating_id: each.rating.relation.kind for each in ledger.rated}
    closed = {each.session_id: (each.station_id, each.facts.meter_start_wh) for each in ledger.closed}
    return {
        (*closed[each.session_id], kinds[each.rating_id]): Cents(
            net=each.net_minor, vat=each.vat_minor, gross=each.gross_minor
        )
        for each in ledger.invoices
    }


def seconds_since(began: float) -> float:
    """By the monotonic clock, for reports."""
    return round(time.monotonic() - began, 1)
