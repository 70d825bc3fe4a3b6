"""Commands to stations, through the whole service on a log in memory: HTTP in, OCPP out, one outcome."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import ocpp.v16
import ocpp.v201
import orjson
import pytest
from ocpp.routing import on
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from charger_gateway.app import DESK_EVENTS, build
from charger_gateway.settings import Settings
from chassis.auth import Principal, undeclared_routes
from chassis.clock import SystemClock
from chassis.codec import Codec
from chassis.log import MemoryLog
from chassis.log.appender import Appender
from chassis.runner import HttpEdge, Service
from chassis.telemetry import Tracing
from chassis.testing import KnownCallers, eventually, read_topic, running
from ev_contracts.catalogue import RECORDS, TOPICS
from ev_contracts.gateway import (
    CommandRequested,
    CommandSent,
    CommandSucceeded,
    CommandTimedOut,
    CommandUndeliverable,
    ConnectionLost,
    StationConnected,
    TransactionStarted,
)

from .seeding import CARD, LONG_AGO, SECRET, seed, write_secrets  # noqa: TID252 - tests are no package of the installation
from .test_sockets import basic  # noqa: TID252 - as above

CALLERS = {
    "cpo": Principal(subject="ops@volt", roles=frozenset({"cpo"}), tenants=frozenset({"volt"}), party_id="NL-VLT"),
    "other-cpo": Principal(subject="ops@amp", roles=frozenset({"cpo"}), tenants=frozenset({"amp"}), party_id="NL-AMP"),
    "engineer": Principal(subject="eng@volt", roles=frozenset({"cpo-engineer"}), tenants=frozenset({"volt"})),
    "emsp": Principal(subject="app@emo", roles=frozenset({"emsp"}), tenants=frozenset({"emo"}), party_id="NL-EMO"),
    "anna": Principal(subject="anna", roles=frozenset({"driver"}), claims={"driver_ref": "drv-1"}),
    "bert": Principal(subject="bert", roles=frozenset({"driver"}), claims={"driver_ref": "drv-2"}),
    "owner": Principal(subject="owner", roles=frozenset({"owner"}), party_id="NL-OWN"),
}


@dataclass
class Whole:
    """The running service and how to speak to it."""

    service: Service
    log: MemoryLog
    codec: Codec
    settings: Settings
    http: httpx2.AsyncClient

    def station(self, station_id: str, subprotocol: str) -> Any:
        return connect(
            f"ws://127.0.0.1:{self.settings.ocpp_port}/ocpp/{station_id}",
            subprotocols=[Subprotocol(subprotocol)],
            additional_headers=basic(station_id, SECRET),
            proxy=None,
        )

    async def ask(self, who: str, station_id: str, command: str, **body: Any) -> httpx2.Response:
        return await self.http.post(
            f"/v1/stations/{station_id}/commands/{command}", json=body, headers={"Authorization": f"Bearer {who}"}
        )

    async def get(self, who: str, path: str) -> httpx2.Response:
        return await self.http.get(path, headers={"Authorization": f"Bearer {who}"})

    async def desk(self) -> list[Any]:
        return [seen.record for seen in await read_topic(self.log, self.codec, DESK_EVENTS)]

    async def outcomes(self, number: int) -> list[Any]:
        """All desk events, once there are so many."""

        async def so_many() -> list[Any] | None:
            events = await self.desk()
            return events if len(events) >= number else None

        return list(await eventually(so_many, what=f"{number} desk events"))

    async def connected(self) -> None:
        topic = "gateway.connection.event.v1"

        async def known() -> bool:
            return any(isinstance(s.record, StationConnected) for s in await read_topic(self.log, self.codec, topic))

        await eventually(known)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextlib.asynccontextmanager
async def running_whole(secrets: Path, *, wait_s: float) -> AsyncIterator[Whole]:
    log, codec = MemoryLog(), Codec(records=RECORDS, topics=TOPICS)
    await seed(log, codec)
    settings = Settings(
        ocpp_port=free_port(), secrets_dir=write_secrets(secrets), command_wait_s=wait_s, log_level="error"
    )
    service = build(settings, log=log, authenticator=KnownCallers(CALLERS))
    async with running(service), httpx2.AsyncClient(timeout=10) as http:
        http.base_url = f"http://127.0.0.1:{service.ports[1]}"
        yield Whole(service=service, log=log, codec=codec, settings=settings, http=http)


@pytest.fixture
async def whole(tmp_path: Path) -> AsyncIterator[Whole]:
    """A service that waits for stations' answers."""
    async with running_whole(tmp_path / "secrets", wait_s=5.0) as one:
        yield one


