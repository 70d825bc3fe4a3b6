"""The WebSocket server of both OCPP generations, and the sockets of this process by station."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from functools import partial

import structlog

from charger_gateway.adapters.ocpp.admission import Admissions, Foreign, Proven, UsedCredentials
from charger_gateway.adapters.ocpp.connection import (
    CLOSE_GOING_AWAY,
    CLOSE_POLICY,
    CLOSE_TRY_LATER,
    Connection,
)
from charger_gateway.adapters.ocpp.contests import Contests
from charger_gateway.adapters.ocpp.dialects import Interpreter
from charger_gateway.adapters.ocpp.entrance import Entrance, UnderWay
from charger_gateway.adapters.ocpp.evictions import Evictions
from charger_gateway.adapters.ocpp.handshake import Admitted, Doorkeeper
from charger_gateway.adapters.ocpp.keepalive import Keepalive
from charger_gateway.adapters.ocpp.knocks import Knock, Knocks
from charger_gateway.adapters.ocpp.limits import Limits
from charger_gateway.adapters.ocpp.pacing import MessagePace
from charger_gateway.adapters.ocpp.process import Costs
from charger_gateway.adapters.ocpp.sockets import StationSocket
from charger_gateway.adapters.ocpp.stalls import Stalls
from charger_gateway.adapters.ocpp.unawaited import Unawaited
from charger_gateway.adapters.trust.tls import TlsContext
from charger_gateway.domain.presence import Presence
from charger_gateway.domain.running import RunningTransactions
from charger_gateway.domain.station import STATION_EVENTS
from charger_gateway.ports import Directory, FrameKeeper, Journal
from chassis.clock import Clock, lasting
from chassis.log import Appended, LogError
from ev_contracts.gateway import (
    ConnectionContested,
    ConnectionDisplaced,
    ForeignCertificateRefused,
    StationConnected,
    StationDisconnected,
)

CONNECTIONS = "gateway.connection.event.v1"
_DRAIN_STEP_S = 0.1
_DRAINED_PER_S = 50.0

log = structlog.get_logger("charger_gateway.server")


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where stations connect."""

    host: str
    port: int | None
    """In clear: for networks that are private; None where nobody may come so."""
    path: str = "/ocpp"
    tls_port: int | None = None
    tls: TlsContext | None = None
    organisation: str = ""
    """Of stations' certificates."""


