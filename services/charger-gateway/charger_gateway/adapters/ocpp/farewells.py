"""A socket for which there is no place: it is told when to come again, unread, and closed so that it can hear it."""

import asyncio
import contextlib
import secrets
import socket
from dataclasses import dataclass
from http import HTTPStatus

from charger_gateway.adapters.ocpp.unawaited import Unawaited

_SOONEST_S, _SPREAD_S = 5, 16
_AT_ONCE_BYTES = 2048
_MOST_READ_BYTES = 16_384
_TEXT = b"try later\n"


def come_again_s() -> int:
    """For a Retry-After: not the same for all, or they would all come back together."""
    return _SOONEST_S + secrets.randbelow(_SPREAD_S)


def _answer(status: HTTPStatus) -> bytes:
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}",
        f"Retry-After: {come_again_s()}",
        "Connection: close",
        "Content-Type: text/plain",
        f"Content-Length: {len(_TEXT)}",
    )
    return "\r\n".join(head).encode() + b"\r\n\r\n" + _TEXT


@dataclass(slots=True, kw_only=True)
class Farewells:
    """Those who are being told; `most` at once, each for `timeout_s` at most and of 16 KiB that nobody looks at.

    Beyond `most` a socket is told blindly and closed: its answer arrives as a rule, where a reset does not overtake it.
    """

    most: int
    timeout_s: float
    told: Unawaited

    def begin(self, accepted: socket.socket, status: HTTPStatus) -> None:
        """Takes the socket over, which does not block."""
        if len(self.told) >= self.most:
            with contextlib.closing(accepted), contextlib.suppress(OSError):
                accepted.send(_answer(status))
            return
        self.told.start(self._tell(accepted, status))

    async def close(self) -> None:
        """Cut those who are left."""
        await self.told.cancel()

    async def _tell(self, accepted: socket.socket, status: HTTPStatus) -> None:
        with contextlib.closing(accepted), contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(self.timeout_s):
                await self._say(accepted, status)

    async def _say(self, accepted: socket.socket, status: HTTPStatus) -> None:
        loop = asyncio.get_running_loop()
        # An answer before the question is none to some HTTP clients, so the first bytes are waited for.
        if not await loop.sock_recv(accepted, _AT_ONCE_BYTES):
            return
        await loop.sock_sendall(accepted, _answer(status))
        accepted.shutdown(socket.SHUT_WR)
        # With bytes unread a close is a reset, which may overtake the answer.
        left = _MOST_READ_BYTES
        while left > 0 and (more := await loop.sock_recv(accepted, _AT_ONCE_BYTES)):
            left -= len(more)
