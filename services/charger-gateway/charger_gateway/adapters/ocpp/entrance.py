"""A port that stations knock at: handshakes under way, TLS and HTTP, are bounded for the process and for each peer.

Who opens sockets and says nothing, or begins TLS and goes no further, holds a place until the handshake's deadline.
Beyond the bound a new socket is told when to come again, so that others' handshakes go on. With TLS it is cut: an
answer in HTTP would cost the very handshake for which there is no place.
"""

import asyncio
import contextlib
import socket
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from typing import Any

import structlog

from charger_gateway.adapters.ocpp.farewells import Farewells
from charger_gateway.adapters.ocpp.limits import Limits
from charger_gateway.adapters.ocpp.unawaited import Unawaited
from charger_gateway.adapters.trust.tls import TlsContext
from chassis.clock import lasting
from chassis.telemetry import Metrics

_BACKLOG = 1024
_TLS_FAREWELL_S = 2.0
_OUT_OF_SOCKETS_S = 0.5

log = structlog.get_logger("charger_gateway.entrance")


@dataclass(frozen=True, slots=True, kw_only=True)
class UnderWay:
    """The handshakes that are not finished, over all ports of the process."""

    most: int
    most_of_a_peer: int
    by_peer: Counter[str] = field(default_factory=Counter)

    def refusal(self, peer: str) -> HTTPStatus | None:
        """Why no more of this peer may begin; None where one may."""
        if self.by_peer.total() >= self.most:
            return HTTPStatus.SERVICE_UNAVAILABLE
        return HTTPStatus.TOO_MANY_REQUESTS if self.by_peer[peer] >= self.most_of_a_peer else None

    @contextlib.contextmanager
    def one(self, peer: str) -> Iterator[None]:
        """Holds a place."""
        self.by_peer[peer] += 1
        try:
            yield
        finally:
            self.by_peer[peer] -= 1
            if not self.by_peer[peer]:
                del self.by_peer[peer]


class Entrance:
    """One listening port; `welcome` makes what talks to an accepted socket."""

    def __init__(
        self,
        *,
        welcome: Callable[[], Any],
        under_way: UnderWay,
        limits: Limits,
        metrics: Metrics,
        tls: TlsContext | None = None,
    ) -> None:
        self._welcome = welcome
        self._under_way = under_way
        self._limits = limits
        self._metrics = metrics
        self._tls = tls
        self._farewells = Farewells(
            most=limits.most_farewells, timeout_s=limits.farewell_timeout_s, told=Unawaited("farewell", metrics)
        )
        self._handshakes = Unawaited("handshake", metrics)
        self._socket: socket.socket | None = None
        self.accepting: asyncio.Task[None] | None = None
        """Ends by an error alone, until the entrance is closed."""

    def open(self, host: str, port: int) -> int:
        """Listen; the port. Raises OSError. Whoever opens it must watch `accepting`."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.create_server((host, port), family=family, backlog=_BACKLOG)
        self._socket.setblocking(False)
        self.accepting = asyncio.create_task(lasting("entrance", partial(self._accept, self._socket)))
        return int(self._socket.getsockname()[1])

    async def close(self) -> None:
        """Take nobody any more; handshakes under way end, sockets that are open stay."""
        if self.accepting is not None:
            self.accepting.cancel()
            await asyncio.wait([self.accepting])
        await self._handshakes.cancel()
        await self._farewells.close()
        if self._socket is not None:
            self._socket.close()

    async def _accept(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                accepted, address = await loop.sock_accept(listening)
            except OSError as error:
                # Out of descriptors: those who wait in the backlog are taken once there are some again.
                log.warning("entrance.blocked", why=str(error))
                await asyncio.sleep(_OUT_OF_SOCKETS_S)
                continue
            try:
                self._admit(accepted, str(address[0]))
            except Exception:
                accepted.close()
                raise

    def _admit(self, accepted: socket.socket, peer: str) -> None:
        refusal = self._under_way.refusal(peer)
        if refusal is None:
            self._handshakes.start(self._shake_hands(accepted, peer), peer=peer)
        else:
            self._turn_away(accepted, refusal)

    def _turn_away(self, accepted: socket.socket, refusal: HTTPStatus) -> None:
        if self._tls is None:
            self._metrics.add("handshakes_cut", 1, str(refusal.value))
            self._farewells.begin(accepted, refusal)
            return
        self._metrics.add("handshakes_cut", 1, "tls")
        accepted.close()

    async def _shake_hands(self, accepted: socket.socket, peer: str) -> None:
        timeouts = {}
        if self._tls is not None:
            timeouts = {
                "ssl_handshake_timeout": self._limits.handshake_timeout_s,
                "ssl_shutdown_timeout": _TLS_FAREWELL_S,
            }
        context = None if self._tls is None else self._tls.context
        with self._under_way.one(peer):
            try:
                _, protocol = await asyncio.get_running_loop().connect_accepted_socket(
                    self._welcome, accepted, ssl=context, **timeouts
                )
            except OSError as error:
                log.debug("handshake.failed", peer=peer, why=str(error))
                return
            except Exception:
                accepted.close()
                raise
            # Also done where the peer is refused, leaves or comes to its deadline.
            await protocol.wait_until_handshake_complete()
