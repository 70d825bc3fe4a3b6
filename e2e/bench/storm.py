"""A storm: thousands of stations knock at once while others charge. How long until all are in, and what did it cost?

`python e2e/bench/storm.py [--stations 2000]` on a running lab; JSON to stdout. Stations come back as the answer's
Retry-After asks; the gateway has its usual limits. All come from one address, so that what is refused of one peer (429)
is seen beside what is refused of all (503). In the end the log is read: each message that those who charge said must
stand there once, and each station's boot.
"""

import argparse
import asyncio
import base64
import json
import math
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import uvloop
from picows import WSHandshakeError, ws_connect

import ev_lab
from ev_contracts.gateway import StationBooted

sys.path.insert(0, str(Path(__file__).parent))

from driver import CALLS_OF_A_SESSION, DIALECTS, Station, Tally, Target, load
from rig import CARD, SECRET, Rig, gateway, on_log, station_ids

CHARGING = 50
CALLS_PER_S = 500.0
QUIET_S = 5.0
MOST_S = 120.0
DIALECT = DIALECTS["1.6"]
CUT = "cut"
"""A socket that went without an answer."""


async def come_back(station_id: str, target: Target, answers: Counter[str]) -> Station:
    """Knock until let in and booted."""
    credential = base64.b64encode(f"{station_id}:{target.secret}".encode()).decode()
    headers = {"Sec-WebSocket-Protocol": DIALECT.subprotocol, "Authorization": f"Basic {credential}"}
    tally = Tally()
    while True:
        station = Station(station_id, target, tally)
        try:
            await ws_connect(
                lambda station=station: station,
                f"{target.url}/{station_id}",
                extra_headers=headers,
                websocket_handshake_timeout=15,
            )
            await asyncio.wait_for(station.ready, 15)
        except WSHandshakeError as refused:
            status = CUT if refused.response is None else str(int(refused.response.status))
            wait = "" if refused.response is None else refused.response.headers.get("Retry-After", "")
            answers[status] += 1
            if status != CUT and not wait:
                answers[f"{status} without Retry-After"] += 1
            await asyncio.sleep(float(wait or 5))
        except (OSError, TimeoutError):
            answers[CUT] += 1
            await asyncio.sleep(5)
        else:
            return station


async def bench(count: int) -> dict[str, Any]:
    """Latency of those who charge before and during the storm, and how long it took."""
    kafka = ev_lab.endpoints().kafka
    usual = {"EV_HANDSHAKES_PER_S": "200"}
    async with gateway(kafka, stations=CHARGING + count, extra_env=usual) as rig:
        ids = station_ids(CHARGING + count)
        target = Target(url=rig.ocpp_url, ids=ids[:CHARGING], card=CARD, secret=SECRET)
        tally = Tally()
        charging = await asyncio.gather(*(come_back(one, target, Counter()) for one in target.ids))
        for station in charging:
            station.tally = tally
        quiet = await load(charging, tally, warmup_s=1.0, seconds=QUIET_S, calls_per_s=CALLS_PER_S)
        answers: Counter[str] = Counter()
        during = Tally()
        for station in charging:
            station.tally = during
        began = time.monotonic()
        storm = asyncio.gather(*(come_back(one, target, answers) for one in ids[CHARGING:]))
        meanwhile = asyncio.create_task(
            load(charging, during, warmup_s=0.0, seconds=QUIET_S * 4, calls_per_s=CALLS_PER_S)
        )
        back = await asyncio.wait_for(storm, MOST_S)
        took_s = time.monotonic() - began
        figures = await meanwhile
        return {
            "stations": len(back),
            "all_back_after_s": round(took_s, 1),
            "refusals": dict(answers),
            "charging_before": quiet,
            "charging_during": figures,
            "log": await kept(kafka, rig, charging, ids),
        }


async def kept(kafka: str, rig: Rig, charging: Sequence[Station], ids: Sequence[str]) -> dict[str, int]:
    """What was said, and what of it the log has."""
    said = [station.calls - 1 for station in charging]  # besides its boot
    events = await on_log(kafka, rig, "gateway.transaction.event.v1")
    words = await on_log(kafka, rig, "gateway.station.event.v1")
    booted = {each.station_id for each in words if isinstance(each, StationBooted)}
    return {
        # An Authorize asks, and makes nothing true: each session's calls begin with one.
        "said": sum(calls - math.ceil(calls / CALLS_OF_A_SESSION) for calls in said),
        "on_log": len(events),
        "boots_lost": len(set(ids) - booted),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stations", type=int, default=2_000)
    given = parser.parse_args()
    print(json.dumps(uvloop.run(bench(given.stations)), indent=1))
