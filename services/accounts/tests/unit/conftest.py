"""The accounts in memory, behind their HTTP door, with the platform's parties known."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest
import pytest_asyncio

from accounts.app import build
from accounts.settings import Settings
from chassis.auth import Principal
from chassis.log import MemoryLog
from chassis.runner import wire
from chassis.testing import KnownCallers, Seen, read_topic, running
from ev_contracts.assets import PartyRole, PartySnapshot
from ev_contracts.authority import ACTS
from ev_contracts.catalogue import RECORDS, TOPICS


def _principal(subject: str, role: str, tenant: str = "", **claims: str) -> Principal:
    tenants = frozenset({tenant}) if tenant else frozenset[str]()
    return Principal(subject=subject, roles=frozenset({role}), tenants=tenants, claims=claims)


def _party(party_id: str, role: PartyRole, tenant: str | None) -> PartySnapshot:
    return PartySnapshot(
        party_id=party_id,
        legal_name=party_id,
        legal_entity_id=party_id,
        country="NL",
        roles=(role,),
        tenant=tenant,
        currency="EUR",
        version=1,
    )


PARTIES = (
    _party("NL-EMO", PartyRole.EMSP, "emo"),
    _party("NL-ZON", PartyRole.EMSP, "zon"),
    _party("NL-VLT", PartyRole.CPO, "volt"),
)


class Callers(KnownCallers):
    """Proven by name; drivers' references are only known once a test has registered them."""

    def __init__(self) -> None:
        self.known = {
            "emo": _principal("ella", "emsp", "emo"),
            "zon": _principal("zeno", "emsp", "zon"),
            "volt": _principal("vera", "cpo", "volt"),
            "service": _principal("roaming", "service"),
            "driver": _principal("anna", "driver"),
            "owner": _principal("olga", "owner"),
            **{f"only-{role}": _principal(role, role) for role in {row.role for rows in ACTS.values() for row in rows}},
        }
        super().__init__(self.known)

    def is_driver(self, driver_ref: str) -> None:
        """From now on the caller `driver` is this one."""
        self.known["driver"] = _principal("anna", "driver", driver_ref=driver_ref)


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The service as its callers and its log see it."""

    http: httpx2.AsyncClient
    callers: Callers
    log: MemoryLog
    settings: Settings
    codec: Any

    async def topic(self, name: str) -> list[Seen]:
        """Everything on a topic."""
        return await read_topic(self.log, self.codec, name)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    home = tmp_path_factory.mktemp("accounts")
    for name in ("page-token-key", "token-key", "vault-master-key"):
        (home / name).write_text(f"the {name} of a test")
    settings = Settings(secrets_dir=home, data_dir=home / "data")
    log, callers = MemoryLog(), Callers()
    wiring = wire("test", settings, records=RECORDS, topics=TOPICS, log=log)
    for party in PARTIES:
        await wiring.appender.append(topic="assets.party.snapshot.v1", key=f"_/{party.party_id}", record=party)
    async with running(build(settings, log=log, authenticator=callers)) as service:
        (port,) = service.ports.values()
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
            yield World(http=http, callers=callers, log=log, settings=settings, codec=wiring.env.codec)
