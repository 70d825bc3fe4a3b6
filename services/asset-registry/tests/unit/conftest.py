"""The whole registry in memory, behind its HTTP door."""

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
import pytest_asyncio

from asset_registry.app import build
from asset_registry.settings import Settings
from chassis.auth import Principal
from chassis.log import MemoryLog
from chassis.testing import KnownCallers, running
from ev_contracts.authority import ACTS

CALLERS = KnownCallers(
    {
        "platform": Principal(subject="pia", roles=frozenset({"platform"})),
        "volt": Principal(subject="vera", roles=frozenset({"cpo"}), tenants=frozenset({"volt"}), party_id="NL-VLT"),
        "ampere": Principal(subject="amin", roles=frozenset({"cpo"}), tenants=frozenset({"ampere"}), party_id="NL-AMP"),
        "dso": Principal(subject="dirk", roles=frozenset({"dso"}), party_id="NL-GRD"),
        **{
            f"only-{role}": Principal(subject=role, roles=frozenset({role}))
            for role in {row.role for rows in ACTS.values() for row in rows}
        },
        "driver": Principal(subject="anna", roles=frozenset({"driver"})),
    }
)

sys.path.insert(0, str(Path(__file__).parent.parent))  # samples stand beside the folders of tests


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    tmp_path = tmp_path_factory.mktemp("secrets")
    for name in ("page-token-key", "station-master-secret", "credential-key"):
        (tmp_path / name).write_text(f"the {name} of a test")
    return Settings(secrets_dir=tmp_path)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def http(settings: Settings) -> AsyncIterator[httpx2.AsyncClient]:
    async with running(build(settings, log=MemoryLog(), authenticator=CALLERS)) as service:
        (port,) = service.ports.values()
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            yield client
