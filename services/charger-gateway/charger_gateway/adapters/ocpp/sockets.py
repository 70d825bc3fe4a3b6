"""A station's WebSocket: whole messages in, bounded in size, fragments and number; framing is picows's."""

import asyncio
import itertools
import time
import zlib
from collections import deque
from collections.abc import Callable

from picows import WSCloseCode, WSFrame, WSListener, WSMsgType, WSProtocolError, WSTransport

from charger_gateway.adapters.ocpp.deflate import Deflate, TooBig

MOST_FRAGMENTS = 256
"""More are an attack: empty fragments cost memory and never end."""

_TEXT = WSMsgType.TEXT
_TIMEOUT = 1011
_REASONS = {1002: "protocol", 1007: "protocol", 1009: "protocol", _TIMEOUT: "timeout"}
_LIVE_DATA = frozenset({WSMsgType.TEXT, WSMsgType.BINARY, WSMsgType.CONTINUATION})


class SocketClosed(Exception):
    """There is no socket any more; `reason` is timeout, protocol or closed."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def _nobody() -> None:
    """Nobody serves the socket yet."""


class StationSocket(WSListener):
    """One socket after its handshake; all methods belong to the loop that made it."""

    def __init__(
        self,
        *,
        deflate: Deflate | None,
        most_bytes: int,
        most_waiting: int,
        close_timeout_s: float,
        opened: Callable[["StationSocket"], None],
    ) -> None:
        super().__init__()
        self.heard_at = time.monotonic()
        """When anything last came from the station."""
        self.pinged_at: float | None = None
        self._deflate = deflate
        self._most_bytes = most_bytes
        self._most_waiting = most_waiting
        self._close_timeout_s = close_timeout_s
        self._opened = opened
        self.listener: Callable[[], None] = _nobody
        """Called when a message came, when the station takes its answers again, and when the socket is closed."""
        self._loop = asyncio.get_running_loop()
        self._transport: WSTransport | None = None
        self._inbox: deque[bytes] = deque()
        self._closed: asyncio.Future[None] = self._loop.create_future()
        self._pongs: dict[bytes, asyncio.Future[None]] = {}
        self._numbers = itertools.count(1)
        self._paused = False
        self._unread = False
        """Whether the station leaves too much of what it was sent unread."""
        self._parts: list[bytes] = []
        self._parts_bytes = 0
        self._parts_deflated = False

    # What picows calls.

    def on_ws_connected(self, transport: WSTransport) -> None:
        """The handshake is answered."""
        self._transport = transport
        self._opened(self)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """A frame; raises WSProtocolError where the socket must be closed for it."""
        self.heard_at = time.monotonic()
        kind = frame.msg_type
        if kind == _TEXT and frame.fin and not (frame.rsv1 or frame.rsv2 or frame.rsv3 or self._parts):
            self._deliver(frame.get_payload_as_bytes())
        elif kind == WSMsgType.PONG:
            pong = self._pongs.pop(frame.get_payload_as_bytes(), None)
            if pong is not None and not pong.done():
                pong.set_result(None)
        elif kind == WSMsgType.CLOSE:
            transport.send_close(frame.get_close_code(), frame.get_close_message())
            transport.disconnect()
        elif kind in _LIVE_DATA:
            self._collect(frame)

    def on_ws_disconnected(self, _transport: WSTransport) -> None:
        """Nothing comes any more; what came is still to be served."""
        self._unread = False
        for one in (self._closed, *self._pongs.values()):
            if not one.done():
                one.set_result(None)
        self.listener()

    def pause_writing(self) -> None:
        """The station does not read: then it is not read either, or answers and pongs would pile up."""
        self._unread = True
        self._pause()

    def resume_writing(self) -> None:
        """It reads again."""
        self._unread = False
        self._resume()
        self.listener()

    # Messages in.

    def _collect(self, frame: WSFrame) -> None:
        begins = frame.msg_type != WSMsgType.CONTINUATION
        if begins is bool(self._parts):
            raise WSProtocolError(WSCloseCode.PROTOCOL_ERROR, "continuation out of place")
        if begins:
            self._parts_deflated = frame.rsv1
            self._parts_bytes = 0
        if frame.rsv2 or frame.rsv3 or (frame.rsv1 and (self._deflate is None or not begins)):
            raise WSProtocolError(WSCloseCode.PROTOCOL_ERROR, "reserved bits")
        self._parts_bytes += frame.payload_size
        if self._parts_bytes > self._most_bytes or len(self._parts) >= MOST_FRAGMENTS:
            raise WSProtocolError(WSCloseCode.MESSAGE_TOO_BIG, "message too big")
        self._parts.append(frame.get_payload_as_bytes())
        if frame.fin:
            raw = b"".join(self._parts)
            self._parts = []
            self._deliver(self._inflated(raw) if self._parts_deflated else raw)

    def _inflated(self, raw: bytes) -> bytes:
        assert self._deflate is not None
        try:
            return self._deflate.inflate(raw, self._most_bytes)
        except TooBig:
            raise WSProtocolError(WSCloseCode.MESSAGE_TOO_BIG, "message too big") from None
        except zlib.error:
            raise WSProtocolError(WSCloseCode.PROTOCOL_ERROR, "cannot be inflated") from None

    def _deliver(self, raw: bytes) -> None:
        self._inbox.append(raw)
        self.listener()
        if len(self._inbox) >= self._most_waiting:
            self._pause()

    def _pause(self) -> None:
        if not self._paused and self._transport is not None:
            self._paused = True
            self._transport.underlying_transport.pause_reading()

    def _resume(self) -> None:
        calm = not self._unread and len(self._inbox) <= self._most_waiting // 2
        if self._paused and calm and self._transport is not None and not self._closed.done():
            self._paused = False
            self._transport.underlying_transport.resume_reading()

    def take(self) -> bytes | None:
        """The next message; None where none came, or where the station does not take its answers.

        Raises SocketClosed once the socket is closed and everything that came was taken.
        """
        if self._unread:
            return None
        if not self._inbox:
            if self._closed.done():
                raise SocketClosed(self._why())
            return None
        raw = self._inbox.popleft()
        if self._paused:
            self._resume()
        return raw

    @property
    def waits(self) -> bool:
        """Whether something that came is not served yet."""
        return bool(self._inbox)

    # Out.

    def send(self, raw: bytes) -> None:
        """Send text. Raises SocketClosed."""
        transport = self._open()
        small = None if self._deflate is None else self._deflate.deflate(raw)
        if small is None:
            transport.send(_TEXT, raw)
        else:
            transport.send(_TEXT, small, rsv1=True)

    def ping(self) -> "asyncio.Future[None]":
        """Done once the station answers, or the socket is closed. Raises SocketClosed."""
        transport = self._open()
        payload = next(self._numbers).to_bytes(4)
        answered: asyncio.Future[None] = self._loop.create_future()
        self._pongs[payload] = answered
        transport.send_ping(payload)
        return answered

    def _open(self) -> WSTransport:
        transport = self._transport
        if transport is None or self._closed.done() or transport.is_close_frame_sent:
            raise SocketClosed(self._why())
        return transport

    @property
    def is_open(self) -> bool:
        """Whether anything can be sent."""
        return self._transport is not None and not self._closed.done() and not self._transport.is_close_frame_sent

    async def close(self, code: int, reason: str) -> None:
        """Say why, wait for the station to agree, then cut; returns when the socket is gone."""
        transport = self._transport
        if transport is None or self._closed.done():
            return
        if not transport.is_close_frame_sent:
            transport.send_close(code, reason)  # type: ignore[arg-type]  # codes are numbers; the stub names an enum
        if self._paused:
            # Or its farewell would never be read.
            self._paused = False
            transport.underlying_transport.resume_reading()
        await asyncio.wait({self._closed}, timeout=self._close_timeout_s)
        if not self._closed.done():
            transport.disconnect(False)
            await asyncio.wait({self._closed}, timeout=self._close_timeout_s)

    def time_out(self) -> None:
        """The station answers no pings: nobody waits for its farewell."""
        transport = self._transport
        if transport is not None and not self._closed.done():
            transport.send_close(_TIMEOUT, "no pong in time")  # type: ignore[arg-type]  # as above
            transport.disconnect(False)

    def _why(self) -> str:
        handshake = None if self._transport is None else self._transport.close_handshake
        if handshake is None or handshake.sent is None or handshake.recv_then_sent:
            return "closed"
        return _REASONS.get(int(handshake.sent.code), "closed")  # type: ignore[call-overload]  # as above