@pytest.fixture
async def quick(tmp_path: Path) -> AsyncIterator[Whole]:
    """A service that answers its callers at once, with a link."""
    async with running_whole(tmp_path / "secrets", wait_s=0.0) as one:
        yield one


class V16Station(ocpp.v16.ChargePoint):  # type: ignore[misc]  # the library is untyped
    """A charge point of a library that is not ours."""

    heard: Any = None

    @on("RemoteStartTransaction")  # type: ignore[untyped-decorator]  # as above
    def on_remote_start(self, id_tag: str, connector_id: int) -> Any:
        self.heard = (id_tag, connector_id)
        return ocpp.v16.call_result.RemoteStartTransaction(status="Accepted")

    @on("RemoteStopTransaction")  # type: ignore[untyped-decorator]  # as above
    def on_remote_stop(self, transaction_id: int) -> Any:
        self.heard = transaction_id
        return ocpp.v16.call_result.RemoteStopTransaction(status="Rejected")

    @on("Reset")  # type: ignore[untyped-decorator]  # as above
    def on_reset(self, type: str) -> Any:  # noqa: A002 - the library calls it so
        self.heard = type
        return ocpp.v16.call_result.Reset(status="Accepted")


class V201Station(ocpp.v201.ChargePoint):  # type: ignore[misc]  # the library is untyped
    """A charging station of a library that is not ours."""

    heard: Any = None

    @on("RequestStartTransaction")  # type: ignore[untyped-decorator]  # as above
    def on_request_start(self, **request: Any) -> Any:
        self.heard = request
        return ocpp.v201.call_result.RequestStartTransaction(status="Accepted")

    @on("TriggerMessage")  # type: ignore[untyped-decorator]  # as above
    def on_trigger(self, **request: Any) -> Any:
        self.heard = request
        return ocpp.v201.call_result.TriggerMessage(status="Accepted")


@contextlib.asynccontextmanager
async def charge_point(whole: Whole) -> AsyncIterator[V16Station]:
    async with whole.station("NLVOLT0001", "ocpp1.6") as ws:
        station = V16Station("NLVOLT0001", ws, response_timeout=5)
        async with listening(station):
            await station.call(ocpp.v16.call.Heartbeat())
            yield station


@contextlib.asynccontextmanager
async def charging_station(whole: Whole) -> AsyncIterator[V201Station]:
    async with whole.station("NLVOLT0002", "ocpp2.0.1") as ws:
        station = V201Station("NLVOLT0002", ws, response_timeout=5)
        async with listening(station):
            await station.call(ocpp.v201.call.Heartbeat())
            yield station


@contextlib.asynccontextmanager
async def listening(station: Any) -> AsyncIterator[None]:
    task = asyncio.create_task(station.start())
    try:
        yield
    finally:
        task.cancel()


# Outcomes.


async def test_a_remote_start_reaches_the_station_and_its_answer_the_caller(whole: Whole) -> None:
    async with charge_point(whole) as station:
        response = await whole.ask("cpo", "NLVOLT0001", "start", id_token=CARD, evse_number=2, reason="stuck reader")
    assert response.status_code == 200
    shown = response.json()
    assert (shown["status"], shown["answer"], shown["requested_by"]) == ("succeeded", "Accepted", "ops@volt")
    assert station.heard == (CARD, 2)
    requested, sent, succeeded = await whole.outcomes(3)
    assert isinstance(requested, CommandRequested)
    assert isinstance(sent, CommandSent)
    assert isinstance(succeeded, CommandSucceeded)
    assert (requested.token_ref, requested.reason) == ("tok-1", "stuck reader")
    assert CARD.encode() not in (requested.id_token_sealed or b"")
    looked_up = await whole.get("cpo", response.headers["Location"])
    assert looked_up.json()["status"] == "succeeded"


async def test_a_remote_start_of_2x_ties_the_transaction_to_its_command(whole: Whole) -> None:
    async with charging_station(whole) as station:
        response = await whole.ask("cpo", "NLVOLT0002", "start", id_token=CARD, evse_number=1, reason="app is down")
        assert station.heard["id_token"] == {"id_token": CARD, "type": "Central"}
        await station.call(
            ocpp.v201.call.TransactionEvent(
                event_type="Started",
                timestamp="2026-11-20T12:00:00Z",
                trigger_reason="RemoteStart",
                seq_no=0,
                transaction_info={"transaction_id": "tx-1", "remote_start_id": station.heard["remote_start_id"]},
                evse={"id": 1},
            )
        )
    topic = "gateway.transaction.event.v1"
    (started,) = [seen.record for seen in await read_topic(whole.log, whole.codec, topic)]
    assert isinstance(started, TransactionStarted)
    assert started.remote_start_id == response.json()["command_id"]


