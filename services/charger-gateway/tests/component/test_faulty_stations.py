"""What stations in the field do wrong, said on a raw socket: each is answered, kept, and troubles nobody else."""

import asyncio
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from charger_gateway.adapters.ocpp.server import CONNECTIONS
from charger_gateway.domain.station import STATION_EVENTS, TRANSACTION_EVENTS
from ev_actors.link import Identity
from ev_actors.raw import RawStation
from ev_contracts.gateway import (
    ConnectionDisplaced,
    MessageQuarantined,
    MeterSampled,
    StationDisconnected,
    TransactionEnded,
    TransactionStarted,
    TransactionUpdated,
    UnknownPlaceNamed,
)

from .conftest import DEADLINE_S, QUICK, Gateway, running  # noqa: TID252 - tests are no package of the installation
from .seeding import SECRET  # noqa: TID252 - as above

AT = "2026-11-20T12:00:00Z"
START = {"connectorId": 1, "idTag": "04A2B3C4", "meterStart": 100, "timestamp": AT}
LONG = bool(os.environ.get("EV_LONG"))
QUEUED = 10_000 if LONG else 600


def raw(gateway: Gateway, station_id: str = "NLVOLT0001", subprotocol: str = "ocpp1.6") -> RawStation:
    url = f"ws://127.0.0.1:{gateway.server.port}/ocpp/"
    return RawStation(Identity(station_id=station_id, secret=SECRET, url=url), subprotocol)


def event(kind: str, seq_no: int, at: str = AT, **more: Any) -> dict[str, Any]:
    """A TransactionEvent of 2.0.1."""
    trigger = {"Started": "CablePluggedIn", "Updated": "MeterValuePeriodic", "Ended": "EVDeparted"}[kind]
    told = {"eventType": kind, "timestamp": at, "triggerReason": trigger, "seqNo": seq_no}
    return told | {"transactionInfo": {"transactionId": "T-1"}, "evse": {"id": 1, "connectorId": 1}} | more


def meter(wh: Any, at: str = AT, **more: Any) -> dict[str, Any]:
    """MeterValues of 1.6."""
    return {"connectorId": 1, "meterValue": [{"timestamp": at, "sampledValue": [{"value": wh}]}]} | more


# Messages that come again.


async def test_the_same_start_under_the_same_and_under_new_ids_is_one_session(gateway: Gateway) -> None:
    async with raw(gateway) as station:
        answers = [await station.call("StartTransaction", START, message_id=i) for i in ("a", "a", "b", "c")]
    assert len({answer[2]["transactionId"] for answer in answers}) == 1
    started = await gateway.records(TRANSACTION_EVENTS)
    # The same id is one fact; another id is told again, under the same session, and the ledger counts it once.
    assert (len(started), len({one.session_id for one in started})) == (3, 1)


async def test_a_start_that_comes_again_on_a_new_socket_is_the_same_session(gateway: Gateway) -> None:
    numbers = []
    for _ in range(2):
        async with raw(gateway) as station:
            numbers.append((await station.call("StartTransaction", START))[2]["transactionId"])
    assert numbers[0] == numbers[1]


async def test_numbers_that_are_missing_or_come_again_are_told_as_they_are(gateway: Gateway) -> None:
    async with raw(gateway, subprotocol="ocpp2.0.1") as station:
        for kind, seq_no in (("Started", 0), ("Updated", 2), ("Updated", 2), ("Updated", 1), ("Ended", 7)):
            assert (await station.call("TransactionEvent", event(kind, seq_no)))[0] == 3
    told = await gateway.records(TRANSACTION_EVENTS)
    assert [one.seq_no for one in told] == [0, 2, 2, 1, 7]
    assert [type(one) for one in told] == [TransactionStarted, *[TransactionUpdated] * 3, TransactionEnded]
    assert len({one.session_id for one in told}) == 1


# Transactions that nobody knows.


@pytest.mark.parametrize("number", [-1, 0, -77, 2**31 - 1, 2**63 - 1])
async def test_a_stop_of_an_unknown_transaction_is_answered_and_kept(gateway: Gateway, number: int) -> None:
    # Errata 3.18: after a lost StartTransaction.conf a station goes on with -1.
    async with raw(gateway) as station:
        stop = {"transactionId": number, "meterStop": 900, "timestamp": AT}
        assert (await station.call("MeterValues", meter("500", transactionId=number)))[0] == 3
        assert (await station.call("StopTransaction", stop))[0] == 3
    sampled, ended = await gateway.records(TRANSACTION_EVENTS)
    assert (sampled.transaction_id, ended.transaction_id, ended.session_id) == (str(number), str(number), None)


