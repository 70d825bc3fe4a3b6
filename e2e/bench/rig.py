"""A gateway process for measurements: own namespace, seeded tables, sampled traces, no other service."""

import asyncio
import contextlib
import hashlib
import hmac
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError

from chassis.clock import SystemClock
from chassis.codec import Codec
from chassis.log import KafkaLog
from chassis.log.appender import Appender
from chassis.telemetry import Tracing
from chassis.testing import read_topic
from ev_checks.traces import Collector, collecting
from ev_contracts.accounts import TokenSnapshot, TokenStatus
from ev_contracts.assets import CommercialSnapshot, Connector, CredentialSnapshot, Evse, StationSnapshot
from ev_contracts.catalogue import RECORDS, TOPICS
from ev_contracts.common import CommercialModel

SECRET = "5d0f6a1be2c34798a0b1c2d3e4f5061728394a5b"
CARD = "04A2B3C4D5"
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
_SECRETS = ("credential-key", "token-key", "frame-key", "transaction-key", "page-token-key", "signed-value-key")
_KEYS = {name: hashlib.sha256(name.encode()).hexdigest() for name in _SECRETS}
_READY_S = 40.0
_TRACES_ONE_IN = "100"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rig:
    """Where the gateway listens and which process it is."""

    ocpp_url: str
    http_url: str
    pid: int
    namespace: str
    traces: Collector
    """Takes the sampled spans of all its processes."""


def station_ids(count: int) -> list[str]:
    """Identities of the bench's stations."""
    return [f"NLBENCH{n:05d}" for n in range(count)]


async def create_topics(kafka: str, namespace: str, names: Iterable[str]) -> None:
    """The catalogue's topics under the namespace; those that are there stay."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        topics = [_new_topic(namespace, name) for name in names]
        with contextlib.suppress(TopicAlreadyExistsError):
            await admin.create_topics(topics)
    finally:
        await admin.close()


async def delete_topics(kafka: str, names: Iterable[str]) -> None:
    """The broker is shared, and every partition costs it something."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        await admin.delete_topics(list(names))
    finally:
        await admin.close()


def _new_topic(namespace: str, name: str) -> NewTopic:
    topic = TOPICS[name]
    config = {"message.timestamp.type": "LogAppendTime"}
    if topic.compacted:
        config["cleanup.policy"] = "compact"
    return NewTopic(f"{namespace}.{name}", topic.partitions, 1, topic_configs=config)


def gateway_topics() -> list[str]:
    """What the gateway owns or follows."""
    return [
        name
        for name, topic in TOPICS.items()
        if topic.owner == "charger-gateway" or any(one.service == "charger-gateway" for one in topic.consumers)
    ]


async def seed(log: KafkaLog, codec: Codec, stations: Iterable[str]) -> None:
    """Snapshots as the registry and accounts would have published them."""
    appender = Appender(log=log, codec=codec, clock=SystemClock(), service="bench", tracing=Tracing("bench"))
    sent = [
        await appender.append_nowait(topic=topic, key=key, record=record) for topic, key, record in _facts(stations)
    ]
    await asyncio.gather(*sent)


def _facts(stations: Iterable[str]) -> Iterator[tuple[str, str, Any]]:
    digest = hmac.digest(_KEYS["credential-key"].encode(), SECRET.encode(), hashlib.sha256)
    connector = Connector(
        connector_number=1,
        standard="IEC_62196_T2",
        max_power_w=11_000,
        max_voltage_v=230,
        max_amperage_a=16,
        dc=False,
    )
    for station_id in stations:
        credential = CredentialSnapshot(station_id=station_id, tenant="volt", secret_hmac=digest, version=1)
        yield "assets.credential.snapshot.v1", f"_/{station_id}", credential
        station = StationSnapshot(
            station_id=station_id,
            site_id="S-1",
            cpo_party_id="NL-VLT",
            vendor="Bench",
            model="B1",
            evses=(Evse(evse_number=1, evse_id=f"NL*VLT*E{station_id[-5:]}", connectors=(connector,)),),
            retired=False,
            version=1,
        )
        yield "assets.station.snapshot.v1", f"volt/{station_id}", station
    yield from _card_and_contract()


def _card_and_contract() -> Iterator[tuple[str, str, Any]]:
    uid_hmac = hmac.digest(_KEYS["token-key"].encode(), CARD.encode(), hashlib.sha256).hex()
    token = TokenSnapshot(
        uid_hmac=uid_hmac,
        token_ref="tok-bench",
        token_type="RFID",
        emsp_party_id="NL-EMO",
        tenant="emo",
        driver_ref="drv-bench",
        status=TokenStatus.VALID,
        version=1,
    )
    yield "accounts.token.snapshot.v1", f"_/{uid_hmac}", token
    contract = CommercialSnapshot(
        contract_id="C-1",
        contract_version=1,
        cpo_party_id="NL-VLT",
        emsp_party_id="NL-EMO",
        model=CommercialModel.RESALE,
        valid_from=LONG_AGO,
    )
    yield "assets.contract.snapshot.v1", "volt/C-1@1", contract


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _schema_ids() -> dict[str, int]:
    """Numbers of our own: the bench needs no registry."""
    return {shape.fingerprint: number for number, shape in enumerate(RECORDS.values(), start=1)}


