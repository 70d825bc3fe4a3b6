"""How many calls a second the whole chain keeps up with: gateway, ledger, pricing, billing, roaming and projections.

`python e2e/bench/chain.py [--stations 200] [--seconds 30] [--rate 1000] [--out FILE]` on a running lab; JSON to stdout.
The stations call in turn at `--rate` calls a second (0: as fast as they are answered). All of it, the broker, the
database and the load included, shares the machine. The chain keeps up where `lag` stays as it was while the load goes
on: seconds and records that the slowest reader is behind, in the middle and at the end of the load. `caught_up_after_s`
is how long after the last call the last invoice of what had ended was issued, `read_side_after_s` how long until no
projection lagged; `cpu_ms_per_call` is what each process took until then, so 2,000 over its sum is what two cores can
do; `money` is what the checks found in the books.
"""

import argparse
import asyncio
import json
import secrets
import sys
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import psutil
import uvloop

sys.path.insert(0, str(Path(__file__).parent))

from driver import Tally, Target, join, load

from chassis.log import KafkaLog
from chassis.log.port import TopicPartition
from ev_checks.money import findings
from ev_checks.reading import read_ledger
from ev_lab import contracts, endpoints, ports, processes
from ev_lab.issuer.users import UserBook
from ev_lab.paths import LabPaths
from ev_lab.services import SPECS, Fleet
from ev_seed import network
from ev_seed.client import Addresses, Platform
from ev_seed.network import Plan
from ev_seed.seed import seed, users

INVOICES = "billing.invoice.event.v1"
SETTLE_S = 2
PATIENCE_S = 240.0
WARMUP_S = 3.0
SECRET = secrets.token_hex(20)


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What a load was, and what each process had used of the processor before it."""

    used_before: Mapping[str, float]
    calls: int
    stopped: float
    figures: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One measurement in a namespace of its own."""

    services: Fleet
    plan: Plan
    seconds: float
    rate: float
    names: Sequence[str] = tuple(SPECS)
    """The services that take part."""

    async def measure(self) -> dict[str, Any]:
        """Seed, load, wait until every session that ended is invoiced, check the books."""
        loaded = await self.loaded()
        reads = asyncio.create_task(self.until_read("projections-"))
        ledger, invoiced_s = await self._until_invoiced(loaded.stopped)
        read_s = await reads - loaded.stopped
        return {
            **loaded.figures,
            "cpu_ms_per_call": self.cost(loaded),
            "sessions_closed": len(ledger.closed),
            "invoices": len(ledger.invoices),
            "caught_up_after_s": round(invoiced_s, 1),
            "read_side_after_s": round(read_s, 1),
            "money": [f"{each.rule}: {each.subject}" for each in findings(ledger)][:10],
        }

    async def loaded(self) -> Loaded:
        """Seed, let the stations come, and load."""
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
            before = self._used_s()
            lags = asyncio.create_task(self._lags())
            figures = await load(stations, tally, warmup_s=WARMUP_S, seconds=self.seconds, calls_per_s=self.rate)
            for station in stations:
                station.leave()
        stopped = time.monotonic()
        calls = sum(station.calls for station in stations)
        head = {"stations": self.plan.stations, "seconds": self.seconds}
        return Loaded(
            used_before=before,
            calls=calls,
            stopped=stopped,
            figures={**head, **figures, "lag": await lags, "calls": calls},
        )

    def cost(self, loaded: Loaded) -> dict[str, float]:
        """Milliseconds of processor a call, of all and of each process, since the load began."""
        after = self._used_s()
        each = {n: round((after[n] - s) / loaded.calls * 1_000, 3) for n, s in loaded.used_before.items()}
        return {"all": round(sum(each.values()), 2), **each}

    def _used_s(self) -> dict[str, float]:
        """Processor seconds of each of our processes so far, of the lab's, and of this one."""
        found = {name: self.services.running(name) for name in self.names}
        lab = {name: processes.running(self.services.paths, name) for name in ("kafka", "cassandra")}
        known = {**found, **lab, "load": psutil.Process()}
        times = {name: process.cpu_times() for name, process in known.items() if process is not None}
        return {name: each.user + each.system for name, each in times.items()}

    async def _lags(self) -> dict[str, dict[str, float]]:
        """How far the slowest reader is behind, in the middle and at the end of the load."""
        await asyncio.sleep(WARMUP_S + self.seconds / 2)
        middle = await self._lag()
        await asyncio.sleep(self.seconds / 2)
        return {"middle": middle, "end": await self._lag()}

    async def _lag(self, only: str = "") -> dict[str, float]:
        worst = {"seconds": 0.0, "records": 0.0}
        async with httpx2.AsyncClient(timeout=10) as client:
            for name in (each for each in self.names if each.startswith(only) and each not in {"issuer", "dashboards"}):
                metrics = (await client.get(f"{self.services.url(name)}/metrics-json")).json()
                for unit, least in worst.items():
                    found = [value for key, value in metrics.items() if key.startswith(f"lag_{unit}")]
                    worst[unit] = round(max([least, *found]), 1)
        return worst

    async def until_read(self, only: str = "") -> float:
        """The instant at which none of them was behind any more; they say how far they are every five seconds."""
        async with asyncio.timeout(PATIENCE_S):
            while (await self._lag(only))["records"]:  # noqa: ASYNC110 - told over HTTP, by other processes
                await asyncio.sleep(1)
        return time.monotonic()

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
        log = KafkaLog(where.kafka, namespace=self.services.namespace)
        await log.start()
        try:
            at_topic = [TopicPartition(INVOICES, p) for p in range(await log.partitions(INVOICES))]
            while time.monotonic() - stopped < PATIENCE_S:
                known, now = sum((await log.ends(at_topic)).values()), time.monotonic()
                if known != seen:
                    seen, at = known, now
                elif now - at > 3 * SETTLE_S:
                    ledger = await read_ledger(where.kafka, paths.schema_ids, namespace=self.services.namespace)
                    if len(ledger.invoices) >= 2 * len(ledger.closed):
                        return ledger, at - stopped
                await asyncio.sleep(1)
        finally:
            await log.stop()
        raise TimeoutError(f"invoices end at {seen}, and not all of what ended is invoiced")


