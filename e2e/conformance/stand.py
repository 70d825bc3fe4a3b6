"""One gateway for all cases: the whole service on a log in memory, its command API, and what it wrote of a station."""

import asyncio
import contextlib
import socket
from collections import defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import httpx2

from charger_gateway.app import build
from charger_gateway.settings import Settings
from chassis.auth import Principal
from chassis.clock import SystemClock
from chassis.codec import Codec
from chassis.log import Log, MemoryLog, TopicPartition
from chassis.log.appender import Appender
from chassis.log.reading import read_to_end
from chassis.telemetry import Tracing
from chassis.testing import KnownCallers, eventually, running
from conformance.seeding import OPERATOR, TENANT, seed, station_ids, write_secrets
from conformance.trust import Trust
from conformance.vehicles import Operator, Pool, v2g_authority
from conformance.web import serving
from ev_contracts.assets import CredentialSnapshot
from ev_contracts.catalogue import RECORDS, TOPICS
from ev_contracts.record import Record

OPERATOR_OF_ALL = "operator"
STATIONS = 600
PING_AFTER_S = 1.0
"""How long a station may be silent before it is asked whether it is there."""
_ROLES = frozenset({"cpo", "cpo-engineer"})

R = TypeVar("R")


@dataclass
class Stand:
    """The running gateway. Every case takes a station of its own."""

    log: Log
    codec: Codec
    ocpp_port: int
    http: httpx2.AsyncClient
    free: list[str]
    tls_port: int = 0
    trust: Trust | None = None
    world: "World | None" = None
    home: Path = Path()
    _next: dict[TopicPartition, int] = field(default_factory=dict)
    _reading: asyncio.Lock = field(default_factory=asyncio.Lock)
    _told: dict[tuple[str, str], list[Any]] = field(default_factory=lambda: defaultdict(list))

    def take(self) -> str:
        """The identity of a station that no case had yet."""
        return self.free.pop()

    def url(self, station_id: str) -> str:
        """Where the station connects."""
        return f"ws://127.0.0.1:{self.ocpp_port}/ocpp/{station_id}"

    def secure_url(self, station_id: str) -> str:
        """Where the station connects over TLS."""
        return f"wss://localhost:{self.tls_port}/ocpp/{station_id}"

    @property
    def certificates(self) -> Trust:
        """Those of this stand, which serves TLS."""
        assert self.trust is not None
        return self.trust

    @property
    def operator(self) -> Operator:
        """The mobility operator whose contracts this stand's gateway judges."""
        assert self.world is not None
        return self.world.operator

    @property
    def pool(self) -> Pool:
        """The provisioning service that this stand's gateway asks."""
        assert self.world is not None
        return self.world.pool

    async def registry_says(self, credential: CredentialSnapshot) -> None:
        """The registry changed how a station proves itself."""
        await self.says("assets.credential.snapshot.v1", f"_/{credential.station_id}", credential)

    async def says(self, topic: str, key: str, record: Record) -> None:
        """Another service said something."""
        appender = Appender(
            log=self.log, codec=self.codec, clock=SystemClock(), service="another", tracing=Tracing("another")
        )
        await appender.append(topic=topic, key=key, record=record)

    async def command(self, station_id: str, path: str, body: Any) -> httpx2.Response:
        """Ask the gateway to command a station; `path` follows commands/."""
        return await self.http.post(f"/v1/stations/{station_id}/commands/{path}", json=body, timeout=20)

    async def records_with(self, text: bytes) -> list[str]:
        """The topics in which these bytes stand in clear, by now."""
        found = []
        for topic in TOPICS:
            for number in range(await self.log.partitions(topic)):
                async for batch in read_to_end(self.log, TopicPartition(topic, number), 0):
                    found += [topic for one in batch if text in (one.value or b"") or text in (one.key or b"")]
        return found

    async def facts(self, topic: str, station_id: str, kind: type[R]) -> list[R]:
        """What the topic holds of a kind about the station by now."""
        async with self._reading:
            await self._catch_up(topic)
        return [one for one in self._told[topic, station_id] if isinstance(one, kind)]

    async def _catch_up(self, topic: str) -> None:
        """Reads what came since the last look: so many cases would read a growing topic from its start each time."""
        for number in range(await self.log.partitions(topic)):
            at = TopicPartition(topic, number)
            async for batch in read_to_end(self.log, at, self._next.get(at, 0)):
                self._next[at] = batch[-1].offset + 1
                for fetched in batch:
                    record = self.codec.decode(topic, fetched.value, dict(fetched.headers))
                    self._told[topic, getattr(record, "station_id", "")].append(record)

    async def fact(self, topic: str, station_id: str, kind: type[R], number: int = 1) -> R:
        """The newest of a kind, once there are so many."""

        async def there() -> list[R]:
            found = await self.facts(topic, station_id, kind)
            return found if len(found) >= number else []

        found: list[R] = await eventually(there, what=f"{number} {kind.__name__} of {station_id}")
        return found[-1]


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Whom the gateway asks outside of the platform."""

    operator: Operator
    pool: Pool

    def settings(self, home: Path) -> dict[str, Any]:
        """How the gateway knows of them."""
        roots = home / "contract-roots.pem"
        roots.write_text(self.operator.root.pem, encoding="ascii")
        (home / "secrets" / "provisioning-token").write_text(self.pool.token, encoding="ascii")
        return {
            "contract_roots": str(roots),
            "ocsp_hosts": "127.0.0.1",
            "ocsp_allow_loopback": True,
            "provisioning_url": f"http://127.0.0.1:{self.pool.port}/contracts",
        }


@contextlib.asynccontextmanager
async def outside() -> AsyncIterator[World]:
    """They answer while inside."""
    operator = Operator()
    pool = Pool(operator)
    async with serving(operator.answer) as responder, serving(pool.answer) as pool.port:
        operator.opens(responder)
        yield World(operator=operator, pool=pool)


@contextlib.asynccontextmanager
async def standing(home: Path, stations: tuple[str, ...] = station_ids(STATIONS)) -> AsyncIterator[Stand]:
    """The gateway serves while inside, and knows these stations."""
    log, codec = MemoryLog(), Codec(records=RECORDS, topics=TOPICS)
    await seed(log, codec, stations)
    trust = Trust(home / "trust")
    operator = Principal(subject="operator@octt", roles=_ROLES, tenants=frozenset({TENANT}), party_id=OPERATOR)
    bearer = {"Authorization": f"Bearer {OPERATOR_OF_ALL}"}
    async with outside() as world, httpx2.AsyncClient(headers=bearer) as http:
        settings = _settings(home, trust, world)
        service = build(settings, log=log, authenticator=KnownCallers({OPERATOR_OF_ALL: operator}))
        async with running(service):
            http.base_url = f"http://127.0.0.1:{service.ports[1]}"
            free, tls_port = list(reversed(stations)), settings.ocpp_tls_port or 0
            yield Stand(log, codec, settings.ocpp_port, http, free, tls_port, trust, world, home)


def _settings(home: Path, trust: Trust, world: World) -> Settings:
    secrets = write_secrets(home / "secrets")
    return Settings(
        ocpp_port=free_port(),
        ocpp_tls_port=free_port(),
        tls_rsa_certificate=str(trust.pairs["rsa"]),
        tls_ec_certificate=str(trust.pairs["ec"]),
        tls_station_roots=str(trust.station_root),
        tls_revocations=str(trust.revocations),
        tls_suites="standard",
        station_organisation="Restated",
        v2g_ca_dir=str(v2g_authority(home / "v2g")),
        secrets_dir=secrets,
        command_wait_s=10.0,
        station_ca_dir=str(home / "station-ca"),
        probe_timeout_s=0.5,
        ping_interval_s=PING_AFTER_S,
        cost_display_every_s=0.5,
        log_level="critical",
        **world.settings(home),
    )
