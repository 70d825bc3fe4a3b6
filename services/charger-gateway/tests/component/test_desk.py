"""Commands to stations, through the whole service on a log in memory: HTTP in, OCPP out, one outcome."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import ocpp.v16
import ocpp.v201
import orjson
import pytest
from ocpp.routing import on

from charger_gateway.domain.command_book import CommandBook
from chassis.clock import LabClock, SystemClock
from chassis.log.appender import Appender
from chassis.telemetry import Tracing
from chassis.testing import eventually, read_topic
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

from .seeding import CARD, LONG_AGO  # noqa: TID252 - tests are no package of the installation
from .whole import Whole, running_whole  # noqa: TID252 - as above


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
        station = V16Station("NLVOLT0001", ws, response_timeout=30)
        async with listening(station):
            await station.call(ocpp.v16.call.Heartbeat())
            yield station


@contextlib.asynccontextmanager
async def charging_station(whole: Whole) -> AsyncIterator[V201Station]:
    async with whole.station("NLVOLT0002", "ocpp2.0.1") as ws:
        station = V201Station("NLVOLT0002", ws, response_timeout=30)
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


STATUS: dict[str, Any] = {"message": "StatusNotification", "evse_number": 1, "connector_number": 1}


async def test_reset_and_trigger_speak_each_version(whole: Whole) -> None:
    async with charge_point(whole) as old, charging_station(whole) as new:
        assert (await whole.ask("cpo", "NLVOLT0001", "reset", hard=True)).json()["status"] == "succeeded"
        triggered = await whole.ask("cpo", "NLVOLT0002", "trigger", **STATUS)
        assert triggered.json()["status"] == "succeeded"
        assert old.heard == "Hard"
        assert new.heard == {"requested_message": "StatusNotification", "evse": {"id": 1, "connector_id": 1}}


async def test_a_command_for_an_absent_station_expires_undeliverable(whole: Whole) -> None:
    response = await whole.ask("cpo", "NLVOLT0003", "reset", expires_in_s=1)
    assert response.status_code in {200, 202}
    requested, undeliverable = await whole.outcomes(2)
    assert isinstance(requested, CommandRequested)
    assert isinstance(undeliverable, CommandUndeliverable)
    assert undeliverable.why == "expired"


async def test_a_station_that_comes_before_a_command_expires_is_given_it_once(quick: Whole) -> None:
    asked = await quick.ask("cpo", "NLVOLT0001", "reset", expires_in_s=30)
    assert asked.status_code == 202
    await quick.outcomes(1)
    for _ in range(2):
        async with quick.station("NLVOLT0001", "ocpp1.6") as ws:
            await ws.send('[2,"m1","Heartbeat",{}]')
            heard = [orjson.loads(await ws.recv())]
            while len(await quick.desk()) < 3:
                heard.append(orjson.loads(await ws.recv()))
                if heard[-1][0] == 2:
                    await ws.send(orjson.dumps([3, heard[-1][1], {"status": "Accepted"}]).decode())
                    await quick.outcomes(3)
    assert [type(event) for event in await quick.desk()] == [CommandRequested, CommandSent, CommandSucceeded]


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


async def test_time_outs_stay_on_wall_time_where_business_time_runs_fast(tmp_path: Path) -> None:
    began = datetime(2026, 11, 20, tzinfo=UTC)
    clock = LabClock(start=began, rate=600.0)
    async with (
        running_whole(tmp_path / "secrets", wait_s=0.0, clock=clock) as fast,
        fast.station("NLVOLT0001", "ocpp1.6") as ws,
    ):
        await fast.connected()
        response = await fast.ask("cpo", "NLVOLT0001", "reset", expires_in_s=2)
        asked = time.monotonic()
        assert orjson.loads(await ws.recv())[2] == "Reset"
        events = await fast.outcomes(3)
        took_s = time.monotonic() - asked
    shown = response.json()
    left = datetime.fromisoformat(shown["expires_at"]) - datetime.fromisoformat(shown["requested_at"])
    assert left == timedelta(seconds=1_200)
    assert isinstance(events[2], CommandTimedOut)
    assert 1.0 <= took_s <= 8.0


async def test_what_a_replica_remembers_no_more_is_looked_up_in_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("charger_gateway.app.CommandBook", partial(CommandBook, most=1))
    headers = {"Authorization": "Bearer cpo"}
    async with running_whole(tmp_path, wait_s=0.0) as whole:
        links = [(await whole.ask("cpo", "NLVOLT0003", "reset", expires_in_s=1)).headers["Location"] for _ in range(2)]
        events = await whole.outcomes(4)
        job = await whole.http.post("/v1/stations/NLVOLT0003/jobs/log-upload", json={}, headers=headers)
        await whole.http.post("/v1/stations/NLVOLT0003/jobs/log-upload", json={}, headers=headers)
        await whole.outcomes(len(events) + 4)
        shown = [(await whole.get("cpo", link)).json()["status"] for link in (*links, job.headers["Location"])]
        elsewhere = await whole.get("cpo", links[0].replace("NLVOLT0003", "NLVOLT0002"))
    assert shown == ["undeliverable", "undeliverable", "standing"]
    assert elsewhere.status_code == 404
