"""A replica that is asked whether a station still answers on the connection that it holds."""

from datetime import UTC, datetime

from charger_gateway.adapters.heartbeat import BEATS
from charger_gateway.adapters.ocpp.server import CONNECTIONS
from ev_contracts.gateway import ConnectionContested, ContestAnswered, StationDisconnected

from .conftest import Gateway  # noqa: TID252 - tests are no package of the installation
from .test_sockets import call, station  # noqa: TID252 - as above

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def question(station_id: str, *, epoch: int, of: str = "gw-1") -> ConnectionContested:
    return ConnectionContested(
        station_id=station_id, contest_id=f"{of}-{epoch}", holder_replica_id=of, epoch=epoch, contested_at=NOON
    )


async def test_it_says_what_it_holds_and_what_it_does_not(gateway: Gateway) -> None:
    async with station(gateway, "NLVOLT0001") as socket:
        assert (await call(socket, "Heartbeat", {}))[0] == 3
        gateway.server.contested(question("NLVOLT0001", epoch=0, of="gw-2"))
        gateway.server.contested(question("NLVOLT0001", epoch=0))
        gateway.server.contested(question("NLVOLT0001", epoch=7))
        gateway.server.contested(question("NLVOLT0002", epoch=8))
        answers = await gateway.wait_for(BEATS, ContestAnswered, 3)
        assert (await call(socket, "Heartbeat", {}, "m2"))[0] == 3
    assert {one.contest_id: one.stands for one in answers} == {"gw-1-0": True, "gw-1-7": False, "gw-1-8": False}


async def test_a_station_that_does_not_answer_gives_way(gateway: Gateway) -> None:
    async with station(gateway) as dead:
        assert (await call(dead, "Heartbeat", {}))[0] == 3
        dead.transport.pause_reading()
        gateway.server.contested(question("NLVOLT0001", epoch=0))
        (answer,) = await gateway.wait_for(BEATS, ContestAnswered)
        (gone,) = await gateway.wait_for(CONNECTIONS, StationDisconnected)
    assert (answer.stands, gone.reason, gone.epoch) == (False, "displaced", 0)