class OcppServer:
    """Holds the sockets; satisfies what connections need of the process."""

    def __init__(
        self,
        *,
        replica_id: str,
        address: Address,
        limits: Limits,
        credential_key: bytes,
        clock: Clock,
        directory: Directory,
        interpreter: Interpreter,
        journal: Journal,
        frames: FrameKeeper,
        costs: Costs,
        presence: Presence,
    ) -> None:
        self.replica_id = replica_id
        self.clock = clock
        self.directory = directory
        self.interpreter = interpreter
        self.journal = journal
        self.stalls = Stalls()
        self.frames, self.costs = frames, costs
        self.running = RunningTransactions()
        self.port = address.port or 0
        self.tls_port = address.tls_port or 0
        self.used = UsedCredentials()
        self._address = address
        self._limits = limits
        self._connections: dict[str, Connection] = {}
        self._ending = Unawaited("ending", interpreter.metrics)
        self._serving = Unawaited("connection", interpreter.metrics)
        self.contests = self._contests(presence)
        self._knocks = Knocks(journal=self.journal, metrics=interpreter.metrics, now=clock.now)
        self._door = self._doorkeeper(credential_key)
        self.evictions = Evictions(self, directory, address.tls, self._ending)
        self._draining = False
        self.listens = False
        """Whether stations can connect."""

    def _contests(self, presence: Presence) -> Contests:
        return Contests(
            replica_id=self.replica_id,
            presence=presence,
            journal=self.journal,
            clock=self.clock,
            probe_timeout_s=self._limits.probe_timeout_s,
        )

    def _doorkeeper(self, credential_key: bytes) -> Doorkeeper:
        admissions = Admissions(
            directory=self.directory,
            credential_key=credential_key,
            now=self.clock.now,
            used=self.used,
            organisation=self._address.organisation,
        )
        return Doorkeeper(
            path=self._address.path,
            limits=self._limits,
            admissions=admissions,
            busy=self._busy,
            late=lambda: self.stalls.longest() > self._limits.give_way_s,
            opened=self._opened,
            knocked=self._knocked,
        )

    # What the rest of the process may ask.

    def connection(self, station_id: str) -> Connection | None:
        """The live connection of a station in this process."""
        return self._connections.get(station_id)

    def connections(self) -> Iterator[Connection]:
        """All live connections; a copy, so that they may close meanwhile."""
        return iter(tuple(self._connections.values()))

    def __len__(self) -> int:
        return len(self._connections)

    def superseded(self, station_id: str, *, epoch: int, connection_id: str) -> None:
        """A newer connection of the station stands on the log: an older one here gives way."""
        held = self._connections.get(station_id)
        if held is not None and 0 <= held.epoch < epoch and held.connection_id != connection_id:
            self._close(held, "displaced")

    def declared_lost(self, station_id: str, *, epoch: int) -> None:
        """Others took this process for dead: its station must come again under a new epoch."""
        held = self._connections.get(station_id)
        if held is not None and 0 <= held.epoch <= epoch:
            self._close(held, "gateway-lost")

    def contested(self, question: ConnectionContested) -> None:
        """Another replica asks whether a station of this one still answers: it says so, or gives way."""
        if question.holder_replica_id == self.replica_id:
            self._ending.start(self._probe(question), station=question.station_id, epoch=question.epoch)

    async def _probe(self, question: ConnectionContested) -> None:
        held = self._connections.get(question.station_id)
        if held is None or held.epoch != question.epoch:
            # Its end may stand nowhere: the log was away when the socket went.
            self.contests.answer(question, stands=False)
            return
        stands = await held.is_alive(self._limits.probe_timeout_s)
        self.contests.answer(question, stands=stands)
        if not stands:
            await held.close(CLOSE_GOING_AWAY, "displaced")

    def _close(self, held: Connection, reason: str) -> None:
        work = held.close(CLOSE_GOING_AWAY, reason)
        self._ending.start(work, station=held.station.station_id, connection_id=held.connection_id)

    # Life.

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator[list[asyncio.Task[None]]]:
        """Serve while inside, beside tasks that never end; on the way out every socket is drained."""
        entrances = self._listen()
        self.listens = True
        log.info("ocpp.listening", host=self._address.host, port=self.port, tls_port=self.tls_port)
        keepalive = Keepalive(
            lambda: (one.socket for one in self._connections.values()),
            interval_s=self._limits.ping_interval_s,
            timeout_s=self._limits.ping_timeout_s,
        )
        watched = {"stalled sockets": self._close_stalled, "keepalive": keepalive.run}
        if self._address.tls is not None:
            watched["certificates"] = partial(self._address.tls.run, self.evictions.trust_changed)
        watches = [asyncio.create_task(lasting(name, watch)) for name, watch in watched.items()]
        try:
            yield [*watches, *(one.accepting for one in entrances if one.accepting is not None)]
        finally:
            for watch in watches:
                watch.cancel()
            await self._drain(entrances)

    def _listen(self) -> list[Entrance]:
        address, entrances = self._address, []
        limits = self._limits
        under_way = UnderWay(most=limits.most_handshakes, most_of_a_peer=limits.most_handshakes_of_a_peer)
        metrics = self.interpreter.metrics
        if address.port is not None:
            clear = Entrance(welcome=self._door.protocol, under_way=under_way, limits=limits, metrics=metrics)
            self.port = clear.open(address.host, address.port)
            entrances.append(clear)
        if address.tls_port is not None and address.tls is not None:
            secure = Entrance(
                welcome=self._door.protocol,
                under_way=under_way,
                limits=limits,
                metrics=metrics,
                tls=address.tls,
            )
            self.tls_port = secure.open(address.host, address.tls_port)
            entrances.append(secure)
        return entrances

    async def run(self) -> None:
        """Serve until cancelled; what a task beside it raises ends it."""
        async with self.listening() as watches:
            await asyncio.gather(*watches)

    async def _drain(self, entrances: list[Entrance]) -> None:
        self._draining = True
        self.listens = False
        for entrance in entrances:
            await entrance.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._limits.drain_timeout_s):
                await self._send_away()
                await self._serving.ended()
        log.info("ocpp.drained", left=len(self._connections))

    async def _send_away(self) -> None:
        """A few per cent a second: all at once, they would all come back at once to the replicas that are left."""
        held = list(self.connections())
        per_s = max(_DRAINED_PER_S, len(held) * self._limits.drain_percent_per_s / 100)
        size = max(1, round(per_s * _DRAIN_STEP_S))
        while held:
            now, held = held[:size], held[size:]
            for one in now:
                self._close(one, "draining")
            if held:
                await asyncio.sleep(_DRAIN_STEP_S)

    async def _close_stalled(self) -> None:
        """The log answers nobody: close, so that stations queue; an error answer would burn their retries."""
        while True:
            await asyncio.sleep(self._limits.log_timeout_s / 10)
            stalled = [
                one
                for one in self.connections()
                if self.stalls.of(one.connection_id) > self._limits.log_timeout_s and one.close_reason == "closed"
            ]
            if stalled:
                log.warning("log.unavailable", sockets=len(stalled))
                await asyncio.gather(*(one.close(CLOSE_TRY_LATER, "log-unavailable") for one in stalled))

    # One socket.

    def _busy(self) -> bool:
        full = len(self._connections) >= self._limits.most_connections
        return self._draining or full or self.stalls.longest() > self._limits.log_timeout_s

    def _knocked(self, knock: Knock | Foreign) -> None:
        if isinstance(knock, Knock):
            self._knocks.heard(knock)
            return
        station = knock.station
        refused = ForeignCertificateRefused(
            station_id=station.station_id,
            certificate_name=knock.certificate_name,
            why=knock.why,
            refused_at=self.clock.now(),
        )
        # Whoever knocks must not make the log wait: this may be lost while the log is down.
        self.journal.note(STATION_EVENTS, f"{station.tenant}/{station.station_id}", refused)

    def _opened(self, socket: StationSocket, admitted: Admitted) -> None:
        limits = self._limits
        pace = MessagePace(per_s=limits.messages_per_s, burst=limits.messages_burst)
        connection = Connection(socket, admitted.proven, admitted.version, self, pace)
        work = self._handle(connection, admitted)
        self._serving.start(work, station=connection.station.station_id, connection_id=connection.connection_id)

    async def _handle(self, connection: Connection, admitted: Admitted) -> None:
        station = connection.station
        key = f"{station.tenant}/{station.station_id}"
        if await self._is_taken(station.station_id, key):
            # Two at once with one credential: the living one keeps its place, or a thief could take it at will.
            log.error("station.doubled", station=station.station_id, peer=admitted.peer)
            await connection.close(CLOSE_POLICY, "already connected")
            return
        try:
            epoch = await self._connected(connection, key, admitted.proven)
        except LogError as error:
            log.warning("station.unacknowledged", station=station.station_id, why=str(error))
            await connection.close(CLOSE_TRY_LATER, "log-unavailable")
            return
        await self._serve(connection, epoch, key)

    async def _is_taken(self, station_id: str, key: str) -> bool:
        """Whether the station answers on a connection that stands, at whichever replica."""
        older = self._connections.get(station_id)
        if older is None:
            return await self.contests.is_upheld(key, station_id)
        return await older.is_alive(self._limits.probe_timeout_s)

    async def _serve(self, connection: Connection, epoch: int, key: str) -> None:
        station_id = connection.station.station_id
        older = self._connections.get(station_id)
        self._connections[station_id] = connection
        if older is not None:
            await self._displace(older, connection, key)
        self.evictions.look_at(connection)
        try:
            await connection.serve(epoch)
        finally:
            if self._connections.get(station_id) is connection:
                del self._connections[station_id]
            await connection.close(CLOSE_GOING_AWAY, connection.close_reason)
            await self._disconnected(connection, key)

    async def _connected(self, connection: Connection, key: str, proven: Proven) -> int:
        record = StationConnected(
            station_id=connection.station.station_id,
            replica_id=self.replica_id,
            connection_id=connection.connection_id,
            ocpp_version=connection.version,
            connected_at=self.clock.now(),
            security_profile=proven.profile,
            credential_version=proven.credential_version,
        )
        appending = self._appended(connection, key, record)
        done, _ = await asyncio.wait({appending}, timeout=self._limits.log_timeout_s)
        if not done:
            # The record may still come to stand: then its connection, which never was, must end on the log too.
            work = self._disown(connection, key, appending)
            self._ending.start(work, station=record.station_id, connection_id=connection.connection_id)
            raise LogError("no answer in time")
        return appending.result().offset

    async def _disown(self, connection: Connection, key: str, appending: "asyncio.Future[Appended]") -> None:
        try:
            connection.epoch = (await appending).offset
        except LogError:
            return
        connection.close_reason = "log-unavailable"
        await self._disconnected(connection, key)

    async def _displace(self, older: Connection, newer: Connection, key: str) -> None:
        log.warning("station.displaced", station=older.station.station_id, old_epoch=older.epoch)
        self.journal.note(
            CONNECTIONS,
            key,
            ConnectionDisplaced(
                station_id=older.station.station_id,
                old_epoch=older.epoch,
                connection_id=newer.connection_id,
                displaced_at=self.clock.now(),
            ),
        )
        await older.close(CLOSE_GOING_AWAY, "displaced")

    async def _disconnected(self, connection: Connection, key: str) -> None:
        record = StationDisconnected(
            station_id=connection.station.station_id,
            epoch=connection.epoch,
            connection_id=connection.connection_id,
            reason=connection.close_reason,
            disconnected_at=self.clock.now(),
        )
        try:
            async with asyncio.timeout(self._limits.log_timeout_s):
                await self._appended(connection, key, record)
        except (LogError, TimeoutError):
            # The log is down, and with it the socket went; a newer epoch or the monitor will say it.
            log.warning("disconnect.unrecorded", station=connection.station.station_id)

    def _appended(
        self, connection: Connection, key: str, record: StationConnected | StationDisconnected
    ) -> "asyncio.Future[Appended]":
        self.stalls.begins(connection.connection_id)
        appending = self.journal.append(CONNECTIONS, key, record)
        appending.add_done_callback(lambda _: self.stalls.ends(connection.connection_id))
        return appending