# Clocks and meters.


@pytest.mark.parametrize(
    "at", ["1970-01-01T00:00:01Z", "2038-01-19T03:14:08Z", "2026-10-25T02:30:00+02:00", "2026-11-20T12:00:00"]
)
async def test_a_wrong_clock_is_kept_beside_ours(gateway: Gateway, at: str) -> None:
    async with raw(gateway) as station:
        assert (await station.call("StartTransaction", START | {"timestamp": at}))[0] == 3
    (started,) = await gateway.records(TRANSACTION_EVENTS)
    told = datetime.fromisoformat(at)
    assert started.started_at == (told if told.tzinfo else told.replace(tzinfo=UTC))
    assert abs(started.received_at - datetime.now(UTC)) < timedelta(minutes=1)


async def test_a_meter_that_runs_backwards_is_told_as_it_was(gateway: Gateway) -> None:
    async with raw(gateway) as station:
        for wh in ("5000", "4000", "-3", "1e3", "0"):
            assert (await station.call("MeterValues", meter(wh)))[0] == 3
        stop = {"transactionId": 5, "meterStop": -1, "timestamp": AT}
        assert (await station.call("StopTransaction", stop))[0] == 3
    told = await gateway.records(TRANSACTION_EVENTS)
    readings = [one.readings[0].register_wh for one in told if isinstance(one, MeterSampled)]
    assert readings == [5000, 4000, -3, 1000, 0]
    assert told[-1].meter_stop_wh == -1


@pytest.mark.parametrize(
    "bad", [{"meterStart": "100"}, {"connectorId": "1"}, {"meterStart": 1.5}, {"meterStart": None}]
)
async def test_a_number_that_is_none_is_refused_and_its_energy_kept(gateway: Gateway, bad: dict[str, Any]) -> None:
    async with raw(gateway) as station:
        assert (await station.call("StartTransaction", START | bad))[2] == "TypeConstraintViolation"
        assert (await station.call("StartTransaction", START))[0] == 3
    (kept,) = await gateway.records(STATION_EVENTS)
    assert isinstance(kept, MessageQuarantined)


async def test_a_value_as_a_number_is_refused_and_kept(gateway: Gateway) -> None:
    # OpenEVSE and others send numbers where 1.6 wants strings (lbbrhzn/ocpp 210).
    async with raw(gateway) as station:
        assert (await station.call("MeterValues", meter(500, transactionId=9)))[2] == "TypeConstraintViolation"
    (kept,) = await gateway.records(STATION_EVENTS)
    assert (kept.action, kept.transaction_id) == ("MeterValues", "9")


# Sockets.


async def test_behind_a_half_open_socket_the_station_comes_in_again(gateway: Gateway) -> None:
    async with raw(gateway) as dead:
        assert (await dead.call("Heartbeat", {}))[0] == 3
        dead.fall_silent()
        async with raw(gateway) as alive:
            assert (await alive.call("StartTransaction", START))[0] == 3
            await gateway.wait_for(CONNECTIONS, ConnectionDisplaced)
            # The old socket's end must not take the new one with it (OpenEMS 2906, ts-ocpp 19).
            await gateway.wait_for(CONNECTIONS, StationDisconnected)
            assert (await alive.call("Heartbeat", {}))[0] == 3
        dead.vanish()


async def test_a_silent_socket_ends_by_itself() -> None:
    quick = QUICK.__class__(ping_interval_s=0.3, ping_timeout_s=0.3, log_timeout_s=0.5, drain_timeout_s=3)
    async with running(quick) as gateway, raw(gateway) as station:
        assert (await station.call("Heartbeat", {}))[0] == 3
        station.fall_silent()
        (gone,) = await gateway.wait_for(CONNECTIONS, StationDisconnected)
        assert gone.reason == "timeout"
        station.vanish()


async def test_a_quiet_station_that_answers_pings_stays() -> None:
    quick = QUICK.__class__(ping_interval_s=0.2, ping_timeout_s=0.2, log_timeout_s=0.5, drain_timeout_s=3)
    async with running(quick) as gateway, raw(gateway) as station:
        await asyncio.sleep(1.0)
        assert (await station.call("Heartbeat", {}))[0] == 3


async def test_a_station_that_vanishes_is_told_and_comes_back(gateway: Gateway) -> None:
    async with raw(gateway) as station:
        assert (await station.call("Heartbeat", {}))[0] == 3
        station.vanish()
        (gone,) = await gateway.wait_for(CONNECTIONS, StationDisconnected)
        assert gone.reason == "closed"
    async with raw(gateway) as again:
        assert (await again.call("Heartbeat", {}))[0] == 3


