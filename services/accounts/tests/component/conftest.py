"""The accounts as their callers and the log see them: processes on the real log, in a namespace of their own."""

import asyncio
import secrets
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from chassis.log import TopicPartition
from chassis.log.reading import read_to_end
from chassis.runner import Wiring, wire
from chassis.settings import BaseServiceSettings
from chassis.testing import Seen, read_topic
from ev_contract_tools.topics import create_topics
from ev_contracts.assets import PartyRole, PartySnapshot
from ev_contracts.catalogue import RECORDS, TOPICS
from ev_lab import contracts, ports
from ev_lab.endpoints import Endpoints
from ev_lab.paths import LabPaths
from ev_lab.services import Fleet

SERVICE = "accounts"
OURS = {name: topic for name, topic in TOPICS.items() if name.startswith("accounts.")}
READS = {**OURS, "assets.party.snapshot.v1": TOPICS["assets.party.snapshot.v1"]}
EMSP = PartySnapshot(
    party_id="NL-EMO",
    legal_name="Emobi B.V.",
    legal_entity_id="NL-KVK-99",
    country="NL",
    roles=(PartyRole.EMSP,),
    tenant="emo",
    currency="EUR",
    version=1,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The running service, and the ways to look at it from outside."""

    fleet: Fleet
    settings: BaseServiceSettings
    data: Path

    def client(self) -> httpx2.AsyncClient:
        """Speaks to the service's HTTP edge."""
        return httpx2.AsyncClient(base_url=self.fleet.url(SERVICE), timeout=20)

    def bearer(self, user: str) -> dict[str, str]:
        """The header of a demo user."""
        form = {"grant_type": "password", "username": user}
        answer = httpx2.post(f"{self.fleet.url('issuer')}/token", data=form).raise_for_status()
        return {"Authorization": f"Bearer {answer.json()['access_token']}"}

    @asynccontextmanager
    async def log(self) -> AsyncIterator[Wiring]:
        """The real log, as another service would use it."""
        wiring = wire("test", self.settings, records=RECORDS, topics=TOPICS)
        await wiring.env.log.start()
        try:
            yield wiring
        finally:
            await wiring.env.log.stop()

    async def topic(self, name: str) -> list[Seen]:
        """Everything committed on a topic."""
        async with self.log() as wiring:
            return await read_topic(wiring.env.log, wiring.env.codec, name)

    async def bytes_said(self) -> bytes:
        """Keys, headers and values of all records on all topics of the service."""
        said = []
        async with self.log() as wiring:
            for name, topic in OURS.items():
                for partition in range(topic.partitions):
                    async for records in read_to_end(wiring.env.log, TopicPartition(name, partition)):
                        said += [repr(each).encode() for each in records]
        return b"\n".join(said)

    def kill(self) -> None:
        """Kill -9, and start again."""
        process: Any = self.fleet.running(SERVICE)
        process.kill()
        process.wait(10)
        self.fleet.start([SERVICE])


@pytest.fixture(scope="module")
def world(lab: Endpoints, lab_paths: LabPaths) -> Iterator[World]:
    namespace = f"t{secrets.token_hex(4)}"
    asyncio.run(create_topics(lab.kafka, READS, namespace=namespace))
    fleet = Fleet(paths=lab_paths, namespace=namespace)
    data = lab_paths.of(f"data/{namespace}")
    settings = BaseServiceSettings(kafka=lab.kafka, schema_ids=lab_paths.schema_ids, namespace=namespace)
    made = World(fleet=fleet, settings=settings, data=data / SERVICE)
    asyncio.run(_know_the_provider(made))
    fleet.start(["issuer", SERVICE])
    yield made
    fleet.stop()
    ports.forget(lab_paths.ports, f"{namespace}.")
    contracts.remove(lab, namespace)
    shutil.rmtree(data)


async def _know_the_provider(world: World) -> None:
    async with world.log() as wiring:
        await wiring.appender.append(topic="assets.party.snapshot.v1", key="_/NL-EMO", record=EMSP)
