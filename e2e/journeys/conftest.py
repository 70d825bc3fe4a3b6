"""The whole platform for the journeys: all services in a namespace of their own, one network, time sixty-fold."""

import asyncio
import secrets
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import pytest
import pytest_asyncio

from chassis.clock import LabClock, wall_now
from ev_actors.journal import Journal
from ev_actors.partner import Partner
from ev_actors.station import Station
from ev_actors.v16 import station_16
from ev_actors.v201 import station_201
from ev_checks.traces import Collector, collecting
from ev_demo import roaming
from ev_demo.time import setting
from ev_lab import contracts, ports
from ev_lab.endpoints import Endpoints
from ev_lab.issuer.users import UserBook
from ev_lab.paths import LabPaths
from ev_lab.services import Fleet
from ev_seed.client import Addresses, Platform
from ev_seed.network import Plan
from ev_seed.seed import Seeded, seed, users

sys.path.insert(0, str(Path(__file__).parent))  # a journey finds what stands beside it

RATE = 60
WITHIN_S = 60.0

T = TypeVar("T")


@dataclass(slots=True, kw_only=True)
class System:
    """The platform and the people around it. Stations are handed out once each, so that journeys never meet."""

    services: Fleet
    platform: Platform
    seeded: Seeded
    clock: LabClock
    journal: Journal
    partner: Partner
    where: Endpoints
    _free: list[int]

    def station(self, version: str) -> Station:
        """A station of that OCPP version which no journey has had yet."""
        number = next(n for n in self._free if self.seeded.members[n].version == version)
        self._free.remove(number)
        make = station_201 if version == "2.0.1" else station_16
        return make(self.seeded.members[number].identity, self.clock, self.journal)

    def site_of(self, station_id: str) -> int:
        """The number of the site that a station stands on, from 1."""
        number = int(station_id[-5:])
        return (number - 1) % self.seeded.plan.sites + 1

    async def get(self, role: str, path: str, **more: Any) -> Any:
        """The read model of a role, as that role's user."""
        return await self.platform.get(role, f"projections-{role.partition('-')[0]}", path, **more)


async def eventually(ask: Callable[[], Awaitable[T | None]], *, within_s: float = WITHIN_S) -> T:
    """The first answer that is not None; fails with the last one seen. Waits on facts, never for a time."""
    async with asyncio.timeout(within_s):
        while True:
            answer = await ask()
            if answer is not None:
                return answer
            await asyncio.sleep(0.2)


@pytest.fixture(scope="session")
def traces() -> Iterator[Collector]:
    """The spans of all services, as they come in."""
    with collecting() as collector:
        yield collector


@pytest.fixture(scope="session")
def fleet_of_all(
    lab: Endpoints, lab_paths: LabPaths, traces: Collector, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Fleet]:
    """All services, started together; stopped and their traces removed afterwards."""
    namespace = f"j{secrets.token_hex(3)}"
    contracts.make_topics(lab, namespace)
    clock = LabClock(start=wall_now().replace(microsecond=0), rate=RATE)
    home: Path = tmp_path_factory.mktemp("journeys")
    fleet = Fleet(
        paths=lab_paths,
        namespace=namespace,
        clock=setting(clock),
        extra={"EV_USERS": str(home / "users.json"), "EV_LOG_LEVEL": "warning", "EV_OTLP_ENDPOINT": traces.endpoint},
    )
    try:
        fleet.start()
        yield fleet
    finally:
        fleet.stop()
        ports.forget(lab_paths.ports, f"{namespace}.")
        contracts.remove(lab, namespace)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def system(fleet_of_all: Fleet, lab: Endpoints) -> AsyncIterator[System]:
    """A seeded network with a registered partner."""
    plan = Plan(stations=24, sites=4, owners=2, feeders=2, drivers=4)
    book = UserBook(Path(fleet_of_all.extra["EV_USERS"]))
    label = f"{fleet_of_all.namespace}.partner"
    home = roaming.PartnerHome(
        port=ports.choose(fleet_of_all.paths.ports, [label])[label],
        file=Path(fleet_of_all.extra["EV_USERS"]).with_name("partner.json"),
        names=plan.names,
    )
    addresses = Addresses.of_services(fleet_of_all)
    start, _, rate = fleet_of_all.clock.rpartition("@")
    clock = LabClock(start=datetime.fromisoformat(start).astimezone(UTC), rate=float(rate))
    async with Platform(addresses=addresses) as platform, roaming.serving(home.remembered(), home.port) as partner:
        book.write(users(plan))
        seeded = await seed(platform, plan)
        book.write(users(plan, seeded.drivers))
        await roaming.register(platform, "cpo", home, partner)
        yield System(
            services=fleet_of_all,
            platform=platform,
            seeded=seeded,
            clock=clock,
            journal=Journal(),
            partner=partner,
            where=lab,
            _free=list(range(len(seeded.members))),
        )
