"""Pricing on a log: in memory, and on the lab's real one with topics of its own."""

import asyncio
import contextlib
import secrets
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from chassis.auth import Principal
from chassis.clock import FixedClock
from chassis.log import Appender, KafkaLog, Log, MemoryLog
from chassis.runner import HttpEdge, Service
from chassis.telemetry import Tracing
from chassis.testing import KnownCallers, Seen, read_topic, running
from ev_contract_tools.topics import create_topics
from ev_contracts.catalogue import TOPICS
from ev_contracts.record import Record
from ev_lab import contracts
from pricing.app import build
from pricing.settings import Settings

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "unit")]

NEEDED = {
    name: topic
    for name, topic in TOPICS.items()
    if topic.owner == "pricing" or any(each.service == "pricing" for each in topic.consumers)
}
CALLERS = {
    "carla": Principal(subject="carla", roles=frozenset({"cpo"}), tenants=frozenset({"volt"}), party_id="NL-VLT"),
    "mila": Principal(subject="mila", roles=frozenset({"emsp"}), tenants=frozenset({"emo"}), party_id="NL-EMO"),
    "otto": Principal(subject="otto", roles=frozenset({"owner"}), party_id="NL-OWN"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pricing:
    """What a test holds: the settings and the logs; `run` starts the service, and may do so again."""

    settings: Settings
    log_of: Callable[[], Log]
    clock: FixedClock

    @contextlib.asynccontextmanager
    async def run(self) -> AsyncIterator["Stage"]:
        """The service, running; stopped at the end."""
        callers = KnownCallers(CALLERS)
        service = build(self.settings, clock=self.clock, log=self.log_of(), authenticator=callers)
        log = self.log_of()
        await log.start()
        try:
            async with running(service):
                (port,) = (service.ports[at] for at, part in enumerate(service.parts) if isinstance(part, HttpEdge))
                async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=20) as http:
                    yield Stage(service=service, log=log, clock=self.clock, http=http)
        finally:
            await log.stop()
            await asyncio.sleep(0.2)  # the client closes its sockets a moment later


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """The running service, and the test's own hold on the log and the edge."""

    service: Service
    log: Log
    clock: FixedClock
    http: httpx2.AsyncClient

    async def say(self, topic: str, key: str, *records: Record) -> None:
        """Put records on a topic, as its owner would."""
        env = self.service.env
        appender = Appender(log=self.log, codec=env.codec, clock=self.clock, service="test", tracing=Tracing("test"))
        for record in records:
            await appender.append(topic=topic, key=key, record=record)

    async def seen(self, topic: str) -> list[Seen]:
        """What stands on a topic."""
        return await read_topic(self.log, self.service.env.codec, topic)

    async def post(self, caller: str, path: str, body: object, **headers: str) -> httpx2.Response:
        """As this caller."""
        return await self.http.post(path, json=body, headers={"Authorization": f"Bearer {caller}", **headers})


@pytest.fixture(params=["memory", "kafka"])
def pricing(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Pricing]:
    from priced import at  # noqa: PLC0415 - beside the unit tests, found once the path above is set

    (tmp_path / "page-token-key").write_text("not a secret outside this test")
    clock = FixedClock(at(70))
    if request.param == "memory":
        log = MemoryLog()
        yield Pricing(settings=Settings(secrets_dir=tmp_path, log_level="error"), log_of=lambda: log, clock=clock)
        return
    lab, lab_paths = request.getfixturevalue("lab"), request.getfixturevalue("lab_paths")
    namespace = f"pricing{secrets.token_hex(4)}"
    asyncio.run(create_topics(lab.kafka, NEEDED, namespace=namespace))
    settings = Settings(
        kafka=lab.kafka,
        registry=lab.registry,
        schema_ids=lab_paths.schema_ids,
        namespace=namespace,
        secrets_dir=tmp_path,
        log_level="error",
    )
    yield Pricing(settings=settings, log_of=lambda: KafkaLog(lab.kafka, namespace=namespace), clock=clock)
    contracts.remove(lab, namespace)