# Calls of ours.


async def test_answers_that_nobody_asked_for_settle_nothing(gateway: Gateway) -> None:
    async with raw(gateway) as station:
        assert (await station.call("Heartbeat", {}))[0] == 3
        connection = gateway.server.connection("NLVOLT0001")
        assert connection is not None
        ours = asyncio.create_task(connection.call("Reset", {"type": "Soft"}, DEADLINE_S))
        asked = await station.asked.get()
        for wrong in ('[3,"nobody",{"status":"Accepted"}]', '[4,"nobody","InternalError","",{}]', "[3,null,{}]", "[3]"):
            await station.raw(wrong)
        assert (await station.call("Heartbeat", {}))[0] == 3
        assert not ours.done()
        await station.answer(asked, {"status": "Accepted"})
        await ours
        await station.answer(asked, {"status": "Rejected"})
        assert (await station.call("Heartbeat", {}))[0] == 3


async def test_a_station_that_calls_while_it_is_called_is_served(gateway: Gateway) -> None:
    async with raw(gateway) as station:
        assert (await station.call("Heartbeat", {}))[0] == 3
        connection = gateway.server.connection("NLVOLT0001")
        assert connection is not None
        ours = [asyncio.create_task(connection.call("Reset", {"type": "Soft"}, DEADLINE_S)) for _ in range(3)]
        for turn in range(3):
            asked = await station.asked.get()
            assert (await station.call("MeterValues", meter(str(turn))))[0] == 3
            # One of ours stands at a time.
            assert station.asked.empty()
            await station.answer(asked, {"status": "Accepted"})
        await asyncio.gather(*ours)


async def test_calls_that_do_not_wait_for_their_answers_are_all_answered(gateway: Gateway) -> None:
    async with raw(gateway) as station:
        calls = [station.call("MeterValues", meter(str(turn)), message_id=f"m{turn}") for turn in range(200)]
        answers = await asyncio.gather(*calls)
    assert [answer[1] for answer in answers] == [f"m{turn}" for turn in range(200)]
    assert len(await gateway.records(TRANSACTION_EVENTS)) == 200


async def test_a_place_that_is_not_the_stations_is_told_and_its_session_taken(gateway: Gateway) -> None:
    async with raw(gateway) as station:
        for turn in range(2):
            start = START | {"connectorId": 42, "meterStart": turn}
            assert (await station.call("StartTransaction", start))[0] == 3
    assert [one.evse_number for one in await gateway.records(TRANSACTION_EVENTS)] == [42, 42]
    (named,) = await gateway.wait_for(STATION_EVENTS, UnknownPlaceNamed)
    assert (named.action, named.evse_number, named.connector_number) == ("StartTransaction", 42, 1)


# Two days offline.


def two_days(messages: int) -> Iterator[tuple[str, Any]]:
    """Sessions of ten readings, as they piled up."""
    began = datetime(2026, 11, 18, 12, tzinfo=UTC)
    for number in range(messages):
        at = (began + timedelta(seconds=17 * number)).isoformat()
        session, step = divmod(number, 12)
        if step == 0:
            yield "StartTransaction", START | {"meterStart": session * 10_000, "timestamp": at}
        elif step == 11:
            yield "StopTransaction", {"transactionId": -1, "meterStop": session * 10_000 + 9_000, "timestamp": at}
        else:
            yield "MeterValues", meter(str(session * 10_000 + step * 800), at)


async def test_a_long_queue_drains_while_others_keep_their_time(gateway: Gateway) -> None:
    async def beats(station: RawStation, until: "asyncio.Task[Any]") -> list[float]:
        took = []
        while not until.done():
            began = time.perf_counter()
            assert (await station.call("Heartbeat", {}))[0] == 3
            took.append(time.perf_counter() - began)
            await asyncio.sleep(0.02)
        return took

    async with raw(gateway) as late, raw(gateway, "NLVOLT0002") as other:
        idle = await beats(other, asyncio.create_task(asyncio.sleep(1)))
        began = time.monotonic()
        draining = asyncio.create_task(late.drain(two_days(QUEUED)))
        meanwhile = await beats(other, draining)
        await draining
        drained_s = time.monotonic() - began
    middle = sorted(meanwhile)[len(meanwhile) // 2]
    print(f"{QUEUED} drained in {drained_s:.1f} s; others' median {middle * 1000:.1f} ms")
    assert drained_s <= 300
    assert middle < max(0.1, 10 * sorted(idle)[len(idle) // 2])
    assert len(await gateway.records(TRANSACTION_EVENTS)) == QUEUED
    assert orjson.dumps(late.unmatched) == b"[]"
