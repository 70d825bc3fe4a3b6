"""Calls per second, latency and memory of the charger-gateway, beside the least that such a gateway can be.

`python e2e/bench/gateway.py [--stations 50,200,1000] [--seconds 10] [--out FILE]` on a running lab; JSON to stdout.
Closed loop of Authorize, StartTransaction, 10 MeterValues, StopTransaction; each answer after acks=all, frames kept,
metrics on, one call in a hundred traced; gateway, broker and load share the machine. Gateway and floor are compared in
turns: a machine's speed changes from minute to minute.
"""

import argparse
import asyncio
import contextlib
import gc
import json
import os
import statistics
import sys
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import uvloop

import ev_lab

sys.path.insert(0, str(Path(__file__).parent))

from driver import Station, Tally, Target, join, load
from rig import CARD, SECRET, Rig, free_port, gateway, station_ids

WARMUP_S = 3.0
FLOOR_STATIONS = 200
TURNS = 16
TURN_S = 4.0
IDLE_STATIONS = 1_000


async def measure(
    targets: Mapping[int, Target], seconds: float, *, calls_per_s: float = 0.0, warmup_s: float = WARMUP_S
) -> dict[str, Any]:
    """One run of the load on servers by their process ids, whose stations come for it and go again."""
    stations = [station for target in targets.values() for station in await join(target, Tally())]
    figures = await loaded(stations, list(targets), seconds, calls_per_s=calls_per_s, warmup_s=warmup_s)
    for station in stations:
        station.leave()
    await asyncio.sleep(1)
    return figures


async def loaded(
    stations: Sequence[Station], pids: Sequence[int], seconds: float, *, calls_per_s: float = 0.0, warmup_s: float
) -> dict[str, Any]:
    """One run of the load by stations that are there; the servers' processor time and memory with it."""
    tally = Tally()
    for station in stations:
        station.tally = tally
    before = _used_s(pids)
    figures = await load(stations, tally, warmup_s=warmup_s, seconds=seconds, calls_per_s=calls_per_s)
    cores = (_used_s(pids) - before) / (seconds + warmup_s)
    resident = sum(psutil.Process(pid).memory_info().rss for pid in pids)
    # What a call costs the server's processor: unlike the rate it says the same on a machine that others use too.
    cost = {"server_cores": round(cores, 2), "server_us_per_call": round(cores / figures["calls_per_s"] * 1e6, 1)}
    return {"stations": len(stations), **cost, "server_resident_mb": round(resident / 2**20), **figures}


def _used_s(pids: Iterable[int]) -> float:
    times = [psutil.Process(pid).cpu_times() for pid in pids]
    return sum(one.user + one.system for one in times)


async def memory(rig: Rig, count: int) -> dict[str, Any]:
    """Resident memory that connected stations take."""
    process = psutil.Process(rig.pid)
    before = process.memory_info().rss
    tally = Tally()
    stations = await join(Target(url=rig.ocpp_url, ids=station_ids(count), card=CARD, secret=SECRET), tally)
    await asyncio.sleep(2)
    grown = process.memory_info().rss - before
    for station in stations:
        station.leave()
    return {
        "stations": count,
        "resident_mb_before": round(before / 2**20, 1),
        "resident_mb_per_1000_stations": round(grown / 2**20 * 1000 / count, 1),
        "errors": dict(tally.errors),
    }


@contextlib.asynccontextmanager
async def floor(kafka: str) -> AsyncIterator[tuple[str, int]]:
    """The floor as a process: its URL and pid."""
    port = free_port()
    program = str(Path(__file__).with_name("floor.py"))
    process = await asyncio.create_subprocess_exec(
        sys.executable, program, "--kafka", kafka, "--port", str(port), stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        await asyncio.wait_for(process.stdout.readline(), 30)
        yield f"ws://127.0.0.1:{port}", process.pid
    finally:
        process.terminate()
        await process.wait()


async def bench(counts: list[int], seconds: float) -> dict[str, Any]:
    """Every figure of this file."""
    kafka = ev_lab.endpoints().kafka
    most = max([*counts, FLOOR_STATIONS, IDLE_STATIONS])
    async with gateway(kafka, stations=most) as rig:
        idle = await memory(rig, IDLE_STATIONS)
        await asyncio.sleep(3)
        runs = []
        for count in counts:
            target = Target(url=rig.ocpp_url, ids=station_ids(count), card=CARD, secret=SECRET)
            runs.append(await measure({rig.pid: target}, seconds))
        target = Target(url=rig.ocpp_url, ids=station_ids(FLOOR_STATIONS), card=CARD, secret=SECRET, version="2.0.1")
        runs_201 = [await measure({rig.pid: target}, seconds)]
        compared = await beside_the_floor(kafka, rig)
        spans = len(rig.traces.spans)
    return {
        "machine": {"cores": os.cpu_count(), "load_average": os.getloadavg()},
        "gateway": runs,
        "gateway_2.0.1": runs_201,
        **compared,
        "memory": idle,
        "spans": spans,
    }


async def beside_the_floor(kafka: str, rig: Rig) -> dict[str, Any]:
    """Both in turns, and the middle one of the turns' ratios: of calls a second, and of what a call costs.

    Their stations stay connected: what is compared is calls, not how stations come and go.
    """
    gateway_at = Target(url=rig.ocpp_url, ids=station_ids(FLOOR_STATIONS), card=CARD, secret=SECRET)
    turns = []
    async with floor(kafka) as (url, pid):
        ours = await join(gateway_at, Tally())
        least = await join(replace(gateway_at, url=url, secret=""), Tally())
        for _ in range(TURNS):
            one = await loaded(ours, [rig.pid], TURN_S, warmup_s=TURN_S / 3)
            turns.append((one, await loaded(least, [pid], TURN_S, warmup_s=TURN_S / 3)))
        for station in (*ours, *least):
            station.leave()
    rates = [one["calls_per_s"] / other["calls_per_s"] for one, other in turns]
    costs = [other["server_us_per_call"] / one["server_us_per_call"] for one, other in turns]
    return {
        "floor": turns[-1][1],
        "turns_calls_per_s": [(one["calls_per_s"], other["calls_per_s"]) for one, other in turns],
        "turns_errors": [sum(map(len, (one["errors"], other["errors"]))) for one, other in turns],
        "gateway_to_floor": round(statistics.median(rates), 3),
        "floor_us_to_gateway_us": round(statistics.median(costs), 3),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stations", default="50,200,1000")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    gc.freeze()
    gc.disable()
    found = json.dumps(uvloop.run(bench([int(one) for one in given.stations.split(",")], given.seconds)), indent=1)
    print(found)
    if given.out is not None:
        given.out.write_text(found + "\n", encoding="utf-8")
