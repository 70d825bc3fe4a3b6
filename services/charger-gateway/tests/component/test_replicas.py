"""Two gateway processes on the real log: sessions by a library that is not ours, and the death of a replica."""

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
import ocpp.v16
import ocpp.v201
import orjson
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from chassis.clock import SystemClock, new_id
from chassis.codec import Codec
from chassis.log import KafkaLog, LogError
from chassis.log.appender import Appender
from chassis.telemetry import Tracing
from chassis.testing import eventually, read_topic
from ev_contract_tools.topics import create_topics
from ev_contracts.catalogue import RECORDS, TOPICS
from ev_contracts.gateway import (
    CommandRequested,
    CommandSent,
    CommandUndeliverable,
    ConnectionLost,
    ReplicaBeat,
    ResetStation,
    StationConnected,
    StationDisconnected,
    TransactionEnded,
    TransactionStarted,
)

from .seeding import CARD, SECRET, basic, free_port, seed, write_secrets  # noqa: TID252 - no installed package
from .test_desk import listening  # noqa: TID252 - as above

if TYPE_CHECKING:
    from ev_lab.endpoints import Endpoints

OURS = {
    name: topic
    for name, topic in TOPICS.items()
    if topic.owner == "charger-gateway" or any(one.service == "charger-gateway" for one in topic.consumers)
}
AT = "2026-11-20T12:00:00Z"


@dataclass
class Replica:
    """A gateway process."""

    process: "subprocess.Popen[bytes]"
    ocpp_port: int

    def station(self, station_id: str, subprotocol: str) -> Any:
        return connect(
            f"ws://127.0.0.1:{self.ocpp_port}/ocpp/{station_id}",
            subprotocols=[Subprotocol(subprotocol)],
            additional_headers=basic(station_id, SECRET),
            proxy=None,
        )


@dataclass
class Platform:
    """The namespace and its replicas."""

    kafka: str
    namespace: str
    home: Path
    log: KafkaLog
    codec: Codec
    replicas: list[Replica]

    @property
    def appender(self) -> Appender:
        return Appender(log=self.log, codec=self.codec, clock=SystemClock(), service="tests", tracing=Tracing("tests"))

    async def start_replica(self) -> Replica:
        ocpp_port, http_port = free_port(), free_port()
        env = os.environ | {
            "EV_KAFKA": self.kafka,
            "EV_NAMESPACE": self.namespace,
            "EV_REGISTRY": "",
            "EV_SCHEMA_IDS": str(self.home / "ids.json"),
            "EV_SECRETS_DIR": str(self.home / "secrets"),
            "EV_OCPP_PORT": str(ocpp_port),
            "EV_HTTP_PORT": str(http_port),
            "EV_OIDC_ISSUER": "http://127.0.0.1:9",
            "EV_LOG_LEVEL": "warning",
        }
        process = subprocess.Popen([sys.executable, "-m", "charger_gateway"], env=env)  # noqa: ASYNC220 - returns at once
        replica = Replica(process, ocpp_port)
        self.replicas.append(replica)
        async with httpx2.AsyncClient() as http:

            async def ready() -> bool:
                assert process.poll() is None, "the gateway ended"
                with contextlib.suppress(httpx2.HTTPError):
                    return (await http.get(f"http://127.0.0.1:{http_port}/health/ready")).status_code == 200
                return False

            await eventually(ready, deadline_s=90)
        return replica

    async def records(self, topic: str, *kinds: type) -> list[Any]:
        found = [seen.record for seen in await read_topic(self.log, self.codec, topic)]
        return [record for record in found if not kinds or isinstance(record, kinds)]

    async def wait_for(self, topic: str, kind: type, deadline_s: float = 20) -> Any:
        async def there() -> Any:
            return await self.records(topic, kind)

        return (await eventually(there, deadline_s=deadline_s, what=kind.__name__))[0]


@pytest.fixture
async def platform(lab: "Endpoints", namespace: str, tmp_path: Path) -> AsyncIterator[Platform]:
    """Topics and seeds; replicas are started by the tests and ended here."""
    await create_topics(lab.kafka, OURS, namespace=namespace)
    ids = {shape.fingerprint: number for number, shape in enumerate(RECORDS.values(), start=1)}
    (tmp_path / "ids.json").write_text(json.dumps(ids), encoding="utf-8")
    write_secrets(tmp_path / "secrets")
    codec = Codec(records=RECORDS, topics=TOPICS, ids=ids)
    log = KafkaLog(lab.kafka, namespace=namespace)
    await log.start()
    one = Platform(lab.kafka, namespace, tmp_path, log, codec, [])

    async def known() -> bool:
        with contextlib.suppress(LogError):
            return all([await log.partitions(topic) for topic in OURS])
        return False

    try:
        await eventually(known, deadline_s=60, what="the new topics")
        await seed(log, codec)
        yield one
    finally:
        for replica in one.replicas:
            replica.process.terminate()
            replica.process.wait(20)
        await log.stop()


CONNECTIONS, REPLICAS, DESK, TRANSACTIONS = (
    "gateway.connection.event.v1",
    "gateway.replica.sample.v1",
    "gateway.desk.event.v1",
    "gateway.transaction.event.v1",
)


