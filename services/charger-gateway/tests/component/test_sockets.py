"""Sockets: who gets one, what bad input is answered, and that nothing is acknowledged before it is durable."""

import asyncio
import itertools
import time
from typing import Any

import orjson
import pytest
import structlog
import structlog.testing
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from charger_gateway.adapters.ocpp.frames import CallResult
from charger_gateway.adapters.ocpp.server import CONNECTIONS
from charger_gateway.domain.station import HEARTBEATS, STATION_EVENTS, TRANSACTION_EVENTS
from ev_contracts.gateway import (
    ConnectionDisplaced,
    HeartbeatSeen,
    StationBooted,
    StationConnected,
    StationDisconnected,
    TransactionEnded,
    TransactionStarted,
)

from .conftest import DEADLINE_S, Gateway  # noqa: TID252 - tests are no package of the installation
from .seeding import SECRET, basic  # noqa: TID252 - as above

V16, V201, V21 = "ocpp1.6", "ocpp2.0.1", "ocpp2.1"
BOOT = {"chargePointVendor": "Alfen", "chargePointModel": "Eve"}
BOOT201 = {"reason": "PowerUp", "chargingStation": {"vendorName": "Alfen", "model": "Eve"}}
AT = "2026-11-20T12:00:00Z"


def station(
    gateway: Gateway, station_id: str = "NLVOLT0001", *offered: str, headers: dict[str, str] | None = None
) -> Any:
    return connect(
        gateway.url(station_id),
        subprotocols=[Subprotocol(one) for one in offered or (V16,)],
        additional_headers=basic(station_id, SECRET) if headers is None else headers,
        proxy=None,
    )


async def ask(socket: ClientConnection, raw: bytes | str) -> Any:
    await socket.send(raw if isinstance(raw, str) else raw.decode(), text=True)
    async with asyncio.timeout(DEADLINE_S):
        return orjson.loads(await socket.recv())


NUMBERS = itertools.count(1)


async def call(socket: ClientConnection, action: str, payload: Any, message_id: str | None = None) -> Any:
    return await ask(socket, orjson.dumps([2, message_id or f"m{next(NUMBERS)}", action, payload]))


# Who gets a socket.


@pytest.mark.parametrize(
    ("station_id", "headers", "status"),
    [
        ("NLVOLT0009", basic("NLVOLT0009", SECRET), 404),
        ("NLVOLT0009", {}, 404),
        ("NLVOLT0001", {}, 401),
        ("NLVOLT0001", basic("NLVOLT0001", "wrong"), 401),
        ("NLVOLT0001", basic("NLVOLT0002", SECRET), 401),
        ("NLVOLT0001", basic("NLVOLT0001", ""), 401),
        ("NLVOLT0001", {"Authorization": "Bearer abc"}, 401),
        ("NLVOLT0001", {"Authorization": "Basic %%%"}, 401),
        ("", basic("", SECRET), 404),
        ("x" * 300, basic("x", SECRET), 404),
    ],
)
async def test_strangers_are_turned_away(
    gateway: Gateway, station_id: str, headers: dict[str, str], status: int
) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with station(gateway, station_id, headers=headers):
            pass
    assert refused.value.response.status_code == status
    assert await gateway.records(CONNECTIONS) == []


async def test_the_log_names_the_station_that_was_turned_away(gateway: Gateway) -> None:
    structlog.reset_defaults()  # a whole service in this process before may have asked for errors only
    with structlog.testing.capture_logs() as lines, pytest.raises(InvalidStatus):
        async with station(gateway, "NLVOLT9999"):
            raise AssertionError("a stranger got a socket")
    rejected = [(line["station"], line["status"]) for line in lines if line["event"] == "station.rejected"]
    assert rejected == [("NLVOLT9999", 404)]


async def test_a_station_may_send_its_hexadecimal_key_as_bytes(gateway: Gateway) -> None:
    async with station(gateway, headers=basic("NLVOLT0001", bytes.fromhex(SECRET))) as socket:
        assert (await call(socket, "Heartbeat", {}))[0] == 3


