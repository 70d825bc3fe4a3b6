"""A gateway's sockets on a log in memory: real WebSockets on loopback, everything else in this process."""

import asyncio
import contextlib
import hashlib
import hmac
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from charger_gateway.adapters.cost_line import PricesAtEnd
from charger_gateway.adapters.directory import Displays
from charger_gateway.adapters.frame_blocks import FRAMES, FrameBlocks, FrameCipher
from charger_gateway.adapters.journal import LogJournal
from charger_gateway.adapters.ocpp.desk_line import DeskLine
from charger_gateway.adapters.ocpp.dialects import Interpreter
from charger_gateway.adapters.ocpp.limits import Limits
from charger_gateway.adapters.ocpp.server import Address, OcppServer
from charger_gateway.adapters.seal import DeskSeal
from charger_gateway.domain.ids import token_key
from charger_gateway.domain.presence import Presence
from charger_gateway.domain.station import TokenVerdict
from charger_gateway.pace import Pace
from charger_gateway.ports import KnownStation, StationShape
from chassis.clock import SystemClock
from chassis.codec import Codec
from chassis.log import Appended, MemoryLog, TopicPartition
from chassis.log.appender import Appender
from chassis.log.reading import read_to_end
from chassis.telemetry import Tracing
from ev_contracts.catalogue import RECORDS, TOPICS
from ev_contracts.gateway import CommandRequested, ResetStation
from ev_contracts.record import Record

from .seeding import CARD, CREDENTIAL_KEY, SECRET, STATIONS, TOKEN_KEY  # noqa: TID252 - no installed package
from .whole import Whole, running_whole  # noqa: TID252 - as above

DEADLINE_S = 10.0
CLEAR = Address(host="127.0.0.1", port=0)


# ruff: noqa: ARG002 - a twin keeps the port's signatures
class OneOperator:
    """Stations NLVOLT0001 to 0003 of tenant volt; the card 04A2B3C4 may charge."""

    def station(self, station_id: str) -> KnownStation | None:
        if station_id not in STATIONS:
            return None
        digest = hmac.digest(CREDENTIAL_KEY, SECRET.encode(), hashlib.sha256)
        return KnownStation(station_id=station_id, tenant="volt", secret_hmac=digest)

    def shape(self, tenant: str, station_id: str) -> StationShape:
        return StationShape(cpo_party_id="NL-VLT", connectors=((1, 1), (2, 1)))

    def judge(self, uid_hmac: str, *, cpo_party_id: str | None, at: datetime) -> TokenVerdict:
        if uid_hmac == token_key(CARD, TOKEN_KEY):
            return TokenVerdict(status="Accepted", token_ref="tok-1")
        return TokenVerdict(status="Invalid")


class GatedJournal:
    """A journal whose appends wait while its gate is shut, as with a broker that is away."""

    def __init__(self, inner: LogJournal) -> None:
        self._inner = inner
        self.gate = asyncio.Event()
        self.gate.set()

    def append(self, topic: str, key: str, record: Record) -> "asyncio.Future[Appended]":
        return asyncio.ensure_future(self._append_behind(topic, key, record))

    async def _append_behind(self, topic: str, key: str, record: Record) -> Appended:
        await self.gate.wait()
        return await self._inner.append(topic, key, record)

    def note(self, topic: str, key: str, record: Record) -> None:
        self._inner.note(topic, key, record)


@dataclass
class Gateway:
    """The sockets and what can be asked of them."""

    log: MemoryLog
    codec: Codec
    server: OcppServer
    blocks: FrameBlocks
    cipher: FrameCipher
    gate: asyncio.Event
    tasks: list["asyncio.Task[Any]"] = field(default_factory=list)

    def url(self, station_id: str) -> str:
        return f"ws://127.0.0.1:{self.server.port}/ocpp/{station_id}"

    async def records(self, topic: str) -> list[Any]:
        """Everything on the topic by now, partition by partition."""
        found = []
        for number in range(await self.log.partitions(topic)):
            async for batch in read_to_end(self.log, TopicPartition(topic, number)):
                found += [self.codec.decode(topic, one.value, dict(one.headers)) for one in batch]
        return found

    async def wait_for(self, topic: str, kind: type, number: int = 1) -> list[Any]:
        """The topic's records of a kind, once there are so many."""
        async with asyncio.timeout(DEADLINE_S):
            while len(found := [one for one in await self.records(topic) if isinstance(one, kind)]) < number:  # noqa: ASYNC110 - the log tells nobody
                await asyncio.sleep(0.02)
        return found

    async def frames(self) -> list[bytes]:
        """All kept frames in clear."""
        self.blocks.flush()
        async with asyncio.timeout(DEADLINE_S):
            while not (blocks := await self.records(FRAMES)):  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.02)
        return [one.raw for block in blocks for one in self.cipher.open(block) if one.raw is not None]


