"""The virtual stations against the client library's own server side: what they say is what they did."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from ocpp.routing import on
from ocpp.v16 import ChargePoint as Central16
from ocpp.v16 import call_result as result16
from ocpp.v201 import ChargePoint as Central201
from ocpp.v201 import call_result as result201
from websockets.asyncio.server import Server, serve
from websockets.exceptions import ConnectionClosed

from chassis.clock import LabClock
from ev_actors.battery import Battery
from ev_actors.driver import Driver
from ev_actors.journal import Journal
from ev_actors.link import Identity
from ev_actors.station import Refused, Station, Visit
from ev_actors.v16 import station_16
from ev_actors.v201 import station_201
from ev_seed.client import Addresses, Declined, Platform

NOW = "2026-11-20T09:00:00Z"


class Heard(list[tuple[str, dict[str, Any]]]):
    """What a central system of the library heard, in order."""

    refuse: bool = False

    def payloads(self, action: str) -> list[dict[str, Any]]:
        return [payload for name, payload in self if name == action]


def central_16(heard: Heard, socket: Any) -> Any:
    class Central(Central16):  # type: ignore[misc]
        @on("BootNotification")
        def boot(self, **payload: Any) -> Any:
            heard.append(("BootNotification", payload))
            return result16.BootNotification(current_time=NOW, interval=300, status="Accepted")

        @on("StatusNotification")
        def status(self, **payload: Any) -> Any:
            heard.append(("StatusNotification", payload))
            return result16.StatusNotification()

        @on("Authorize")
        def authorize(self, **_: Any) -> Any:
            return result16.Authorize(id_tag_info={"status": "Invalid" if heard.refuse else "Accepted"})

        @on("StartTransaction")
        def start_transaction(self, **payload: Any) -> Any:
            heard.append(("StartTransaction", payload))
            return result16.StartTransaction(transaction_id=77, id_tag_info={"status": "Accepted"})

        @on("MeterValues")
        def meter_values(self, **payload: Any) -> Any:
            heard.append(("MeterValues", payload))
            return result16.MeterValues()

        @on("StopTransaction")
        def stop_transaction(self, **payload: Any) -> Any:
            heard.append(("StopTransaction", payload))
            return result16.StopTransaction()

    return Central("central", socket)


def central_201(heard: Heard, socket: Any) -> Any:
    class Central(Central201):  # type: ignore[misc]
        @on("BootNotification")
        def boot(self, **payload: Any) -> Any:
            heard.append(("BootNotification", payload))
            return result201.BootNotification(current_time=NOW, interval=300, status="Accepted")

        @on("StatusNotification")
        def status(self, **_: Any) -> Any:
            return result201.StatusNotification()

        @on("Authorize")
        def authorize(self, **_: Any) -> Any:
            return result201.Authorize(id_token_info={"status": "Invalid" if heard.refuse else "Accepted"})

        @on("TransactionEvent")
        def event(self, **payload: Any) -> Any:
            heard.append(("TransactionEvent", payload))
            return result201.TransactionEvent(id_token_info={"status": "Accepted"})

    return Central("central", socket)


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
async def url(heard: Heard) -> AsyncIterator[str]:
    async def listen(socket: Any) -> None:
        make = central_201 if socket.subprotocol == "ocpp2.0.1" else central_16
        with suppress(ConnectionClosed):
            await make(heard, socket).start()

    server: Server = await serve(listen, "127.0.0.1", 0, subprotocols=["ocpp2.0.1", "ocpp1.6"])  # type: ignore[list-item]
    yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/ocpp"
    server.close()
    await server.wait_closed()


def visit(**changed: Any) -> Visit:
    battery = Battery(capacity_wh=40_000, charged_wh=20_000, most_w=11_000, target_permille=550)
    return Visit(**{"id_tag": "04A1B2C3", "connector": 1, "battery": battery, "parked_s": 120, **changed})


def made(version: str, url: str, journal: Journal) -> Station:
    clock = LabClock(start=datetime.now(UTC), rate=1200)
    identity = Identity(station_id="NLVLT0001", secret="s" * 40, url=url)
    return (station_201 if version == "2.0.1" else station_16)(identity, clock, journal)


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not true():  # noqa: ASYNC110 - the actor has no event for it
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("version", ["1.6", "2.0.1"])
async def test_the_journal_holds_the_figures_that_were_said(version: str, url: str, heard: Heard) -> None:
    journal = Journal()
    station = made(version, url, journal)
    await station.online()
    charged = await station.charge(visit())
    await station.offline()
    assert 2_000 <= charged.energy_wh <= 2_300
    assert charged.ended_at - charged.charging_ended_at >= timedelta(seconds=100)
    assert journal.charged == [charged]
    if version == "1.6":
        assert heard.payloads("StopTransaction")[0]["meter_stop"] == charged.meter_stop_wh
        assert heard.payloads("StartTransaction")[0]["meter_start"] == charged.meter_start_wh
    else:
        events = heard.payloads("TransactionEvent")
        assert [event["seq_no"] for event in events] == list(range(len(events)))
        last = events[-1]["meter_value"][0]["sampled_value"][0]
        assert (last["value"], last["context"]) == (charged.meter_stop_wh, "Transaction.End")


@pytest.mark.parametrize("version", ["1.6", "2.0.1"])
async def test_what_happens_off_line_is_said_in_order_afterwards(version: str, url: str, heard: Heard) -> None:
    station = made(version, url, Journal())
    await station.online()
    visiting = asyncio.create_task(station.charge(visit(parked_s=0)))
    await until(lambda: bool(station.sessions))
    await station.offline()
    await until(lambda: len(station.outbox) > 1)  # the first may have been on its way when the connection was lost
    await station.online()
    charged = await asyncio.wait_for(visiting, 10)
    await station.offline()
    action, last = ("StopTransaction", "StopTransaction") if version == "1.6" else ("TransactionEvent", "Ended")
    said = heard.payloads(action)
    assert (said[-1].get("event_type") or action) == last
    assert charged.transaction_id
    if version == "2.0.1":
        assert any(event.get("offline") for event in said)
        numbers = list(dict.fromkeys(event["seq_no"] for event in said))  # what was not answered is said again
        assert numbers == list(range(len(numbers)))


@pytest.mark.parametrize("version", ["1.6", "2.0.1"])
async def test_a_refused_token_does_not_charge(version: str, url: str, heard: Heard) -> None:
    heard.refuse = True
    station = made(version, url, Journal())
    await station.online()
    with pytest.raises(Refused):
        await station.charge(visit())
    await station.offline()
    assert not heard.payloads("StartTransaction")
    assert not heard.payloads("TransactionEvent")


def test_a_battery_tapers_and_its_meter_loses_no_watt_second() -> None:
    battery = Battery(capacity_wh=10_000, charged_wh=7_000, most_w=11_000)
    assert battery.power_w() == 11_000
    taken = sum(battery.take(7) for _ in range(600))
    assert battery.power_w() < 11_000
    assert 7_000 + taken == battery.charged_wh


def app_of(answer: Callable[[httpx2.Request], httpx2.Response]) -> Driver:
    """A driver whose platform answers as told; it gives anybody a token."""

    def platform(request: httpx2.Request) -> httpx2.Response:
        if request.url.path == "/token":
            return httpx2.Response(200, json={"access_token": "t"})
        return answer(request)

    addresses = Addresses(issuer="http://issuer", urls={"charger-gateway": "http://gateway"}, ocpp="")
    client = httpx2.AsyncClient(transport=httpx2.MockTransport(platform))
    return Driver(user="dana", id_token="04A1B2C3", platform=Platform(addresses=addresses, _client=client))


async def test_a_driver_starts_from_the_app_and_charges_once_the_station_obeys(url: str) -> None:
    journal = Journal()
    station = made("2.0.1", url, journal)
    await station.online()
    asked: list[tuple[str, Any, str]] = []

    def obey(request: httpx2.Request) -> httpx2.Response:
        asked.append((request.url.path, json.loads(request.content), request.headers["Idempotency-Key"]))
        station.on_remote_start.put_nowait((1, "04A1B2C3", 4711))
        return httpx2.Response(200, json={"status": "succeeded"})

    driver = app_of(obey)
    battery = Battery(capacity_wh=40_000, charged_wh=20_000, most_w=11_000, target_permille=510)
    charged = await driver.charge(station, 1, battery)
    await driver.ask_to_start("NLVLT0001", 1)
    await station.offline()
    path, body, _ = asked[0]
    assert (path, body) == (
        "/v1/stations/NLVLT0001/commands/start",
        {"id_token": "04A1B2C3", "evse_number": 1},
    )
    assert asked[0][2] != asked[1][2], "asking again later is another command"
    (start,) = [said for said in journal.said if said.payload.get("event_type") == "Started"]
    assert isinstance(start.payload["transaction_info"], dict)
    assert start.payload["transaction_info"]["remote_start_id"] == 4711
    assert charged.energy_wh > 0


async def test_a_driver_who_may_not_start_is_told() -> None:
    driver = app_of(lambda _: httpx2.Response(403, json={"title": "forbidden"}))
    with pytest.raises(Declined, match="HTTP 403"):
        await driver.ask_to_start("NLVLT0001", 1)


@pytest.mark.parametrize("version", ["1.6", "2.0.1"])
async def test_one_visit_by_command_line_prints_the_meter_and_keeps_a_journal(
    version: str, url: str, tmp_path: Path
) -> None:
    journal, clock = tmp_path / "journal.jsonl", f"{datetime.now(UTC).isoformat()}@600"
    words = f"station NLVLT0001 --url {url} --secret s --token 04A1B2C3 --version {version} --to-permille 410"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "ev_actors", *words.split(), "--clock", clock, "--journal", str(journal)),
        stdout=asyncio.subprocess.PIPE,
    )
    printed, _ = await asyncio.wait_for(process.communicate(), 30)
    charged = json.loads(printed)
    lines = [json.loads(line) for line in journal.read_text(encoding="utf-8").splitlines()]
    assert process.returncode == 0
    assert charged["meter_stop_wh"] > charged["meter_start_wh"]
    assert lines[0]["message"]["action"] == "BootNotification"
    assert [line["session"]["meter_stop_wh"] for line in lines if "session" in line] == [charged["meter_stop_wh"]]
