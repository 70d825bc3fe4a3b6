"""The whole platform for the journeys: all services in a namespace of their own, one network, time sixty-fold."""

import secrets
import sys
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio

from chassis.clock import LabClock, wall_now
from ev_actors.journal import Journal
from ev_checks.traces import Collector, collecting
from ev_demo import roaming
from ev_demo.time import setting
from ev_journeys.system import System
from ev_lab import contracts, ports, processes
from ev_lab.endpoints import Endpoints
from ev_lab.issuer.users import UserBook
from ev_lab.paths import LabPaths
from ev_lab.services import Fleet
from ev_seed.client import Addresses, Platform
from ev_seed.network import Plan
from ev_seed.seed import seed, users

sys.path.insert(0, str(Path(__file__).parent))  # a journey finds what stands beside it

RATE = 60


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
        with processes.watched(lab_paths, f"{namespace}."):
            fleet.start()
            yield fleet
    finally:
        ports.forget(lab_paths.ports, f"{namespace}.")
        contracts.remove(lab, namespace)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def system(fleet_of_all: Fleet, lab: Endpoints) -> AsyncIterator[System]:
    """A seeded network with a registered partner."""
    plan = Plan(stations=32, sites=4, owners=2, feeders=2, drivers=4)
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