async def test_a_stations_no_is_the_outcome(whole: Whole) -> None:
    async with charge_point(whole) as station:
        response = await whole.ask("cpo", "NLVOLT0001", "stop", transaction_id="77", reason="fire drill")
    assert (response.status_code, response.json()["status"], response.json()["answer"]) == (200, "refused", "Rejected")
    assert station.heard == 77


async def test_an_action_the_station_does_not_know_is_refused_in_its_own_words(whole: Whole) -> None:
    async with charge_point(whole):
        response = await whole.ask("cpo", "NLVOLT0001", "trigger", message="Heartbeat")
    assert response.json()["status"] == "refused"
    assert response.json()["answer"] in {"NotImplemented", "NotSupported"}


async def test_reset_and_trigger_speak_each_version(whole: Whole) -> None:
    async with charge_point(whole) as old, charging_station(whole) as new:
        assert (await whole.ask("cpo", "NLVOLT0001", "reset", hard=True)).json()["status"] == "succeeded"
        triggered = await whole.ask("cpo", "NLVOLT0002", "trigger", message="StatusNotification", evse_number=1)
        assert triggered.json()["status"] == "succeeded"
        assert old.heard == "Hard"
        assert new.heard == {"requested_message": "StatusNotification", "evse": {"id": 1}}


async def test_a_command_for_an_absent_station_expires_undeliverable(whole: Whole) -> None:
    response = await whole.ask("cpo", "NLVOLT0003", "reset", expires_in_s=1)
    assert response.status_code in {200, 202}
    requested, undeliverable = await whole.outcomes(2)
    assert isinstance(requested, CommandRequested)
    assert isinstance(undeliverable, CommandUndeliverable)
    assert undeliverable.why == "expired"


async def test_a_silent_station_times_out_and_a_late_answer_is_dropped(whole: Whole) -> None:
    async with whole.station("NLVOLT0001", "ocpp1.6") as ws:
        await whole.connected()
        response = await whole.ask("cpo", "NLVOLT0001", "reset", expires_in_s=1)
        call = orjson.loads(await ws.recv())
        await whole.outcomes(3)
        await ws.send(orjson.dumps([3, call[1], {"status": "Accepted"}]).decode())
        await ws.send('[2,"m1","Heartbeat",{}]')
        assert orjson.loads(await ws.recv())[1] == "m1"
    assert response.status_code in {200, 202}
    events = await whole.desk()
    assert [type(event) for event in events] == [CommandRequested, CommandSent, CommandTimedOut]


async def test_a_station_that_hangs_up_is_undeliverable(whole: Whole) -> None:
    async with whole.station("NLVOLT0001", "ocpp1.6") as ws:
        await whole.connected()
        asking = asyncio.create_task(whole.ask("cpo", "NLVOLT0001", "reset"))
        await ws.recv()
    shown = (await asking).json()
    assert (shown["status"], shown["detail"]) == ("undeliverable", "connection-closed")


async def test_an_idempotency_key_makes_one_command(whole: Whole) -> None:
    headers = {"Authorization": "Bearer cpo", "Idempotency-Key": "k-1"}
    path = "/v1/stations/NLVOLT0001/commands/reset"
    async with charge_point(whole):
        first, again = [await whole.http.post(path, json={}, headers=headers) for _ in range(2)]
        other = await whole.http.post(path, json={"hard": True}, headers=headers)
    assert first.json()["command_id"] == again.json()["command_id"]
    assert other.status_code == 422
    assert len([event for event in await whole.desk() if isinstance(event, CommandSent)]) == 1


async def test_a_silent_replicas_connections_are_declared_lost(whole: Whole) -> None:
    ghost = StationConnected(
        station_id="NLVOLT0003",
        replica_id="gw-ghost",
        connection_id="c-9",
        ocpp_version="1.6",
        connected_at=LONG_AGO,
    )
    appender = Appender(
        log=whole.log, codec=whole.codec, clock=SystemClock(), service="ghost", tracing=Tracing("ghost")
    )
    stood = await appender.append(topic="gateway.connection.event.v1", key="volt/NLVOLT0003", record=ghost)

    async def lost() -> Any:
        return [event for event in await whole.desk() if isinstance(event, ConnectionLost)]

    (event,) = await eventually(lost, deadline_s=20)
    assert (event.epoch, event.replica_id) == (stood.offset, "gw-ghost")


