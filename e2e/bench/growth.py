"""How the gateway grows: with stations, with the size of messages, with processes; and its latency at half its most.

`python e2e/bench/growth.py [--seconds 6] [--stations 50,100,...] [--markdown] [--out FILE]` on a running lab; JSON to
stdout, or with `--markdown` the tables of a README. `--out` keeps the JSON either way.

Closed loops, but for the last: it sends at half of the highest rate of each version, however long the answers take, and
a call's latency counts from when it was due.
"""

import argparse
import asyncio
import gc
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import uvloop

import ev_lab

sys.path.insert(0, str(Path(__file__).parent))

from driver import DIALECTS, Target
from gateway import measure
from growth_tables import busiest, markdown
from rig import CARD, SECRET, Rig, gateways, station_ids

STATIONS = (50, 100, 200, 500, 1_000, 2_000)
SIZES = (0, 15, 150, 600)
USUAL = 200
VERSIONS = ("1.6", "2.0.1")
PROCESSES = 2
_A_METER_MESSAGE = 5
_SETTLE_S = 8.0
"""Two processes share out the partitions of their policies first."""


def targets(rigs: Sequence[Rig], count: int, *, version: str, size: int = 0) -> dict[int, Target]:
    """The stations, shared out evenly."""
    ids = station_ids(count)
    return {
        rig.pid: Target(url=rig.ocpp_url, ids=ids[n :: len(rigs)], card=CARD, secret=SECRET, version=version, size=size)
        for n, rig in enumerate(rigs)
    }


def meter_message_bytes(version: str, size: int) -> int:
    """Of a whole frame; a digit more or less with the number of the call and the register."""
    action, payload = DIALECTS[version].words(_A_METER_MESSAGE, 10_000, 1_000_000_000, CARD, size)
    return len(f'[2,"1000","{action}",{payload}]')


async def one(
    rigs: Sequence[Rig], count: int, seconds: float, *, version: str, size: int = 0, due_per_s: float = 0.0
) -> dict[str, Any]:
    """A row."""
    found = await measure(targets(rigs, count, version=version, size=size), seconds, calls_per_s=due_per_s)
    bytes_each = meter_message_bytes(version, size)
    row = {"version": version, "processes": len(rigs), "meter_message_bytes": bytes_each, **found}
    return row | ({"due_calls_per_s": round(due_per_s, 1)} if due_per_s else {})


async def one_process(kafka: str, counts: Sequence[int], seconds: float) -> dict[str, Any]:
    """With stations, with the size of messages, and at half the most."""
    async with gateways(kafka, stations=max(*counts, USUAL)) as rigs:
        grown = [await one(rigs, count, seconds, version=version) for version in VERSIONS for count in counts]
        sized = [await one(rigs, USUAL, seconds, version="1.6", size=size) for size in SIZES]
        open_loop = []
        for version in VERSIONS:
            most = busiest(grown, version)
            half = most["calls_per_s"] / 2
            open_loop.append(await one(rigs, most["stations"], seconds, version=version, due_per_s=half))
    return {"stations": grown, "message_size": sized, "open_loop": open_loop}


async def two_processes(kafka: str, seconds: float) -> list[dict[str, Any]]:
    """One of them and both, one after the other, so that they had the same machine."""
    async with gateways(kafka, stations=USUAL, processes=PROCESSES) as rigs:
        await asyncio.sleep(_SETTLE_S)
        return [await one(some, USUAL, seconds, version=v) for v in VERSIONS for some in (rigs[:1], rigs)]


async def bench(counts: Sequence[int], seconds: float) -> dict[str, Any]:
    """Everything."""
    kafka = ev_lab.endpoints().kafka
    machine = {"cores": os.cpu_count(), "load_average_before": os.getloadavg(), "seconds_a_row": seconds}
    found = await one_process(kafka, counts, seconds)
    await asyncio.sleep(1)
    return {"machine": machine, **found, "processes": await two_processes(kafka, seconds)}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--stations", default=",".join(str(count) for count in STATIONS))
    parser.add_argument("--markdown", action="store_true")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    gc.freeze()
    gc.disable()
    found = uvloop.run(bench([int(count) for count in given.stations.split(",")], given.seconds))
    text = json.dumps(found, indent=1)
    if given.out is not None:
        given.out.write_text(text + "\n", encoding="utf-8")
    print(markdown(found) if given.markdown else text)
