"""Makes the samples and the stage importable by name; a namespace on the lab's log with only the topics needed."""

import asyncio
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient

from ev_contract_tools.topics import create_topics
from ev_contracts.catalogue import TOPICS
from ev_lab.endpoints import Endpoints
from ev_lab.paths import LabPaths
from roaming.settings import Settings

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent / "unit")]

NEEDED = {
    name: topic
    for name, topic in TOPICS.items()
    if topic.owner == "roaming"
    or name == "pricing.rating.event.v1"
    or any(consumer.service == "roaming" for consumer in topic.consumers)
}


@pytest.fixture
def settings(lab: Endpoints, lab_paths: LabPaths) -> Iterator[Settings]:
    """Settings of a roaming on the lab's real log, whose topics are new and empty."""
    namespace = f"roaming{secrets.token_hex(4)}"
    asyncio.run(create_topics(lab.kafka, NEEDED, namespace=namespace))
    yield Settings(kafka=lab.kafka, registry=lab.registry, schema_ids=lab_paths.schema_ids, namespace=namespace)
    asyncio.run(_remove(lab.kafka, namespace))


async def _remove(bootstrap: str, namespace: str) -> None:
    client = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await client.start()
    await client.delete_topics([f"{namespace}.{name}" for name in NEEDED])
    await client.close()
