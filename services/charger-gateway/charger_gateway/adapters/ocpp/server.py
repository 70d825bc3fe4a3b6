"""The WebSocket server of both OCPP generations, and the sockets of this process by station."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine, Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus

import structlog
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import NegotiationError
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from charger_gateway.adapters.ocpp.admission import Rejected, admit, identity_in
from charger_gateway.adapters.ocpp.connection import CLOSE_GOING_AWAY, CLOSE_TRY_LATER, Connection
from charger_gateway.adapters.ocpp.dialects import SUBPROTOCOLS, Interpreter
from charger_gateway.adapters.ocpp.frames import MAX_FRAME_BYTES
from charger_gateway.adapters.ocpp.pacing import MessagePace, WrongCredentials
from charger_gateway.adapters.ocpp.stalls import WatchedJournal
from charger_gateway.ports import Directory, FrameKeeper, Journal, JournalUnavailable, KnownStation
from chassis.clock import Clock
from ev_contracts.gateway import ConnectionDisplaced, StationConnected, StationDisconnected

CONNECTIONS = "gateway.connection.event.v1"

log = structlog.get_logger("charger_gateway.server")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds of what strangers and stations may take."""

    most_connections: int = 20_000
    inbound_queue: int = 32
    handshake_timeout_s: float = 10.0
    probe_timeout_s: float = 5.0
    log_timeout_s: float = 5.0
    ping_interval_s: float = 30.0
    ping_timeout_s: float = 30.0
    drain_timeout_s: float = 10.0
    wrong_credentials_per_minute: int = 10
    messages_per_s: float = 200.0
    """What one station may say, sustained; above it its socket is read more slowly."""
    messages_burst: int = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where stations connect."""

    host: str
    port: int
    path: str = "/ocpp"


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
    ) -> None:
        self.replica_id = replica_id
        self.clock = clock
        self.directory = directory
        self.interpreter = interpreter
        self.journal = WatchedJournal(journal)
        self.frames = frames
        self.port = address.port
        self._address = address
        self._limits = limits
        self._credential_key = credential_key
        self._connections: dict[str, Connection] = {}
        self._ending: set[asyncio.Task[None]] = set()
        self._wrong = WrongCredentials(most=limits.wrong_credentials_per_minute)
        self._draining = False
        self.listens = False
        """Whether stations can connect."""

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
            self._soon(held.close(CLOSE_GOING_AWAY, "displaced"))

    def declared_lost(self, station_id: str, *, epoch: int) -> None:
        """Others took this process for dead: its station must come again under a new epoch."""
        held = self._connections.get(station_id)
        if held is not None and 0 <= held.epoch <= epoch:
            self._soon(held.close(CLOSE_GOING_AWAY, "gateway-lost"))

    def _soon(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    # Life.

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator[Server]:
        """Serve while inside; on the way out every socket is drained."""
        limits = self._limits
        server = await serve(
            self._handle,
            self._address.host,
            self._address.port,
            process_request=self._process_request,
            select_subprotocol=_by_the_stations_order,
            extensions=[_DEFLATE],
            compression=None,
            max_size=MAX_FRAME_BYTES,
            max_queue=limits.inbound_queue,
            open_timeout=limits.handshake_timeout_s,
            ping_interval=limits.ping_interval_s,
            ping_timeout=limits.ping_timeout_s,
            close_timeout=2,
            backlog=1024,
            server_header="ev-assets-manager",
        )
        self.port = server.sockets[0].getsockname()[1]
        self.listens = True
        log.info("ocpp.listening", host=self._address.host, port=self.port)
        watch = asyncio.create_task(self._close_stalled())
        try:
            yield server
        finally:
            watch.cancel()
            await self._drain(server)

    async def run(self) -> None:
        """Serve until cancelled."""
        async with self.listening():
            await asyncio.get_running_loop().create_future()

    async def _drain(self, server: Server) -> None:
        self._draining = True
        self.listens = False
        server.close(close_connections=False)
        closing = [one.close(CLOSE_GOING_AWAY, "draining") for one in self.connections()]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._limits.drain_timeout_s):
                await asyncio.gather(*closing)
                await server.wait_closed()
        log.info("ocpp.drained", left=len(self._connections))

    async def _close_stalled(self) -> None:
        """The log answers nobody: close, so that stations queue; an error answer would burn their retries."""
        while True:
            await asyncio.sleep(self._limits.log_timeout_s / 10)
            stalled = [
                one
                for one in self.connections()
                if one.stalled_s() > self._limits.log_timeout_s and one.close_reason == "closed"
            ]
            if stalled:
                log.warning("log.unavailable", sockets=len(stalled))
                await asyncio.gather(*(one.close(CLOSE_TRY_LATER, "log-unavailable") for one in stalled))

    # Handshake.

    async def _process_request(self, socket: ServerConnection, request: Request) -> Response | None:
        full = len(self._connections) >= self._limits.most_connections
        if self._draining or full or self.journal.stalled_s() > self._limits.log_timeout_s:
            return _refusal(socket, Rejected(status=HTTPStatus.SERVICE_UNAVAILABLE, text="try later\n"))
        identity = identity_in(request.path, self._address.path)
        peer = str(socket.remote_address[0])
        if identity is not None and self._wrong.must_wait(peer, identity):
            return _refusal(socket, Rejected(status=HTTPStatus.TOO_MANY_REQUESTS, text="try later\n"))
        authorization = _single(request.headers, "Authorization")
        admitted = admit(identity, authorization, directory=self.directory, credential_key=self._credential_key)
        if isinstance(admitted, Rejected):
            if identity is not None and admitted.status is HTTPStatus.UNAUTHORIZED:
                self._wrong.failed(peer, identity)
            log.warning("station.rejected", status=int(admitted.status), peer=str(socket.remote_address))
            return _refusal(socket, admitted)
        older = self._connections.get(admitted.station_id)
        if older is not None and await older.is_alive(self._limits.probe_timeout_s):
            # Two at once with one credential: the living one keeps its place, or a thief could take it at will.
            log.error("station.doubled", station=admitted.station_id, peer=str(socket.remote_address))
            return _refusal(socket, Rejected(status=HTTPStatus.CONFLICT, text="already connected\n"))
        socket.username = admitted.station_id
        socket.station = admitted  # type: ignore[attr-defined]  # rides to the handler with its socket
        return None

    async def _handle(self, socket: ServerConnection) -> None:
        station: KnownStation = socket.station  # type: ignore[attr-defined]  # set while it was admitted
        version = SUBPROTOCOLS[str(socket.subprotocol)]
        limits = self._limits
        pace = MessagePace(per_s=limits.messages_per_s, burst=limits.messages_burst)
        connection = Connection(socket, station, version, self, pace)
        key = f"{station.tenant}/{station.station_id}"
        try:
            epoch = await self._connected(connection, key)
        except JournalUnavailable as error:
            log.warning("station.unacknowledged", station=station.station_id, why=str(error))
            await connection.close(CLOSE_TRY_LATER, "log-unavailable")
            return
        older = self._connections.get(station.station_id)
        self._connections[station.station_id] = connection
        if older is not None:
            await self._displace(older, connection, key)
        try:
            await connection.serve(epoch)
        finally:
            if self._connections.get(station.station_id) is connection:
                del self._connections[station.station_id]
            await self._disconnected(connection, key)

    async def _connected(self, connection: Connection, key: str) -> int:
        record = StationConnected(
            station_id=connection.station.station_id,
            replica_id=self.replica_id,
            connection_id=connection.connection_id,
            ocpp_version=connection.version,
            connected_at=self.clock.now(),
        )
        appending = asyncio.create_task(self.journal.append(CONNECTIONS, key, record))
        done, _ = await asyncio.wait({appending}, timeout=self._limits.log_timeout_s)
        if not done:
            # The record may still come to stand: then its connection, which never was, must end on the log too.
            self._soon(self._disown(connection, key, appending))
            raise JournalUnavailable("no answer in time")
        return appending.result()

    async def _disown(self, connection: Connection, key: str, appending: "asyncio.Task[int]") -> None:
        try:
            connection.epoch = await appending
        except JournalUnavailable:
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
            await self._append(key, record)
        except JournalUnavailable:
            # The log is down, and with it the socket went; a newer epoch or the monitor will say it.
            log.warning("disconnect.unrecorded", station=connection.station.station_id)

    async def _append(self, key: str, record: StationConnected | StationDisconnected) -> int:
        try:
            async with asyncio.timeout(self._limits.log_timeout_s):
                return await self.journal.append(CONNECTIONS, key, record)
        except TimeoutError as error:
            raise JournalUnavailable from error


# 2.x asks for RFC 7692 (part 4, 3.4); without takeover a quiet socket holds no window.
_DEFLATE = ServerPerMessageDeflateFactory(
    server_no_context_takeover=True,
    client_no_context_takeover=True,
    server_max_window_bits=12,
    client_max_window_bits=12,
    compress_settings={"memLevel": 5},
)


def _by_the_stations_order(_socket: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol:
    """The first that the station offers and we speak; none in common means no upgrade (OCTT TC_B_58)."""
    for subprotocol in offered:
        if subprotocol in SUBPROTOCOLS:
            return subprotocol
    raise NegotiationError("no common subprotocol")


def _single(headers: Headers, name: str) -> str | None:
    values = headers.get_all(name)
    return values[0] if len(values) == 1 else None


def _refusal(socket: ServerConnection, rejected: Rejected) -> Response:
    response = socket.respond(rejected.status, rejected.text)
    if rejected.status is HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = 'Basic realm="ocpp"'
    if rejected.status in {HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS}:
        response.headers["Retry-After"] = "10"
    return response
