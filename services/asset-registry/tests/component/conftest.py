"""The registry as its callers and the log see it: a process of its own on the real log, in a namespace of its own."""

import asyncio
import secrets
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from chassis.runner import wire
from chassis.settings import BaseServiceSettings
from chassis.testing import Seen, read_topic
from ev_contract_tools.topics import create_topics
from ev_contracts.catalogue import RECORDS, TOPICS
from ev_lab import contracts, ports
from ev_lab.endpoints import Endpoints
from ev_lab.paths import LabPaths
from ev_lab.services import Fleet

sys.path.insert(0, str(Path(__file__).parent.parent))  # samples stand beside the folders of tests


SERVICE = "asset-registry"
READS = {
    name: topic
    for name, topic in TOPICS.items()
    if topic.owner == SERVICE or any(consumer.service == SERVICE for consumer in topic.consumers)
}


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The running service, and the ways to look at it from outside."""

    fleet: Fleet
    lab: Endpoints
    ids: Path

    def client(self) -> httpx2.AsyncClient:
        """Speaks to the service's HTTP edge."""
        return httpx2.AsyncClient(base_url=self.fleet.url(SERVICE), timeout=20)

    def bearer(self, user: str) -> dict[str, str]:
        """The header of a demo user."""
        form = {"grant_type": "password", "username": user}
        answer = httpx2.post(f"{self.fleet.url('issuer')}/token", data=form).raise_for_status()
        return {"Authorization": f"Bearer {answer.json()['access_token']}"}

    async def topic(self, name: str) -> list[Seen]:
        """Everything committed on a topic."""
        settings = BaseServiceSettings(kafka=self.lab.kafka, schema_ids=self.ids, namespace=self.fleet.namespace)
        wiring = wire("test", settings, records=RECORDS, topics=TOPICS)
        await wiring.env.log.start()
        try:
            return await read_topic(wiring.env.log, wiring.env.codec, name)
        finally:
            await wiring.env.log.stop()

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
    fleet.start(["issuer", SERVICE])
    yield World(fleet=fleet, lab=lab, ids=lab_paths.schema_ids)
    fleet.stop()
    ports.forget(lab_paths.ports, f"{namespace}.")
    contracts.remove(lab, namespace)
    shutil.rmtree(lab_paths.of(f"data/{namespace}"), ignore_errors=True)