@contextlib.asynccontextmanager
async def running(limits: Limits, address: Address = CLEAR) -> AsyncIterator[Gateway]:
    """A gateway that serves while inside."""
    log, clock, directory = MemoryLog(), SystemClock(), OneOperator()
    codec = Codec(records=RECORDS, topics=TOPICS)
    tracing = Tracing("charger-gateway")
    journal = LogJournal(Appender(log=log, codec=codec, clock=clock, service="charger-gateway", tracing=tracing))
    gated = GatedJournal(journal)
    cipher = FrameCipher(b"f" * 32)
    blocks = FrameBlocks(replica_id="gw-1", cipher=cipher, journal=journal)
    server = OcppServer(
        replica_id="gw-1",
        address=address,
        limits=limits,
        credential_key=CREDENTIAL_KEY,
        clock=clock,
        directory=directory,
        interpreter=Interpreter(
            directory=directory, token_key=TOKEN_KEY, number_key=b"n" * 32, heartbeat_interval_s=300
        ),
        journal=gated,
        frames=blocks,
        costs=PricesAtEnd(Displays(), wait_s=0.0),
        presence=Presence(),
    )
    gateway = Gateway(log=log, codec=codec, server=server, blocks=blocks, cipher=cipher, gate=gated.gate)
    gateway.tasks = [asyncio.create_task(journal.run()), asyncio.create_task(blocks.run())]
    try:
        async with server.listening():
            yield gateway
    finally:
        for task in gateway.tasks:
            task.cancel()
        await asyncio.gather(*gateway.tasks, return_exceptions=True)


def desk_line(gateway: Gateway) -> DeskLine:
    """What carries the desk's commands to the gateway's sockets."""
    server = gateway.server
    return DeskLine(
        sockets=server,
        journal=server.journal,
        seal=DeskSeal(b"s" * 32),
        clock=server.clock,
        pace=Pace(clock=server.clock),
        metrics=server.interpreter.metrics,
    )


def reset_asked() -> CommandRequested:
    """The reset c-1 of NLVOLT0001, asked now and for a minute."""
    now = datetime.now(UTC)
    reset = ResetStation(
        at=now,
        command_id="c-1",
        station_id="NLVOLT0001",
        requested_by="ops@volt",
        expires_at=now + timedelta(minutes=1),
        hard=True,
    )
    return CommandRequested(
        command_id=reset.command_id,
        station_id=reset.station_id,
        action="ResetStation",
        requested_by=reset.requested_by,
        requested_at=now,
        expires_at=reset.expires_at,
        reset_station=reset,
    )


QUICK = Limits(probe_timeout_s=0.3, log_timeout_s=0.5, drain_timeout_s=3, give_way_s=60)


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    """A gateway with short time-outs."""
    async with running(QUICK) as one:
        yield one


@pytest.fixture
async def slow_gateway() -> AsyncIterator[Gateway]:
    """A gateway that hears two messages at once and twenty a second."""
    async with running(replace(QUICK, messages_per_s=20.0, messages_burst=2)) as one:
        yield one


@pytest.fixture
async def full_gateway() -> AsyncIterator[Gateway]:
    """A gateway that takes a single socket."""
    async with running(replace(QUICK, most_connections=1)) as one:
        yield one


@pytest.fixture
async def whole(tmp_path: Path) -> AsyncIterator[Whole]:
    """A service that waits for stations' answers."""
    async with running_whole(tmp_path / "secrets", wait_s=30.0) as one:
        yield one


@pytest.fixture
async def quick(tmp_path: Path) -> AsyncIterator[Whole]:
    """A service that answers its callers at once, with a link."""
    async with running_whole(tmp_path / "secrets", wait_s=0.0) as one:
        yield one


@pytest.fixture
async def strict_gateway() -> AsyncIterator[Gateway]:
    """A gateway that soon loses patience with those who guess."""
    async with running(replace(QUICK, wrong_credentials_per_minute=3, wrong_credentials_per_peer=5)) as one:
        yield one


@pytest.fixture
async def stormy_gateway() -> AsyncIterator[Gateway]:
    """A gateway that lets two in, and then one in ten seconds."""
    async with running(replace(QUICK, handshakes_per_s=0.1, handshakes_burst=2)) as one:
        yield one
