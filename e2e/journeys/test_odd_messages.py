"""What stations do in the field: a start said three times, a stop before its readings, a start asked for by API."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from ocpp.v16 import call

from ev_actors.battery import Battery
from ev_actors.journal import Charged
from ev_actors.station import Station, Visit
from ev_actors.v16 import iso
from ev_journeys.figures import WHOLESALE, cents
from ev_journeys.system import System, eventually

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(240)]


async def settled(system: System, station_id: str, transaction_id: str) -> dict[str, Any]:
    """The operator's view of the session once it is invoiced."""

    async def ask() -> dict[str, Any] | None:
        answer = await system.get("cpo", f"/v1/stations/{station_id}/sessions")
        return next(
            (
                each
                for each in answer["items"]
                if each.get("transaction_id") == transaction_id and each.get("invoice_number")
            ),
            None,
        )

    return await eventually(ask)


def start_of(system: System, at: str) -> call.StartTransaction:
    """A start by the first driver's card at register 5,000 Wh."""
    return call.StartTransaction(connector_id=1, id_tag=system.seeded.drivers[0].uid, meter_start=5_000, timestamp=at)


def readings(transaction_id: int, at: str, register_wh: int) -> call.MeterValues:
    """One periodic reading."""
    value = {"value": str(register_wh), "measurand": "Energy.Active.Import.Register", "unit": "Wh"}
    return call.MeterValues(
        connector_id=1,
        transaction_id=transaction_id,
        meter_value=[{"timestamp": at, "sampledValue": [{**value, "context": "Sample.Periodic"}]}],
    )


async def test_a_start_that_is_said_three_times_is_one_session(system: System) -> None:
    station = system.station("1.6")
    await station.online()
    start = system.clock.now().replace(microsecond=0)
    said = [await station.link.call(start_of(system, iso(start))) for _ in range(2)]
    await station.offline()
    await station.online()  # the third time from another connection, as after a lost answer
    said.append(await station.link.call(start_of(system, iso(start))))
    assert len({answer.transaction_id for answer in said}) == 1

    number = said[0].transaction_id
    end = start + timedelta(minutes=10)
    for _ in range(2):
        stop = call.StopTransaction(meter_stop=7_000, timestamp=iso(end), transaction_id=number, reason="Local")
        await station.link.call(stop)
    await station.offline()
    session = await settled(system, station.station_id, str(number))
    assert session["energy_wh"] == 2_000
    assert len((await system.get("cpo", f"/v1/stations/{station.station_id}/sessions"))["items"]) == 1


async def test_a_stop_before_its_readings_comes_to_the_same(system: System) -> None:
    station = system.station("1.6")
    await station.online()
    start = system.clock.now().replace(microsecond=0) - timedelta(minutes=10)
    number = (await station.link.call(start_of(system, iso(start)))).transaction_id
    end = start + timedelta(minutes=10)
    stop = call.StopTransaction(meter_stop=8_000, timestamp=iso(end), transaction_id=number, reason="Local")
    await station.link.call(stop)
    for minutes, register_wh in ((8, 7_400), (3, 6_100)):
        await station.link.call(readings(number, iso(start + timedelta(minutes=minutes)), register_wh))
    await station.offline()
    session = await settled(system, station.station_id, str(number))
    charged = Charged(
        station_id=station.station_id,
        ocpp_version="1.6",
        connector=1,
        id_tag=system.seeded.drivers[0].uid,
        transaction_id=str(number),
        started_at=start,
        ended_at=end,
        meter_start_wh=5_000,
        meter_stop_wh=8_000,
        charging_ended_at=end,
        reason="Local",
    )
    assert session["energy_wh"] == 3_000
    assert session["gross_minor"] == cents(charged, WHOLESALE).gross


@pytest.mark.parametrize("version", ["1.6", "2.0.1"])
async def test_a_session_is_started_and_stopped_over_the_api(system: System, version: str) -> None:
    station = system.station(version)
    await station.online()
    wish = {"id_token": system.seeded.drivers[0].uid, "evse_number": 1, "reason": "the driver called"}
    started = await ask(system, station, "start", wish)
    assert started["status"] == "succeeded"

    connector, id_tag, remote_start_id = await asyncio.wait_for(station.on_remote_start.get(), 10)
    battery = Battery(capacity_wh=60_000, charged_wh=10_000, most_w=11_000)
    visit = Visit(id_tag=id_tag, connector=connector, battery=battery, remote_start_id=remote_start_id or -1)
    visiting = asyncio.create_task(station.charge(visit))

    async def running() -> str | None:
        return next((session.transaction_id for session in station.sessions.values() if session.register_wh), None)

    transaction_id = await eventually(running)
    stopped = await ask(system, station, "stop", {"transaction_id": transaction_id, "reason": "the driver left"})
    assert stopped["status"] == "succeeded"
    charged = await asyncio.wait_for(visiting, 30)
    await station.offline()
    assert charged.reason == "Remote"
    session = await settled(system, station.station_id, transaction_id)
    assert session["energy_wh"] == charged.energy_wh


async def test_a_command_to_a_station_that_is_away_is_undeliverable(system: System) -> None:
    station = system.station("1.6")
    command = await ask(system, station, "reset", {"hard": False, "expires_in_s": 1})
    assert command["status"] == "undeliverable"


async def test_a_driver_cannot_command_a_station(system: System) -> None:
    station = system.station("1.6")
    path = f"/v1/stations/{station.station_id}/commands/reset"
    answer = await system.platform.request("driver", "POST", "charger-gateway", path, json={"hard": True})
    assert answer.status_code == 403
    assert answer.headers["content-type"].startswith("application/problem+json")


async def ask(system: System, station: Station, action: str, body: dict[str, Any]) -> dict[str, Any]:
    """Send a command as the operator; its view once it has its outcome."""
    path = f"/v1/stations/{station.station_id}/commands"
    answer = await system.platform.request("cpo", "POST", "charger-gateway", f"{path}/{action}", json=body)
    assert answer.is_success, answer.text
    command_id = answer.json()["command_id"]

    async def decided() -> dict[str, Any] | None:
        seen = await system.platform.request("cpo", "GET", "charger-gateway", f"{path}/{command_id}")
        told: dict[str, Any] = seen.json() if seen.is_success else {}
        return told if told.get("status") in {"succeeded", "refused", "timed-out", "undeliverable"} else None

    return await eventually(decided)
