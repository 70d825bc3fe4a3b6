"""roaming as a black box: its log, its HTTP edge on a free port, a partner on another, a vault of one token."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import uvicorn
from fastapi import FastAPI
from samples import NOON, SITE, STATION, TARIFF, VOLT

from chassis.auth import Principal
from chassis.clock import FixedClock
from chassis.log import Appender, Log
from chassis.runner import Service
from chassis.telemetry import Tracing
from chassis.testing import KnownCallers, Seen, eventually, read_topic, running
from ev_actors.partner import Partner
from ev_actors.partner import create_app as create_partner_app
from ev_contracts.pricing import TariffSnapshot
from ev_contracts.record import Record
from roaming.app import build
from roaming.domain.cdr_json import CdrToken
from roaming.ports import TokenUnknownError
from roaming.settings import Settings

CALLERS = {
    "carla": Principal(subject="carla", roles=frozenset({"cpo"}), tenants=frozenset({"volt"}), party_id="NL-VLT"),
    "mila": Principal(subject="mila", roles=frozenset({"emsp"}), tenants=frozenset({"emo"}), party_id="NL-EMO"),
    "other": Principal(subject="other", roles=frozenset({"cpo"}), tenants=frozenset({"xyz"}), party_id="NL-XYZ"),
}
CARLA = {"Authorization": "Bearer carla"}
INVITATION = {"party_id": "NL-EMO", "our_party_id": "NL-VLT", "allowed_hosts": ["127.0.0.1"]}


class OneToken:
    """A vault that knows the token of the samples."""

    async def token(self, token_ref: str) -> CdrToken:
        if token_ref != "token-1":
            raise TokenUnknownError
        return CdrToken(uid="04A1B2C3", type="RFID", contract_id="NL-EMO-C00000001-1")


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
    return port


@contextlib.asynccontextmanager
async def serving(app: FastAPI, port: int) -> AsyncIterator[None]:
    """The app on that port, until the block ends."""
    server = _Server(uvicorn.Config(app, port=port, log_config=None, lifespan="off"))
    task = asyncio.create_task(server.serve())
    try:
        await eventually(lambda: server.started)
        yield
    finally:
        server.should_exit = True
        await task


class _Server(uvicorn.Server):
    """The test ends it, no signal."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What a test holds in its hands."""

    log: Log
    service: Service
    clock: FixedClock
    partner: Partner
    http: httpx2.AsyncClient
    url: str

    async def say(self, topic: str, key: str, record: Record) -> None:
        """Put a record on a topic, as its owner would."""
        env = self.service.env
        appender = Appender(log=self.log, codec=env.codec, clock=self.clock, service="test", tracing=Tracing("test"))
        await appender.append(topic=topic, key=key, record=record)

    async def seen(self, topic: str) -> list[Seen]:
        """What stands on a topic."""
        return await read_topic(self.log, self.service.env.codec, topic)

    async def know_the_network(self) -> None:
        """The operator, its site, its station and its tariff."""
        await self.say("assets.party.snapshot.v1", "_/NL-VLT", VOLT)
        await self.say("assets.site.snapshot.v1", "volt/utrecht-1", SITE)
        await self.say("assets.station.snapshot.v1", "volt/VLT-0001", STATION)
        tariff = TariffSnapshot(tariff=TARIFF, name="Day")
        await self.say("pricing.tariff.snapshot.v1", "volt/day@3", tariff)
        for part in self.service.parts:
            for table in getattr(part, "tables", ()):
                await table.refreshed()

    async def invite(self, **changes: object) -> str:
        """Token A of a new invitation."""
        answer = await self.http.post(f"{self.url}/v1/partners", json={**INVITATION, **changes}, headers=CARLA)
        assert answer.status_code == 201, answer.text
        token: str = answer.json()["token_a"]
        return token

    async def register(self) -> None:
        """The whole handshake, from invitation to token C."""
        await self.partner.register(self.http, f"{self.url}/ocpi/versions", await self.invite())


@contextlib.asynccontextmanager
async def on_stage(
    log: Log, secrets: Path, settings: Settings | None = None, *, test_log: Log | None = None
) -> AsyncIterator[Stage]:
    """roaming, running on `log`; the partner does not answer before a test lets it (`serving`)."""
    for name in ("roaming-token-key", "page-token-key"):
        (secrets / name).write_text("not a secret outside this test")
    port = free_port()
    base = settings or Settings()
    changes = {"http_port": port, "secrets_dir": secrets, "roaming_allow_loopback": True, "log_level": "error"}
    clock = FixedClock(NOON)
    service = build(
        base.model_copy(update=changes), clock=clock, log=log, authenticator=KnownCallers(CALLERS), vault=OneToken()
    )
    partner = Partner(url=f"http://127.0.0.1:{free_port()}", country_code="NL", party_id="EMO")
    async with running(service), httpx2.AsyncClient(timeout=20, trust_env=False) as http:
        yield Stage(
            log=test_log or log, service=service, clock=clock, partner=partner, http=http, url=f"http://127.0.0.1:{port}"
        )  # fmt: skip


def partner_app(partner: Partner) -> FastAPI:
    """The partner's side."""
    return create_partner_app(partner)


def port_of(partner: Partner) -> int:
    """Where the partner is to listen."""
    return int(partner.url.rsplit(":", 1)[1])
