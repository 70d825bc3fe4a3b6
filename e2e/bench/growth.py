"""How the gateway grows: with stations, with the size of messages, with processes; and its latency at half its most.

`python e2e/bench/growth.py [--seconds 6]` on a running lab; a table to stderr, JSON to stdout.
"""

import argparse
import asyncio
import gc
import json
import sys
from pathlib import Path
from typing import Any

import uvloop

import ev_lab

sys.path.insert(0, str(Path(__file__).parent))

from driver import Target
from gateway import measure
from rig import CARD, SECRET, Rig, gateways, station_ids

STATIONS = (50, 100, 200, 500, 1_000, 2_000)
SIZES = (0, 15, 150, 600)
USUAL = 200


def targets(rigs: list[Rig], count: int, *, version: str = "1.6", size: int = 0) -> dict[int, Target]:
    """The stations, shared out evenly."""
    ids = station_ids(count)
    return {
        rig.pid: Target(url=rig.ocpp_url, ids=ids[n :: len(rigs)], card=CARD, secret=SECRET, version=version, size=size)
        for n, rig in enumerate(rigs)
    }


async def one_process(kafka: str, seconds: float) -> list[dict[str, Any]]:
    """Stations, sizes, and an open loop at half of what 200 stations reached."""
    rows = []
    async with gateways(kafka, stations=max(STATIONS)) as rigs:
        for version in ("1.6", "2.0.1"):
            for count in STATIONS:
                found = await measure(targets(rigs, count, version=version), seconds)
                rows.append({"what": f"{version}, closed loop", **found})
        for size in SIZES:
            found = await measure(targets(rigs, USUAL, size=size), seconds)
            rows.append({"what": f"1.6, about {200 + 60 * size} bytes a meter message", **found})
        most = next(row["calls_per_s"] for row in rows if row["stations"] == USUAL)
        found = await measure(targets(rigs, USUAL), seconds, calls_per_s=most / 2)
        rows.append({"what": "1.6, open loop at half, latency from the due time", **found})
    return rows


async def bench(seconds: float) -> list[dict[str, Any]]:
    """Every row."""
    kafka = ev_lab.endpoints().kafka
    rows = await one_process(kafka, seconds)
    await asyncio.sleep(1)
    async with gateways(kafka, stations=USUAL, processes=2) as rigs:
        rows.append({"what": "1.6, closed loop, 2 processes", **(await measure(targets(rigs, USUAL), seconds))})
    return rows


def table(rows: list[dict[str, Any]]) -> str:
    """For people."""
    columns = ("what", "stations", "calls/s", "us of processor a call", "p50 ms", "p99 ms", "errors")
    head = f"| {' | '.join(columns)} |\n{'|---' * len(columns)}|\n"
    lines = [
        f"| {row['what']} | {row['stations']} | {row['calls_per_s']:,.0f} | {row['server_us_per_call']} "
        f"| {row['latency_ms'].get('p50')} | {row['latency_ms'].get('p99')} | {sum(row['errors'].values())} |"
        for row in rows
    ]
    return head + "\n".join(lines)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=6.0)
    given = parser.parse_args()
    gc.freeze()
    gc.disable()
    found = uvloop.run(bench(given.seconds))
    print(table(found), file=sys.stderr)
    print(json.dumps(found, indent=1))
