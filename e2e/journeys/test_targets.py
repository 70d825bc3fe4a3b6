"""A driver says how much he wants, while he charges or when he starts: the station is stopped when he has it."""

import asyncio
from typing import Any

import pytest

from chassis.clock import new_id
from ev_actors.battery import Battery
from ev_actors.journal import Charged
from ev_actors.station import Station, Visit
from ev_journeys.figures import RETAIL, cents
from ev_journeys.system import System, eventually

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(240)]

LEDGER = "session-ledger"
WANTED_WH = 1_000
WANTED_CENTS = 100


def visit(id_tag: str, **changed: Any) -> Visit:
    """A vehicle that would go on for hours."""
    battery = Battery(capacity_wh=60_000, charged_wh=10_000, most_w=11_000)
    return Visit(**{"id_tag": id_tag, "connector": 1, "battery": battery, "sample_every_s": 60, **changed})


async def running_id(system: System, station: Station) -> str:
    """The session that runs at the station, as the operator sees it."""

    async def ask() -> str | None:
        found = (await system.get("cpo", f"/v1/stations/{station.station_id}/sessions"))["items"]
        return found[0]["session_id"] if found else None

    return await eventually(ask)


async def stopped(visiting: "asyncio.Task[Charged]", station: Station) -> Charged:
    """What the station did, which nobody but the platform has ended."""
    charged = await asyncio.wait_for(visiting, 60)
    await station.offline()
    assert charged.reason == "Remote"
    return charged


async def test_a_driver_s_energy_target_stops_his_running_session_at_the_station(system: System) -> None:
    station = system.station("1.6")
    await station.online()
    visiting = asyncio.create_task(station.charge(visit(system.seeded.drivers[0].uid)))
    session_id = await running_id(system, station)
    path = f"/v1/sessions/{session_id}/targets"
    wish = {"station_id": station.station_id, "energy_wh": WANTED_WH}
    said = await system.platform.post("driver", LEDGER, path, wish)
    assert said["session_id"] == session_id
    another = await system.platform.request("driver-2", "POST", LEDGER, path, json=wish)
    assert another.status_code == 404

    async def shown() -> dict[str, Any] | None:
        answer = await system.platform.request("driver", "GET", LEDGER, path)
        return answer.json() if answer.is_success else None

    assert (await eventually(shown))["targets"]["energy_wh"] == WANTED_WH
    charged = await stopped(visiting, station)
    # What flows between two readings, and until the stop is there, comes on top.
    assert WANTED_WH <= charged.energy_wh < 3 * WANTED_WH


async def test_a_cost_target_in_a_remote_start_stops_the_session_at_what_the_driver_pays(system: System) -> None:
    station = system.station("2.0.1")
    await station.online()
    body = {
        "id_token": system.seeded.drivers[0].uid,
        "evse_number": 1,
        "targets": {"cost": "1.00", "currency": "EUR", "duration_s": 7_200},
    }
    started = await system.platform.post(
        "driver",
        "charger-gateway",
        f"/v1/stations/{station.station_id}/commands/start",
        body,
        headers={"Idempotency-Key": new_id()},
    )
    assert started["status"] == "succeeded"
    connector, id_tag, remote_start_id = await asyncio.wait_for(station.on_remote_start.get(), 10)
    visiting = asyncio.create_task(
        station.charge(visit(id_tag, connector=connector, remote_start_id=remote_start_id or -1))
    )
    charged = await stopped(visiting, station)
    assert WANTED_CENTS <= cents(charged, RETAIL).gross < 3 * WANTED_CENTS
