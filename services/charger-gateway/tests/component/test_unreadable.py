"""A record that a replica cannot read is passed by, counted and listed; what people look back at leaves it out."""

import json
from pathlib import Path

import httpx2

from charger_gateway.adapters.frame_blocks import FRAMES
from charger_gateway.adapters.heartbeat import BEATS
from charger_gateway.adapters.ocpp.server import CONNECTIONS
from charger_gateway.adapters.tails import DESK_EVENTS
from charger_gateway.reactions import CONTACTS
from chassis.log import Entry
from chassis.testing import eventually

from .seeding import STATIONS  # noqa: TID252 - tests are no package of the installation
from .whole import Whole, running_whole  # noqa: TID252 - as above

FOLLOWED = (CONNECTIONS, DESK_EVENTS, BEATS)
SNAPSHOT = "assets.station.snapshot.v1"


async def listed(whole: Whole) -> set[tuple[str, str]]:
    answer = await whole.get("engineer", "/v1/parked")
    return {(each["entity"], each["key"]) for each in answer.json()["parked"]}


async def test_what_a_replica_cannot_read_is_passed_by_and_listed(tmp_path: Path) -> None:
    async with running_whole(tmp_path, wait_s=2) as whole:
        for topic in (*FOLLOWED, SNAPSHOT, FRAMES):
            await whole.log.producer.send(topic, Entry(b"volt/poison", b"garbage"))
        wanted = {(name, "volt/poison") for name in (*FOLLOWED, SNAPSHOT, CONTACTS)}
        await eventually(lambda: _lists(whole, wanted))
        frames = await whole.get("engineer", f"/v1/stations/{STATIONS[0]}/frames")
        assert frames.status_code == httpx2.codes.OK, frames.text
        assert await listed(whole) == {*wanted, (FRAMES, "volt/poison")}
        assert whole.service.env.metrics.get("parked", "replica-follower") == len(FOLLOWED)
        async with whole.station(STATIONS[0], "ocpp1.6") as station:
            await station.send('[2,"1","Heartbeat",{}]')
            assert json.loads(await station.recv())[:2] == [3, "1"]


async def _lists(whole: Whole, wanted: set[tuple[str, str]]) -> bool:
    return wanted <= await listed(whole)