async def on_log(kafka: str, rig: Rig, topic: str) -> list[Any]:
    """All records that stand on the topic."""
    log = KafkaLog(kafka, namespace=rig.namespace)
    await log.start()
    try:
        seen = await read_topic(log, Codec(records=RECORDS, topics=TOPICS, ids=_schema_ids()), topic)
    finally:
        await log.stop()
    return [each.record for each in seen]


@contextlib.asynccontextmanager
async def gateway(kafka: str, *, stations: int, extra_env: Mapping[str, str] | None = None) -> AsyncIterator[Rig]:
    """A seeded gateway that is ready; ended on the way out."""
    async with gateways(kafka, stations=stations, extra_env=extra_env) as (rig,):
        yield rig


@contextlib.asynccontextmanager
async def gateways(
    kafka: str, *, stations: int, processes: int = 1, extra_env: Mapping[str, str] | None = None
) -> AsyncIterator[list[Rig]]:
    """So many processes on one namespace."""
    namespace = f"bench{int(time.time()) % 10_000_000}"
    ids = _schema_ids()
    codec = Codec(records=RECORDS, topics=TOPICS, ids=ids)
    await create_topics(kafka, namespace, gateway_topics())
    log = KafkaLog(kafka, namespace=namespace)
    await log.start()
    try:
        await seed(log, codec, station_ids(stations))
    finally:
        await log.stop()
    with tempfile.TemporaryDirectory() as folder, collecting() as traces:
        traced = {"EV_OTLP_ENDPOINT": traces.endpoint, "EV_TRACES_ONE_IN": _TRACES_ONE_IN}
        env = _environment(Path(folder), kafka, namespace, ids) | traced | dict(extra_env or {})
        async with contextlib.AsyncExitStack() as stack:
            stack.push_async_callback(delete_topics, kafka, [f"{namespace}.{name}" for name in gateway_topics()])
            yield [await stack.enter_async_context(_process(env, namespace, traces)) for _ in range(processes)]


@contextlib.asynccontextmanager
async def _process(env: Mapping[str, str], namespace: str, traces: Collector) -> AsyncIterator[Rig]:
    ocpp_port, http_port = free_port(), free_port()
    ports = {"EV_OCPP_PORT": str(ocpp_port), "EV_HTTP_PORT": str(http_port)}
    command = [sys.executable, "-m", "charger_gateway"]
    process = subprocess.Popen(command, env={**env, **ports})  # noqa: ASYNC220 - returns at once
    try:
        await _ready(process, http_port)
        yield Rig(
            ocpp_url=f"ws://127.0.0.1:{ocpp_port}/ocpp",
            http_url=f"http://127.0.0.1:{http_port}",
            pid=process.pid,
            namespace=namespace,
            traces=traces,
        )
    finally:
        process.terminate()
        process.wait(60)


def _environment(home: Path, kafka: str, namespace: str, ids: Mapping[str, int]) -> dict[str, str]:
    (home / "ids.json").write_text(json.dumps(ids), encoding="utf-8")
    (home / "secrets").mkdir()
    for name, key in _KEYS.items():
        (home / "secrets" / name).write_text(key, encoding="utf-8")
    return os.environ | {
        "EV_KAFKA": kafka,
        "EV_NAMESPACE": namespace,
        "EV_REGISTRY": "",
        "EV_SCHEMA_IDS": str(home / "ids.json"),
        "EV_SECRETS_DIR": str(home / "secrets"),
        "EV_OIDC_ISSUER": "http://127.0.0.1:9",
        "EV_LOG_LEVEL": "warning",
        # The bench connects its stations as fast as it can; what it measures begins after that.
        "EV_HANDSHAKES_PER_S": "100000",
    }


async def _ready(process: "subprocess.Popen[bytes]", http_port: int) -> None:
    async with httpx2.AsyncClient() as client, asyncio.timeout(_READY_S):
        while process.poll() is None:
            with contextlib.suppress(httpx2.HTTPError):
                if (await client.get(f"http://127.0.0.1:{http_port}/health/ready")).status_code == httpx2.codes.OK:
                    return
            await asyncio.sleep(0.2)
    raise RuntimeError(f"the gateway ended with {process.returncode}")