# Who may.


@pytest.mark.parametrize(
    ("who", "body", "status"),
    [
        ("anna", {"id_token": CARD}, 202),
        ("emsp", {"id_token": CARD}, 202),
        ("cpo", {"id_token": CARD, "reason": "service"}, 202),
        ("cpo", {"id_token": CARD}, 422),
        ("bert", {"id_token": CARD}, 404),
        ("emsp", {"id_token": "UNKNOWN"}, 404),
        ("other-cpo", {"id_token": CARD, "reason": "service"}, 404),
        ("owner", {"id_token": CARD, "reason": "service"}, 403),
        ("engineer", {"id_token": CARD, "reason": "service"}, 403),
        ("stranger", {"id_token": CARD}, 401),
        ("cpo", {"id_token": ""}, 422),
        ("cpo", {"id_token": CARD, "evse_number": "1"}, 422),
        ("cpo", {"id_token": CARD, "color": "red"}, 422),
        ("cpo", {}, 422),
    ],
)
async def test_who_may_start(quick: Whole, who: str, body: dict[str, Any], status: int) -> None:
    response = await quick.ask(who, "NLVOLT0001", "start", **body)
    assert response.status_code == status
    if status >= 400:
        assert response.headers["content-type"] == "application/problem+json"


async def test_only_the_sessions_own_may_stop_it(quick: Whole) -> None:
    async with quick.station("NLVOLT0001", "ocpp1.6") as ws:
        start = {"connectorId": 1, "idTag": CARD, "meterStart": 0, "timestamp": "2026-11-20T12:00:00Z"}
        await ws.send(orjson.dumps([2, "m1", "StartTransaction", start]).decode())
        number = str(orjson.loads(await ws.recv())[2]["transactionId"])
    answers = {
        who: (await quick.ask(who, "NLVOLT0001", "stop", transaction_id=number)).status_code
        for who in ("anna", "emsp", "bert", "cpo", "other-cpo", "owner")
    }
    assert answers == {"anna": 202, "emsp": 202, "bert": 404, "cpo": 422, "other-cpo": 404, "owner": 403}
    assert (await quick.ask("anna", "NLVOLT0001", "stop", transaction_id="1")).status_code == 404


@pytest.mark.parametrize(("who", "status"), [("cpo", 202), ("other-cpo", 404), ("emsp", 403), ("anna", 403)])
async def test_who_may_reset(quick: Whole, who: str, status: int) -> None:
    assert (await quick.ask(who, "NLVOLT0001", "reset")).status_code == status


async def test_an_unknown_station_is_not_found(quick: Whole) -> None:
    assert (await quick.ask("cpo", "NLVOLT0009", "reset")).status_code == 404


async def test_a_command_is_shown_to_its_caller_and_the_operator_only(quick: Whole) -> None:
    link = (await quick.ask("anna", "NLVOLT0001", "start", id_token=CARD)).headers["Location"]
    assert [(await quick.get(who, link)).status_code for who in ("anna", "cpo", "bert", "other-cpo", "emsp")] == [
        200,
        200,
        404,
        404,
        404,
    ]


async def test_only_an_engineer_reads_frames(quick: Whole) -> None:
    async with quick.station("NLVOLT0001", "ocpp1.6") as ws:
        await ws.send('[2,"m1","Heartbeat",{}]')
        await ws.recv()

    async def kept() -> Any:
        shown = (await quick.get("engineer", "/v1/stations/NLVOLT0001/frames")).json()["frames"]
        return shown if len(shown) == 2 else None

    inbound, outbound = await eventually(kept)
    assert (inbound["text"], inbound["from_station"]) == ('[2,"m1","Heartbeat",{}]', True)
    assert outbound["text"].startswith('[3,"m1",{"currentTime"')
    assert (await quick.get("engineer", "/v1/stations/NLVOLT0002/frames")).json()["frames"] == []
    assert (await quick.get("cpo", "/v1/stations/NLVOLT0001/frames")).status_code == 403
    assert (await quick.get("engineer", "/v1/stations/NLVOLT0001/frames?limit=9999")).status_code == 422


async def test_every_route_declares_an_act(quick: Whole) -> None:
    (edge,) = (part for part in quick.service.parts if isinstance(part, HttpEdge))
    assert undeclared_routes(edge.app) == []
