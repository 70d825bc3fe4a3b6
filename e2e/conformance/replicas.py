"""Gateway processes on the lab's Kafka, in a namespace of their own: started, stopped, started again in place."""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import httpx2

from chassis.clock import SystemClock
from chassis.codec import Codec
from chassis.log import KafkaLog, LogError
from chassis.log.appender import Appender
from chassis.telemetry import Tracing
from chassis.testing import eventually
from conformance.seeding import seed, station_ids, write_secrets
from conformance.stand import free_port
from ev_contract_tools.topics import create_topics
from ev_contracts.catalogue import RECORDS, TOPICS

if TYPE_CHECKING:
    from ev_lab.endpoints import Endpoints

_OURS = {
    name: topic
    for name, topic in TOPICS.items()
    if topic.owner == "charger-gateway" or any(one.service == "charger-gateway" for one in topic.consumers)
}


@dataclass(slots=True, kw_only=True)
class Replica:
    """One process; its ports stay its own."""

    env: dict[str, str]
    ocpp_port: int
    http_port: int
    process: "subprocess.Popen[bytes] | None" = None

    async def start(self) -> None:
        """Start it and wait until stations can connect."""
        process = subprocess.Popen([sys.executable, "-m", "charger_gateway"], env=self.env)  # noqa: ASYNC220 - returns at once
        self.process = process
        async with httpx2.AsyncClient() as http:

            async def ready() -> bool:
                assert process.poll() is None, "the gateway ended"
                with contextlib.suppress(httpx2.HTTPError):
                    return (await http.get(f"http://127.0.0.1:{self.http_port}/health/ready")).status_code == 200
                return False

            await eventually(ready, deadline_s=60, what="the replica")

    async def stop(self) -> int:
        """Ask it to stop; its exit status, once it drained."""
        process = self.process
        assert process is not None
        process.terminate()
        await eventually(lambda: process.poll() is not None, deadline_s=30, what="the end of the replica")
        return int(process.returncode)


@dataclass(slots=True, kw_only=True)
class Platform:
    """The log of the namespace, and its replicas."""

    log: KafkaLog
    codec: Codec
    appender: Appender
    replicas: list[Replica] = field(default_factory=list)


def _replica(lab: "Endpoints", namespace: str, home: Path) -> Replica:
    ocpp_port, http_port = free_port(), free_port()
    env = os.environ | {
        "EV_KAFKA": lab.kafka,
        "EV_NAMESPACE": namespace,
        "EV_REGISTRY": "",
        "EV_SCHEMA_IDS": str(home / "ids.json"),
        "EV_SECRETS_DIR": str(home / "secrets"),
        "EV_OCPP_PORT": str(ocpp_port),
        "EV_HTTP_PORT": str(http_port),
        "EV_OIDC_ISSUER": "http://127.0.0.1:9",
        "EV_LOG_LEVEL": "error",
        "EV_DRAIN_PERCENT_PER_S": "50",
    }
    return Replica(env=env, ocpp_port=ocpp_port, http_port=http_port)


@contextlib.asynccontextmanager
async def replicated(
    lab: "Endpoints", namespace: str, home: Path, *, replicas: int, stations: int
) -> AsyncIterator[Platform]:
    """So many running replicas, which know so many stations; ended afterwards."""
    await create_topics(lab.kafka, _OURS, namespace=namespace)
    ids = {shape.fingerprint: number for number, shape in enumerate(RECORDS.values(), start=1)}
    (home / "ids.json").write_text(json.dumps(ids), encoding="utf-8")
    write_secrets(home / "secrets")
    codec = Codec(records=RECORDS, topics=TOPICS, ids=ids)
    log = KafkaLog(lab.kafka, namespace=namespace)
    await log.start()
    appender = Appender(log=log, codec=codec, clock=SystemClock(), service="operator", tracing=Tracing("operator"))
    platform = Platform(log=log, codec=codec, appender=appender)

    async def known() -> bool:
        with contextlib.suppress(LogError):
            return all([await log.partitions(topic) for topic in _OURS])
        return False

    try:
        await eventually(known, deadline_s=60, what="the new topics")
        await seed(log, codec, station_ids(stations))
        platform.replicas += [_replica(lab, namespace, home) for _ in range(replicas)]
        for one in platform.replicas:
            await one.start()
        yield platform
    finally:
        for one in platform.replicas:
            if one.process is not None:
                one.process.terminate()
                one.process.wait(20)
        await log.stop()
