"""The handshake of one socket: whether this gateway takes it, whose it is, and which OCPP it will speak."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import structlog
from picows import WSAutoPingStrategy, WSUpgradeRequest, WSUpgradeResponse, WSUpgradeResponseWithListener
from picows.picows import WSProtocol  # type: ignore[attr-defined]  # the stub leaves it out

from charger_gateway.adapters.ocpp.admission import Admissions, Foreign, Proof, Proven, Rejected, identity_in
from charger_gateway.adapters.ocpp.deflate import agreed
from charger_gateway.adapters.ocpp.dialects import SUBPROTOCOLS
from charger_gateway.adapters.ocpp.farewells import come_again_s
from charger_gateway.adapters.ocpp.frames import MAX_FRAME_BYTES
from charger_gateway.adapters.ocpp.knocks import Knock
from charger_gateway.adapters.ocpp.limits import Limits
from charger_gateway.adapters.ocpp.pacing import Arrivals, Doorway, WrongCredentials
from charger_gateway.adapters.ocpp.sockets import StationSocket
from charger_gateway.adapters.trust.tls import shown_by

_SERVER = "ev-assets-manager"
_FIRST_BUFFER_BYTES = 2048
_CLOSE_TIMEOUT_S = 2.0
_NOBODY = "?"
_PLACES_WHERE_LATE = 4

log = structlog.get_logger("charger_gateway.handshake")


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """A station whose identity is proven, and the version that it chose."""

    proven: Proven
    version: str
    peer: str


class Doorkeeper:
    """Answers handshakes; `busy` says that none can be taken now, `late` that those who are in wait for answers."""

    def __init__(
        self,
        *,
        path: str,
        limits: Limits,
        admissions: Admissions,
        busy: Callable[[], bool],
        late: Callable[[], bool],
        opened: Callable[[StationSocket, Admitted], None],
        knocked: Callable[[Knock | Foreign], None],
    ) -> None:
        self._path = path
        self._limits = limits
        self._admissions = admissions
        self._busy = busy
        self._late = late
        self._opened = opened
        self._knocked = knocked
        self._doorway = Doorway(per_s=limits.handshakes_per_s, burst=limits.handshakes_burst)
        self._arrivals = Arrivals(most=limits.connections_per_minute)
        self._wrong = WrongCredentials(
            most=limits.wrong_credentials_per_minute, most_per_peer=limits.wrong_credentials_per_peer
        )

    def protocol(self) -> Any:
        """What an accepted TCP connection talks to; for the loop's create_server."""
        door = _Door(self)
        door.protocol = WSProtocol(
            None,
            None,
            False,
            door.answer,
            _quiet,
            True,
            self._limits.handshake_timeout_s,
            False,
            1.0,
            1.0,
            WSAutoPingStrategy.PING_WHEN_IDLE,
            True,
            MAX_FRAME_BYTES,
            None,
            _FIRST_BUFFER_BYTES,
        )
        return door.protocol

    def answer(self, request: WSUpgradeRequest, transport: asyncio.Transport) -> WSUpgradeResponseWithListener:
        """101 with a socket, or a refusal that says no more than its status."""
        peer = str((transport.get_extra_info("peername") or ("local",))[0])
        admitted = self._admitted(request, peer, transport)
        if isinstance(admitted, Rejected):
            return WSUpgradeResponseWithListener(_refusal(admitted), None)
        headers = {"Server": _SERVER, "Sec-WebSocket-Protocol": _subprotocol_of(admitted.version)}
        deflate = agreed(request.headers.getall("Sec-WebSocket-Extensions", ()))
        if deflate is not None:
            headers["Sec-WebSocket-Extensions"] = deflate.answer
        socket = StationSocket(
            deflate=deflate,
            most_bytes=MAX_FRAME_BYTES,
            most_waiting=self._limits.inbound_queue,
            close_timeout_s=_CLOSE_TIMEOUT_S,
            opened=lambda socket: self._opened(socket, admitted),
        )
        return WSUpgradeResponseWithListener(WSUpgradeResponse.create_101_response(headers), socket)

    def _admitted(self, request: WSUpgradeRequest, peer: str, transport: asyncio.Transport) -> Admitted | Rejected:
        identity = identity_in(request.path.decode("ascii", "surrogateescape"), self._path)
        # First, for it costs nothing: who guesses, or comes and goes, must not take the places of those who come back.
        if self._wrong.must_wait(peer, identity or _NOBODY) or self._arrivals.must_wait(identity or _NOBODY):
            return Rejected(status=HTTPStatus.TOO_MANY_REQUESTS, text="try later\n")
        if self._busy() or not self._doorway.take(_PLACES_WHERE_LATE if self._late() else 1):
            return Rejected(status=HTTPStatus.SERVICE_UNAVAILABLE, text="try later\n")
        proof = Proof(
            authorization=_single(request.headers.getall("Authorization", ())),
            secure=transport.get_extra_info("ssl_object") is not None,
            shown=shown_by(transport),
        )
        proven = self._admissions.admit(identity, proof)
        if isinstance(proven, Rejected):
            self._wrong.failed(peer, identity or _NOBODY)
            if proven.foreign is not None:
                self._knocked(proven.foreign)
            log.warning("station.rejected", station=identity, status=int(proven.status), peer=peer)
            if identity is not None and proven.status is HTTPStatus.NOT_FOUND:
                self._knocked(Knock(identity=identity, peer=peer, secure=proof.secure, subprotocols=_offered(request)))
            return proven
        version = next((SUBPROTOCOLS[name] for name in _offered(request) if name in SUBPROTOCOLS), None)
        if version is None:
            return Rejected(status=HTTPStatus.BAD_REQUEST, text="no common subprotocol\n")
        self._arrivals.came(proven.station.station_id)
        return Admitted(proven=proven, version=version, peer=peer)


class _Door:
    """Ties one handshake to its own protocol: only that knows the transport."""

    def __init__(self, keeper: Doorkeeper) -> None:
        self._keeper = keeper
        self.protocol: Any = None

    def answer(self, request: WSUpgradeRequest) -> WSUpgradeResponseWithListener:
        """For picows, once."""
        protocol, self.protocol = self.protocol, None
        return self._keeper.answer(request, protocol.transport.underlying_transport)


class _Quiet:
    """picows tells its life to a logger; ours is told by us."""

    name = "picows"

    def isEnabledFor(self, _level: int) -> bool:  # noqa: N802 - a logger's name
        return False

    def _nothing(self, *_args: Any, **_kwargs: Any) -> None:
        return

    log = debug = info = warning = error = exception = _nothing


_quiet = _Quiet()


def _offered(request: WSUpgradeRequest) -> Sequence[str]:
    """In the station's order: the first that we speak is taken, none in common means no upgrade (OCTT TC_B_58)."""
    headers = request.headers.getall("Sec-WebSocket-Protocol", ())
    return [name.strip() for header in headers for name in header.split(",")]


def _subprotocol_of(version: str) -> str:
    return next(name for name, spoken in SUBPROTOCOLS.items() if spoken == version)


def _single(values: Sequence[str]) -> str | None:
    return values[0] if len(values) == 1 else None


def _refusal(rejected: Rejected) -> WSUpgradeResponse:
    headers = {"Server": _SERVER}
    if rejected.status is HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Basic realm="ocpp"'
    if rejected.status in {HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS}:
        headers["Retry-After"] = str(come_again_s())
    refusal: WSUpgradeResponse = WSUpgradeResponse.create_error_response(
        rejected.status, rejected.text.encode(), headers
    )
    return refusal
