"""The ledger on a log: in memory, and on the lab's real one with topics of its own."""

import asyncio
import contextlib
import secrets
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from chassis.auth import Principal
from chassis.clock import FixedClock
from chassis.log import Appender, KafkaLog, Log, MemoryLog
from chassis.runner import Service
from chassis.telemetry import Tracing
from chassis.testing import KnownCallers, Seen, read_topic, running
from ev_contract_tools.topics import create_topics
from ev_contracts.catalogue import TOPICS
from ev_contracts.record import Record
from ev_lab import contracts
from session_ledger.app import build
from session_ledger.settings import Settings

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]

CALLERS = {
    "eddy": Principal(subject="eddy", roles=frozenset({"cpo-engineer"}), tenants=frozenset({"volt"})),
    "cleo": Principal(subject="cleo", roles=frozenset({"cpo"}), tenants=frozenset({"volt"})),
    "mallory": Principal(subject="mallory", roles=frozenset({"cpo"}), tenants=frozenset({"ampere"})),
    "dora": Principal(subject="dora", roles=frozenset({"driver"}), claims={"driver_ref": "driver-7"}),
    "oscar": Principal(subject="oscar", roles=frozenset({"driver"}), claims={"driver_ref": "driver-8"}),
    "emma": Principal(subject="emma", roles=frozenset({"emsp"}), tenants=frozenset({"emo"}), party_id="NL-EMO"),
    "ella": Principal(subject="ella", roles=frozenset({"cpo-engineer"}), tenants=frozenset({"ampere"})),
}
NEEDED = {
    name: topic
    for name, topic in TOPICS.items()
    if topic.owner == "session-ledger" or any(each.service == "session-ledger" for each in topic.consumers)
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """What a test holds: the settings and the logs; `run` starts the service, and may do so again."""

    settings: Settings
    log_of: Callable[[], Log]
    clock: FixedClock

    @contextlib.asynccontextmanager
    async def run(self) -> AsyncIterator["Stage"]:
        """The service, running; stopped at the end."""
        service = build(self.settings, clock=self.clock, log=self.log_of(), authenticator=KnownCallers(CALLERS))
        log = self.log_of()
        await log.start()
        try:
            async with running(service):
                yield Stage(service=service, log=log, clock=self.clock)
        finally:
            await log.stop()
            await asyncio.sleep(0.2)  # the client closes its sockets a moment later


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """The running service, and the test's own hold on the log."""

    service: Service
    log: Log
    clock: FixedClock

    async def say(self, topic: str, key: str, *records: Record) -> None:
        """Put records on a topic, as its owner would."""
        env = self.service.env
        appender = Appender(log=self.log, codec=env.codec, clock=self.clock, service="test", tracing=Tracing("test"))
        for record in records:
            await appender.append(topic=topic, key=key, record=record)

    async def get(self, caller: str, path: str) -> httpx2.Response:
        """From the service's edge, as this caller."""
        (port,) = self.service.ports.values()
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=20) as http:
            return await http.get(path, headers={"Authorization": f"Bearer {caller}"})

    async def post(self, caller: str, path: str, body: Mapping[str, Any]) -> httpx2.Response:
        """To the service's edge, as this caller."""
        (port,) = self.service.ports.values()
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=20) as http:
            params = {"tenant": "volt"} if caller == "mallory" else {}
            return await http.post(path, json=body, params=params, headers={"Authorization": f"Bearer {caller}"})

    async def seen(self, topic: str) -> list[Seen]:
        """What stands on a topic."""
        return await read_topic(self.log, self.service.env.codec, topic)


@pytest.fixture(params=["memory", "kafka"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ledger]:
    from network import NOON  # noqa: PLC0415 - beside this file, found once the path above is set

    for name in ("page-token-key", "signed-value-key"):
        (tmp_path / name).write_text("not a secret outside this test")
    clock = FixedClock(NOON)
    if request.param == "memory":
        log = MemoryLog()
        settings = Settings(secrets_dir=tmp_path, log_level="error")
        yield Ledger(settings=settings, log_of=lambda: log, clock=clock)
        return
    lab, lab_paths = request.getfixturevalue("lab"), request.getfixturevalue("lab_paths")
    namespace = f"ledger{secrets.token_hex(4)}"
    asyncio.run(create_topics(lab.kafka, NEEDED, namespace=namespace))
    settings = Settings(
        kafka=lab.kafka,
        registry=lab.registry,
        schema_ids=lab_paths.schema_ids,
        namespace=namespace,
        secrets_dir=tmp_path,
        log_level="error",
    )
    yield Ledger(settings=settings, log_of=lambda: KafkaLog(lab.kafka, namespace=namespace), clock=clock)
    contracts.remove(lab, namespace)
