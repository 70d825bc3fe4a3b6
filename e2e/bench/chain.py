"""How many calls a second the whole chain keeps up with: gateway, ledger, pricing, billing, roaming and projections.

`python e2e/bench/chain.py [--stations 200] [--seconds 30] [--out FILE]` on a running lab; JSON to stdout. All of it,
the broker, the database and the load included, shares the machine. `caught_up_after_s` is how long after the last call
the last invoice of what had ended was issued; `money` is what the checks found in the books afterwards.
"""

import argparse
import asyncio
import json
import secrets
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvloop

sys.path.insert(0, str(Path(__file__).parent))

from driver import Tally, Target, join, load

from ev_checks.money import findings
from ev_checks.reading import read_ledger
from ev_lab import contracts, endpoints, ports
from ev_lab.issuer.users import UserBook
from ev_lab.paths import LabPaths
from ev_lab.services import Fleet
from ev_seed import network
from ev_seed.client import Addresses, Platform
from ev_seed.network import Plan
from ev_seed.seed import seed, users

SETTLE_S = 2
PATIENCE_S = 240.0
WARMUP_S = 3.0
SECRET = secrets.token_hex(20)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One measurement in a namespace of its own."""

    services: Fleet
    plan: Plan
    seconds: float

    async def measure(self) -> dict[str, Any]:
        """Seed, load, wait until every session that ended is invoiced, check the books."""
        async with Platform(addresses=Addresses.of_services(self.services)) as platform:
            book = UserBook(Path(self.services.extra["EV_USERS"]))
            book.write(users(self.plan))
            seeded = await seed(platform, self.plan)
            await self._same_secret(platform)
            tally = Tally()
            ids = [member.identity.station_id for member in seeded.members]
            url = self.services.ocpp_url.rstrip("/")
            target = Target(url=url, ids=ids, card=seeded.drivers[0].uid, secret=SECRET)
            stations = await join(target, tally)
            figures = await load(stations, tally, warmup_s=WARMUP_S, seconds=self.seconds)
            for station in stations:
                station.leave()
        stopped = time.monotonic()
        ledger, invoiced_s = await self._until_invoiced(stopped)
        return {
            "stations": self.plan.stations,
            "seconds": self.seconds,
            **figures,
            "sessions_closed": len(ledger.closed),
            "invoices": len(ledger.invoices),
            "caught_up_after_s": round(invoiced_s, 1),
            "calls_per_s_caught_up": round(figures["calls_per_s"] * self.seconds / (self.seconds + invoiced_s)),
            "money": [f"{each.rule}: {each.subject}" for each in findings(ledger)][:10],
        }

    async def _same_secret(self, platform: Platform) -> None:
        gate = asyncio.Semaphore(16)

        async def rotate(station_id: str) -> None:
            async with gate:
                path = f"/v1/stations/{station_id}/credential"
                await platform.post("cpo", "asset-registry", path, {"secret": SECRET})

        await asyncio.gather(*(rotate(each["station_id"]) for each in network.stations(self.plan)))

    async def _until_invoiced(self, stopped: float) -> tuple[Any, float]:
        """The ledger once nothing new has come for a while, and when the last of it was first seen."""
        seen, at = -1, stopped
        where, paths = endpoints(), self.services.paths
        while time.monotonic() - stopped < PATIENCE_S:
            ledger = await read_ledger(where.kafka, paths.schema_ids, namespace=self.services.namespace)
            now = time.monotonic()
            if (
                len(ledger.invoices) == seen
                and len(ledger.invoices) >= 2 * len(ledger.closed)
                and now - at > 3 * SETTLE_S
            ):
                return ledger, at - stopped
            if len(ledger.invoices) != seen:
                seen, at = len(ledger.invoices), now
            await asyncio.sleep(1)
        raise TimeoutError(f"{seen} invoices, and not all of what ended is invoiced")


def main() -> None:
    """Measure once and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stations", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    paths, where, namespace = LabPaths.of_checkout(), endpoints(), f"bench{secrets.token_hex(2)}"
    contracts.release(paths, where)
    contracts.make_topics(where, namespace)
    home = paths.of(f"data/{namespace}")
    extra = {"EV_USERS": str(home / "users.json"), "EV_LOG_LEVEL": "warning", "EV_SESSION_SETTLE_S": str(SETTLE_S)}
    services = Fleet(paths=paths, namespace=namespace, extra=extra)
    try:
        services.start()
        run = Run(services=services, plan=Plan(stations=asked.stations), seconds=asked.seconds)
        figures = json.dumps(uvloop.run(run.measure()))
    finally:
        services.stop()
        ports.forget(paths.ports, f"{namespace}.")
        contracts.remove(where, namespace)
    print(figures)
    if asked.out is not None:
        asked.out.write_text(f"{figures}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