@pytest.mark.parametrize("offered", ["ocpp2.0", "ocpp1.5", "chat"])
async def test_no_common_subprotocol_is_no_upgrade(gateway: Gateway, offered: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with station(gateway, "NLVOLT0001", offered):
            pass
    assert refused.value.response.status_code == 400


async def test_no_subprotocol_at_all_is_no_upgrade(gateway: Gateway) -> None:
    with pytest.raises(InvalidStatus):
        async with connect(gateway.url("NLVOLT0001"), additional_headers=basic("NLVOLT0001", SECRET), proxy=None):
            pass


@pytest.mark.parametrize("offered", [(V16, V201), (V201, V16), (V21, V201), ("ocpp2.0", V21)])
async def test_the_station_chooses_its_first_that_we_speak(gateway: Gateway, offered: tuple[str, ...]) -> None:
    async with station(gateway, "NLVOLT0001", *offered) as socket:
        assert socket.subprotocol == next(one for one in offered if one != "ocpp2.0")


async def test_a_full_gateway_says_later(full_gateway: Gateway) -> None:
    async with station(full_gateway, "NLVOLT0001"):
        await full_gateway.wait_for(CONNECTIONS, StationConnected)
        with pytest.raises(InvalidStatus) as refused:
            async with station(full_gateway, "NLVOLT0002"):
                pass
    assert refused.value.response.status_code == 503
    assert refused.value.response.headers["Retry-After"]


async def test_a_second_socket_is_refused_while_the_first_answers_pings(gateway: Gateway) -> None:
    async with station(gateway) as first:
        assert (await call(first, "Heartbeat", {}))[0] == 3
        async with station(gateway) as second:
            with pytest.raises(ConnectionClosed) as refused:
                await call(second, "Heartbeat", {})
        assert refused.value.rcvd is not None
        assert refused.value.rcvd.code == 1008
        assert (await call(first, "Heartbeat", {}))[0] == 3


async def test_a_second_socket_displaces_a_dead_one(gateway: Gateway) -> None:
    async with station(gateway) as dead:
        assert (await call(dead, "Heartbeat", {}))[0] == 3
        dead.transport.pause_reading()
        async with station(gateway) as alive:
            assert (await call(alive, "Heartbeat", {}))[0] == 3
            (displaced,) = await gateway.wait_for(CONNECTIONS, ConnectionDisplaced)
            connected = await gateway.wait_for(CONNECTIONS, StationConnected, 2)
            (gone,) = await gateway.wait_for(CONNECTIONS, StationDisconnected)
            assert (displaced.old_epoch, gone.epoch, gone.reason) == (0, 0, "displaced")
            assert displaced.connection_id == connected[1].connection_id
            assert len(gateway.server) == 1


async def test_guessing_is_slowed_down_and_locks_nobody_else_out(gateway: Gateway) -> None:
    wrong = basic("NLVOLT0001", "wrong")
    statuses = []
    for _ in range(11):
        with pytest.raises(InvalidStatus) as refused:
            async with station(gateway, headers=wrong):
                pass
        statuses.append(refused.value.response.status_code)
    assert statuses == [401] * 10 + [429]
    async with station(gateway, "NLVOLT0002") as socket:
        assert (await call(socket, "Heartbeat", {}))[0] == 3


async def test_a_flood_is_served_at_its_pace(slow_gateway: Gateway) -> None:
    async with station(slow_gateway) as socket:
        began = time.monotonic()
        for number in range(8):
            assert (await call(socket, "Heartbeat", {}, f"m{number}"))[0] == 3
        assert time.monotonic() - began >= 5 / 20


# What bad input is answered.


@pytest.mark.parametrize("offered", [V16, V201])
@pytest.mark.parametrize(
    "raw", ["{", "hello", '[2,"m1","Heartbeat",NaN]', "[" * 5_000, "[]", '[2,17,"Heartbeat",{}]', '{"a":[1]}']
)
async def test_a_broken_frame_is_an_error_and_the_socket_stays(gateway: Gateway, offered: str, raw: str) -> None:
    async with station(gateway, "NLVOLT0001", offered) as socket:
        code = "FormationViolation" if offered == V16 else "RpcFrameworkError"
        assert (await ask(socket, raw))[:3] == [4, "-1", code]
        assert (await call(socket, "Heartbeat", {}))[0] == 3


async def test_deep_nesting_is_an_error(gateway: Gateway) -> None:
    async with station(gateway) as socket:
        raw = '[2,"m1","DataTransfer",{"vendorId":' + "[" * 200 + "]" * 200 + "}]"
        assert (await ask(socket, raw))[:3] == [4, "m1", "FormationViolation"]


async def test_an_oversize_frame_closes_the_socket(gateway: Gateway) -> None:
    async with station(gateway) as socket:
        await socket.send('[2,"m1","DataTransfer",{"vendorId":"' + "x" * 300_000 + '"}]')
        with pytest.raises(ConnectionClosed) as closed:
            await socket.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1009
    (gone,) = await gateway.wait_for(CONNECTIONS, StationDisconnected)
    assert gone.reason == "protocol"


async def test_a_small_frame_that_inflates_beyond_the_limit_closes_the_socket(gateway: Gateway) -> None:
    async with station(gateway) as socket:
        assert any("permessage-deflate" in str(one.name) for one in socket.protocol.extensions)
        await socket.send(b"x" * 20_000_000)
        with pytest.raises(ConnectionClosed) as closed:
            await socket.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1009


@pytest.mark.parametrize(
    ("offered", "action", "payload", "code"),
    [
        (V16, "Nonsense", {}, "NotImplemented"),
        (V16, "Reset", {"type": "Hard"}, "NotSupported"),
        (V16, "BootNotification", {}, "OccurenceConstraintViolation"),
        (V16, "BootNotification", BOOT | {"chargePointModel": 5}, "TypeConstraintViolation"),
        (V16, "BootNotification", BOOT | {"chargePointModel": "x" * 21}, "PropertyConstraintViolation"),
        (V16, "BootNotification", BOOT | {"x": 1}, "FormationViolation"),
        (V201, "Nonsense", {}, "NotImplemented"),
        (V201, "GetLog", {}, "NotSupported"),
        (V201, "BootNotification", BOOT201 | {"x": 1}, "FormatViolation"),
        (V201, "BootNotification", {}, "OccurrenceConstraintViolation"),
    ],
)
async def test_a_bad_call_is_answered_with_its_code(
    gateway: Gateway, offered: str, action: str, payload: Any, code: str
) -> None:
    async with station(gateway, "NLVOLT0001", offered) as socket:
        answer = await call(socket, action, payload, "m1")
        assert answer[:3] == [4, "m1", code]
        assert len(answer) == 5
        assert answer[4] == {}
    assert await gateway.records(STATION_EVENTS) == []


async def test_unknown_types_and_unasked_answers_are_ignored(gateway: Gateway) -> None:
    async with station(gateway) as socket:
        for raw in ('[5,"m1",{}]', "[6]", '[3,"nobody",{}]', '[4,"nobody","InternalError","",{}]'):
            await socket.send(raw)
        assert (await call(socket, "Heartbeat", {}, "m9"))[1] == "m9"


# What is acknowledged is durable.


async def test_a_boot_stands_on_the_log_under_its_epoch(gateway: Gateway) -> None:
    async with station(gateway) as socket:
        answer = await call(socket, "BootNotification", BOOT)
        (booted,) = await gateway.records(STATION_EVENTS)
        assert answer[2]["status"] == "Accepted"
        assert isinstance(booted, StationBooted)
        assert (booted.epoch, booted.vendor, booted.frame_ref) == (0, "Alfen", "0-1")


async def test_a_session_stands_on_the_log(gateway: Gateway) -> None:
    async with station(gateway) as socket:
        start = {"connectorId": 1, "idTag": "04A2B3C4", "meterStart": 100, "timestamp": AT}
        first = await call(socket, "StartTransaction", start)
        again = await call(socket, "StartTransaction", start, "m2")
        assert again[2] == first[2]
        number = first[2]["transactionId"]
        stop = {"transactionId": number, "meterStop": 8_500, "timestamp": AT, "idTag": "04A2B3C4"}
        assert (await call(socket, "StopTransaction", stop))[2] == {"idTagInfo": {"status": "Accepted"}}
        started, repeated, ended = await gateway.records(TRANSACTION_EVENTS)
        assert isinstance(started, TransactionStarted)
        assert isinstance(ended, TransactionEnded)
        assert (repeated.session_id, repeated.transaction_id) == (started.session_id, str(number))
        assert (ended.transaction_id, ended.session_id, ended.meter_stop_wh) == (str(number), None, 8_500)


async def test_a_heartbeat_is_a_sample(gateway: Gateway) -> None:
    async with station(gateway) as socket:
        await call(socket, "Heartbeat", {})
        await gateway.wait_for(HEARTBEATS, HeartbeatSeen)


async def test_when_the_log_cannot_be_written_the_socket_is_closed_and_nothing_is_answered(gateway: Gateway) -> None:
    async with station(gateway) as socket:
        assert (await call(socket, "BootNotification", BOOT))[0] == 3
        gateway.log.set_writable(False)
        with pytest.raises(ConnectionClosed) as closed:
            await call(socket, "BootNotification", BOOT, "m2")
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1013
        with pytest.raises(ConnectionClosed):
            async with station(gateway) as refused:
                await refused.recv()
        gateway.log.set_writable(True)
        async with station(gateway) as back:
            assert (await call(back, "BootNotification", BOOT, "m3"))[0] == 3


async def test_a_log_that_answers_nobody_closes_the_sockets_and_then_the_door(gateway: Gateway) -> None:
    async with station(gateway) as socket:
        assert (await call(socket, "BootNotification", BOOT))[0] == 3
        gateway.gate.clear()
        with pytest.raises(ConnectionClosed) as closed:
            await call(socket, "BootNotification", BOOT, "m2")
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1013
        with pytest.raises(InvalidStatus) as refused:
            async with station(gateway):
                pass
        assert refused.value.response.status_code == 503
        gateway.gate.set()
        (gone,) = await gateway.wait_for(CONNECTIONS, StationDisconnected)
        assert gone.reason == "log-unavailable"
        async with station(gateway) as back:
            assert (await call(back, "BootNotification", BOOT, "m3"))[0] == 3


async def test_a_connection_that_the_log_took_too_late_ends_there_too(gateway: Gateway) -> None:
    gateway.gate.clear()
    async with station(gateway) as socket:
        with pytest.raises(ConnectionClosed) as closed:
            await socket.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1013
    gateway.gate.set()
    (gone,) = await gateway.wait_for(CONNECTIONS, StationDisconnected)
    (connected,) = await gateway.wait_for(CONNECTIONS, StationConnected)
    assert (gone.epoch, gone.reason, gone.connection_id) == (0, "log-unavailable", connected.connection_id)
    assert len(gateway.server) == 0


async def test_frames_are_kept_verbatim_and_encrypted(gateway: Gateway) -> None:
    raw = '[2,"m1", "Authorize", {"idTag":"04A2B3C4"}]'
    async with station(gateway) as socket:
        await ask(socket, raw)
        frames = await gateway.frames()
    assert frames == [raw.encode(), b'[3,"m1",{"idTagInfo":{"status":"Accepted"}}]']


# Life of a socket.


async def test_a_closed_socket_is_told(gateway: Gateway) -> None:
    async with station(gateway) as socket:
        await call(socket, "Heartbeat", {})
    (gone,) = await gateway.wait_for(CONNECTIONS, StationDisconnected)
    assert (gone.epoch, gone.reason) == (0, "closed")
    assert len(gateway.server) == 0


async def test_draining_tells_every_station_to_come_again(gateway: Gateway) -> None:
    async with station(gateway) as socket, gateway.server.listening():
        await call(socket, "Heartbeat", {})
    with pytest.raises(ConnectionClosed) as closed:
        await socket.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code in {1000, 1001}


async def test_calls_cross(gateway: Gateway) -> None:
    async with station(gateway) as socket:
        await call(socket, "Heartbeat", {})
        connection = gateway.server.connection("NLVOLT0001")
        assert connection is not None
        ours = asyncio.create_task(connection.call("Reset", {"type": "Soft"}, DEADLINE_S))
        theirs = orjson.loads(await socket.recv())
        assert theirs[0] == 2
        assert theirs[2:] == ["Reset", {"type": "Soft"}]
        assert (await call(socket, "Heartbeat", {}, "m7"))[1] == "m7"
        await socket.send(orjson.dumps([3, theirs[1], {"status": "Accepted"}]).decode())
        answer = await ours
        assert isinstance(answer, CallResult)
        assert answer.payload == {"status": "Accepted"}