async def test_sessions_of_both_generations_stand_on_the_log(platform: Platform) -> None:
    replica = await platform.start_replica()
    async with replica.station("NLVOLT0001", "ocpp1.6") as ws:
        old = ocpp.v16.ChargePoint("NLVOLT0001", ws)
        async with listening(old):
            booted = await old.call(ocpp.v16.call.BootNotification("Eve", "Alfen"))
            assert (await old.call(ocpp.v16.call.Authorize(CARD))).id_tag_info["status"] == "Accepted"
            assert (await old.call(ocpp.v16.call.Authorize("NOBODY"))).id_tag_info["status"] == "Invalid"
            started = await old.call(ocpp.v16.call.StartTransaction(1, CARD, 100, AT))
            await old.call(ocpp.v16.call.StopTransaction(9_100, AT, started.transaction_id))
    async with replica.station("NLVOLT0002", "ocpp2.0.1") as ws:
        new = ocpp.v201.ChargePoint("NLVOLT0002", ws)
        async with listening(new):
            for number, kind in enumerate(("Started", "Ended")):
                answer = await new.call(
                    ocpp.v201.call.TransactionEvent(
                        event_type=kind,
                        timestamp=AT,
                        trigger_reason="Authorized",
                        seq_no=number,
                        transaction_info={"transaction_id": "tx-1"},
                        evse={"id": 1},
                        id_token={"id_token": CARD, "type": "ISO14443"},
                    )
                )
                assert answer.id_token_info["status"] == "Accepted"
    assert booted.status == "Accepted"
    starts = await platform.records(TRANSACTIONS, TransactionStarted)
    ends = await platform.records(TRANSACTIONS, TransactionEnded)
    assert {one.station_id: one.token_status for one in starts} == {"NLVOLT0001": "Accepted", "NLVOLT0002": "Accepted"}
    assert {one.transaction_id for one in ends} == {str(started.transaction_id), "tx-1"}


async def test_a_killed_replicas_command_has_one_outcome_and_its_stations_are_lost(platform: Platform) -> None:
    doomed, _other = await asyncio.gather(platform.start_replica(), platform.start_replica())
    async with doomed.station("NLVOLT0001", "ocpp1.6") as ws:
        connected = await platform.wait_for(CONNECTIONS, StationConnected)
        command = _reset(expires_in=timedelta(minutes=5))
        await platform.appender.append(topic="gateway.desk.command.v1", key="volt/NLVOLT0001", record=command)
        assert orjson.loads(await ws.recv())[2] == "Reset"
        await platform.wait_for(DESK, CommandSent)
        doomed.process.kill()
        died = time.monotonic()
        lost = await platform.wait_for(DESK, ConnectionLost, deadline_s=40)
        took_s = time.monotonic() - died
        with contextlib.suppress(ConnectionClosed):
            await ws.close()
    events = await platform.records(DESK)
    assert [type(event) for event in events] == [CommandRequested, CommandSent, ConnectionLost, CommandUndeliverable]
    assert (lost.replica_id, events[3].why) == (connected.replica_id, "connection-lost")
    assert took_s <= 20.0


async def test_a_replica_that_is_told_to_stop_drains(platform: Platform) -> None:
    replica = await platform.start_replica()
    async with replica.station("NLVOLT0001", "ocpp1.6") as ws:
        await platform.wait_for(CONNECTIONS, StationConnected)
        replica.process.terminate()
        with pytest.raises(ConnectionClosed) as closed:
            await ws.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1001
    assert replica.process.wait(20) == 0
    gone = await platform.wait_for(CONNECTIONS, StationDisconnected)
    assert gone.reason == "draining"


async def both_know_each_other(platform: Platform) -> None:
    """Each of the two replicas has beaten while the other listened."""

    async def beaten() -> bool:
        beats = Counter(one.replica_id for one in await platform.records(REPLICAS, ReplicaBeat))
        return len(beats) == 2 and min(beats.values()) >= 3

    await eventually(beaten, deadline_s=30, what="beats of both")


async def test_a_living_station_keeps_its_place_at_another_replica_too(platform: Platform) -> None:
    # CVE-2026-20748 (Everon): a second door must not be the way to take an identity from its station.
    first, second = await asyncio.gather(platform.start_replica(), platform.start_replica())
    async with first.station("NLVOLT0001", "ocpp1.6") as honest:
        await platform.wait_for(CONNECTIONS, StationConnected)
        await both_know_each_other(platform)
        async with second.station("NLVOLT0001", "ocpp1.6") as thief:
            with pytest.raises(ConnectionClosed) as refused:
                await asyncio.wait_for(thief.recv(), 10)
        assert refused.value.rcvd is not None
        assert refused.value.rcvd.code == 1008
        await honest.send('[2,"m1","Heartbeat",{}]')
        assert orjson.loads(await honest.recv())[1] == "m1"
    assert len(await platform.records(CONNECTIONS, StationConnected)) == 1


async def test_a_dead_connection_gives_way_to_one_at_another_replica(platform: Platform) -> None:
    first, second = await asyncio.gather(platform.start_replica(), platform.start_replica())
    async with first.station("NLVOLT0001", "ocpp1.6") as dead:
        await platform.wait_for(CONNECTIONS, StationConnected)
        await both_know_each_other(platform)
        dead.transport.pause_reading()
        async with second.station("NLVOLT0001", "ocpp1.6") as newer:
            await newer.send('[2,"m1","Heartbeat",{}]')
            async with asyncio.timeout(20):
                assert orjson.loads(await newer.recv())[1] == "m1"
            gone = await platform.wait_for(CONNECTIONS, StationDisconnected)
    assert (gone.reason, gone.epoch) == ("displaced", 0)


def _reset(*, expires_in: timedelta) -> ResetStation:
    now = datetime.now(UTC)
    return ResetStation(
        at=now,
        command_id=new_id(),
        station_id="NLVOLT0001",
        requested_by="tests",
        expires_at=now + expires_in,
        hard=False,
    )
