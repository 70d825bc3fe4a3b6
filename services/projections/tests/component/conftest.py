"""The lab's real log and store, in a namespace of the test's own."""

import asyncio
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ev_contract_tools.topics import create_topics
from ev_contracts.catalogue import TOPICS
from ev_lab import contracts
from ev_lab.endpoints import Endpoints
from ev_lab.paths import LabPaths

sys.path[:0] = [str(Path(__file__).parent)]

from real import Real  # noqa: E402 - beside this file, found once the path above is set

NEEDED = {
    name: topic
    for name, topic in TOPICS.items()
    if topic.owner == "projections" or any(each.service == "projections" for each in topic.consumers)
}


@pytest.fixture
def real(lab: Endpoints, lab_paths: LabPaths, tmp_path: Path) -> Iterator[Real]:
    (tmp_path / "page-token-key").write_text("the page token key of a test")
    namespace = f"t{secrets.token_hex(4)}"
    asyncio.run(create_topics(lab.kafka, NEEDED, namespace=namespace))
    yield Real(endpoints=lab, namespace=namespace, folder=tmp_path, schema_ids=lab_paths.schema_ids)
    contracts.remove(lab, namespace)