@contextmanager
def fleet(names: Sequence[str] = tuple(SPECS)) -> Iterator[Fleet]:
    """These services in a namespace of their own, gone afterwards."""
    paths, where, namespace = LabPaths.of_checkout(), endpoints(), f"bench{secrets.token_hex(2)}"
    contracts.release(paths, where)
    contracts.make_topics(where, namespace)
    home = paths.of(f"data/{namespace}")
    extra = {"EV_USERS": str(home / "users.json"), "EV_LOG_LEVEL": "warning", "EV_SESSION_SETTLE_S": str(SETTLE_S)}
    services = Fleet(paths=paths, namespace=namespace, extra=extra)
    try:
        services.start(names)
        yield services
    finally:
        services.stop()
        ports.forget(paths.ports, f"{namespace}.")
        contracts.remove(where, namespace)


def main(measure: Callable[[Run], Coroutine[Any, Any, dict[str, Any]]], names: Sequence[str], says: str | None) -> None:
    """Measure once and print."""
    parser = argparse.ArgumentParser(description=says)
    parser.add_argument("--stations", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--rate", type=float, default=1_000)
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    with fleet(names) as services:
        run = Run(
            services=services,
            plan=Plan(stations=asked.stations),
            seconds=asked.seconds,
            rate=asked.rate,
            names=names,
        )
        figures = json.dumps(uvloop.run(measure(run)))
    print(figures)
    if asked.out is not None:
        asked.out.write_text(f"{figures}\n", encoding="utf-8")


if __name__ == "__main__":
    main(Run.measure, tuple(SPECS), __doc__)
