"""billing on the lab's real log, in a namespace of its own with only the topics it needs."""

import asyncio
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient

from billing.settings import Settings
from ev_contract_tools.topics import create_topics
from ev_contracts.catalogue import TOPICS
from ev_lab.endpoints import Endpoints
from ev_lab.paths import LabPaths

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent / "unit")]

NEEDED = {
    name: topic
    for name, topic in TOPICS.items()
    if topic.owner == "billing" or name in {"pricing.rating.event.v1", "assets.party.snapshot.v1"}
}


@pytest.fixture
def settings(lab: Endpoints, lab_paths: LabPaths) -> Iterator[Settings]:
    """Settings of a billing whose topics are new and empty."""
    namespace = f"billing{secrets.token_hex(4)}"
    asyncio.run(create_topics(lab.kafka, NEEDED, namespace=namespace))
    yield Settings(
        kafka=lab.kafka, registry=lab.registry, schema_ids=lab_paths.schema_ids, namespace=namespace,
        secrets_dir=lab_paths.secrets, log_level="error",
    )  # fmt: skip
    asyncio.run(_remove(lab.kafka, namespace))


async def _remove(bootstrap: str, namespace: str) -> None:
    client = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await client.start()
    await client.delete_topics([f"{namespace}.{name}" for name in NEEDED])
    await client.close()
