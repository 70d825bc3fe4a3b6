"""Pings to sockets that are quiet, and an end to those that do not answer: one task for all of them."""

import asyncio
import time
from collections.abc import Callable, Iterable

from charger_gateway.adapters.ocpp.sockets import StationSocket

_LOOKS_PER_INTERVAL = 10


class Keepalive:
    """Whatever comes from a station counts as alive (OCPP 2.0.1 G02.FR.04): only the quiet ones are asked."""

    def __init__(self, sockets: Callable[[], Iterable[StationSocket]], *, interval_s: float, timeout_s: float) -> None:
        self._sockets = sockets
        self._interval_s = interval_s
        self._timeout_s = timeout_s

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await asyncio.sleep(self._interval_s / _LOOKS_PER_INTERVAL)
            now = time.monotonic()
            for socket in tuple(self._sockets()):
                self._look(socket, now)

    def _look(self, socket: StationSocket, now: float) -> None:
        if socket.waits or not socket.is_open:
            return
        if socket.pinged_at is not None and socket.heard_at >= socket.pinged_at:
            socket.pinged_at = None
        if socket.pinged_at is None:
            if now - socket.heard_at > self._interval_s:
                socket.pinged_at = now
                socket.ping()
        elif now - socket.pinged_at > self._timeout_s:
            socket.time_out()
