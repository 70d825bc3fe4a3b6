"""An error that nobody expected ends one connection or one command, and is told by its station's name."""

import asyncio
import itertools
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import pytest
from structlog.testing import capture_logs
from websockets.exceptions import ConnectionClosed

from charger_gateway.adapters.ocpp.entrance import UnderWay
from charger_gateway.adapters.ocpp.handshake import Doorkeeper
from charger_gateway.adapters.ocpp.server import CONNECTIONS
from charger_gateway.adapters.ocpp.stalls import Stalls
from charger_gateway.domain.running import Running, RunningTransactions
from chassis.testing import eventually
from ev_contracts.gateway import StationDisconnected

from .conftest import Gateway, desk_line, reset_asked  # noqa: TID252 - tests are no package of the installation
from .test_sockets import call, station  # noqa: TID252 - as above


class Bug(Exception):
    """Nobody expected it."""


class Broken(RunningTransactions):
    """Knows all stations but one."""

    def at(self, key: str) -> Mapping[int, Running]:
        if key == "volt/NLVOLT0001":
            raise Bug
        return super().at(key)


async def test_an_unexpected_error_ends_its_connection_alone_and_names_it(gateway: Gateway) -> None:
    gateway.server.running = Broken()
    with capture_logs() as lines:
        async with station(gateway) as broken, station(gateway, "NLVOLT0002") as other:
            await broken.send('[2,"m1","Heartbeat",{}]')
            with pytest.raises(ConnectionClosed):
                await broken.recv()
            assert (await call(other, "Heartbeat", {}))[0] == 3
        (ended,) = [
            one for one in await gateway.wait_for(CONNECTIONS, StationDisconnected, 2) if one.station_id == "NLVOLT0001"
        ]
        await eventually(lambda: gateway.server.interpreter.metrics.get("tasks_failed", "connection") == 1)
    (line,) = [line for line in lines if line["event"] == "task.failed"]
    assert (line["station"], line["connection_id"], line["error"]) == ("NLVOLT0001", ended.connection_id, "Bug")
    assert isinstance(line["exc_info"], Bug)


async def test_an_unexpected_error_of_a_command_names_its_station(gateway: Gateway) -> None:
    line, metrics = desk_line(gateway), gateway.server.interpreter.metrics
    async with station(gateway) as socket:
        assert (await call(socket, "Heartbeat", {}))[0] == 3
        held = gateway.server.connection("NLVOLT0001")
        assert held is not None
        gateway.server.running = Broken()
        with capture_logs() as lines:
            line.on_event("volt/NLVOLT0001", reset_asked())
            await eventually(lambda: metrics.get("tasks_failed", "desk") == 1)
    await line.stop()
    (told,) = [each for each in lines if each["event"] == "task.failed"]
    assert (told["station"], told["epoch"], told["error"]) == ("NLVOLT0001", held.epoch, "Bug")


class BrokenStalls(Stalls):
    """Knows no connection."""

    def of(self, connection_id: str) -> float:
        raise Bug(connection_id)


async def test_a_server_whose_watch_over_its_sockets_fails_ends(gateway: Gateway) -> None:
    gateway.server.stalls = BrokenStalls()
    async with station(gateway) as socket:
        assert (await call(socket, "Heartbeat", {}))[0] == 3
        with pytest.raises(Bug):
            async with asyncio.timeout(10):
                await gateway.server.run()


def no_place(_self: UnderWay, peer: str) -> HTTPStatus | None:
    """Cannot say whether there is one."""
    raise Bug(peer)


async def test_a_server_that_takes_nobody_any_more_ends(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(UnderWay, "refusal", no_place)
    before = gateway.server.port
    serving = asyncio.create_task(gateway.server.run())
    await eventually(lambda: gateway.server.port != before)
    _, writer = await asyncio.open_connection("127.0.0.1", gateway.server.port)
    with pytest.raises(Bug):
        async with asyncio.timeout(10):
            await serving
    writer.close()


async def test_an_unexpected_error_of_a_handshake_ends_no_other(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    welcome, welcomed = Doorkeeper.protocol, itertools.count()

    def broken_at_first(door: Doorkeeper) -> Any:
        if not next(welcomed):
            raise Bug
        return welcome(door)

    monkeypatch.setattr(Doorkeeper, "protocol", broken_at_first)
    metrics = gateway.server.interpreter.metrics
    async with gateway.server.listening():
        with capture_logs() as lines:
            _, writer = await asyncio.open_connection("127.0.0.1", gateway.server.port)
            await eventually(lambda: metrics.get("tasks_failed", "handshake") == 1)
        writer.close()
        async with station(gateway) as socket:
            assert (await call(socket, "Heartbeat", {}))[0] == 3
    (line,) = [each for each in lines if each["event"] == "task.failed"]
    assert (line["peer"], line["error"]) == ("127.0.0.1", "Bug")
