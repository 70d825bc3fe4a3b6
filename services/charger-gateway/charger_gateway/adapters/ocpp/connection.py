"""One station's socket: its calls served one after the other, ours answered in between, each fact durable first."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, assert_never

import structlog
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from charger_gateway.adapters.ocpp.dialects import Interpreter
from charger_gateway.adapters.ocpp.frames import (
    Broken,
    Call,
    CallError,
    CallResult,
    Ignored,
    call_frame,
    error_frame,
    read_frame,
    result_frame,
)
from charger_gateway.adapters.ocpp.pacing import MessagePace
from charger_gateway.adapters.ocpp.schemas import Violation
from charger_gateway.domain.ids import remote_start_number
from charger_gateway.domain.station import HEARTBEATS, Heard, Translated
from charger_gateway.ports import Directory, FrameKeeper, Journal, JournalUnavailable, KnownStation
from chassis.clock import Clock, new_id

CLOSE_GOING_AWAY = 1001
CLOSE_POLICY = 1008
CLOSE_TRY_LATER = 1013

_MOST_REMOTE_STARTS = 64
# Why the socket library itself closed: no pong in time; a frame too big, against the protocol, or not UTF-8.
_REASONS = {1011: "timeout", 1002: "protocol", 1007: "protocol", 1009: "protocol"}

log = structlog.get_logger("charger_gateway.connection")


class SocketGone(Exception):
    """The socket closed before the station answered a call of ours."""


class Sockets(Protocol):
    """What a connection needs beside its own socket; shared by all connections of the process."""

    clock: Clock
    directory: Directory
    interpreter: Interpreter
    frames: FrameKeeper

    @property
    def journal(self) -> Journal: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Waiting:
    """A call of ours that stands unanswered."""

    message_id: str
    answer: "asyncio.Future[CallResult | CallError]"


class Connection:
    """A proven station on one socket under one epoch."""

    def __init__(
        self, socket: ServerConnection, station: KnownStation, version: str, sockets: Sockets, pace: MessagePace
    ) -> None:
        self.connection_id = new_id()
        self.station = station
        self.version = version
        self.epoch = -1
        self.close_reason = "closed"
        self.append_since: float | None = None
        """Monotonic instant since when this socket waits for the log; None where it does not."""
        self._socket = socket
        self._sockets = sockets
        self._pace = pace
        self._key = f"{station.tenant}/{station.station_id}"
        self._frames = 0
        self._waiting: _Waiting | None = None
        self._turn = asyncio.Lock()
        self._remote_starts: OrderedDict[int, str] = OrderedDict()

    async def serve(self, epoch: int) -> None:
        """Read until the socket closes. Returns; the reason stands in `close_reason`."""
        self.epoch = epoch
        try:
            while True:
                raw = await self._socket.recv(decode=False)
                wait_s = self._pace.wait_s()
                if wait_s:
                    await asyncio.sleep(wait_s)
                await self._take(raw)
        except ConnectionClosed as closed:
            if self.close_reason == "closed" and closed.sent is not None and not closed.rcvd_then_sent:
                self.close_reason = _REASONS.get(closed.sent.code, "closed")
        except JournalUnavailable as error:
            log.warning("station.unacknowledged", station=self.station.station_id, why=str(error))
            await self.close(CLOSE_TRY_LATER, "log-unavailable")
        finally:
            if self._waiting is not None and not self._waiting.answer.done():
                self._waiting.answer.set_exception(SocketGone)

    async def _take(self, raw: bytes) -> None:
        ref = self._keep(raw, inbound=True)
        frame = read_frame(raw, self.version)
        match frame:
            case Call():
                await self._answer(frame, ref)
            case CallResult() | CallError():
                self._settle(frame)
            case Broken():
                log.warning("frame.broken", station=self.station.station_id, why=frame.description)
                await self._send(error_frame(frame.message_id, frame.code, frame.description))
            case Ignored():
                log.info("frame.ignored", station=self.station.station_id)
            case _:
                assert_never(frame)

    async def _answer(self, call: Call, ref: str) -> None:
        heard = self.heard(ref)
        said = self._sockets.interpreter.hear(self.version, call, heard)
        if isinstance(said, Violation):
            log.warning("call.refused", station=heard.station_id, action=call.action[:64], code=said.code)
            await self._send(error_frame(call.message_id, said.code, said.description))
            return
        await self._make_durable(said)
        await self._send(result_frame(call.message_id, said.answer))

    async def _make_durable(self, said: Translated) -> None:
        journal = self._sockets.journal
        self.append_since = time.monotonic()
        try:
            for fact in said.facts:
                if fact.topic == HEARTBEATS:
                    journal.note(fact.topic, self._key, fact.record)
                else:
                    await journal.append(fact.topic, self._key, fact.record)
        finally:
            self.append_since = None

    def heard(self, frame_ref: str = "") -> Heard:
        """The circumstances of a message that arrives now."""
        station = self.station
        shape = self._sockets.directory.shape(station.tenant, station.station_id)
        return Heard(
            tenant=station.tenant,
            station_id=station.station_id,
            epoch=self.epoch,
            received_at=self._sockets.clock.now(),
            frame_ref=frame_ref,
            connectors=shape.connectors,
            cpo_party_id=shape.cpo_party_id,
            remote_starts=self._remote_starts,
        )

    def _keep(self, raw: bytes, *, inbound: bool) -> str:
        self._frames += 1
        return self._sockets.frames.keep(
            station_id=self.station.station_id, epoch=self.epoch, number=self._frames, inbound=inbound, raw=raw
        )

    async def _send(self, raw: bytes) -> None:
        self._keep(raw, inbound=False)
        await self._socket.send(raw, text=True)

    async def call(self, action: str, payload: Mapping[str, Any], timeout_s: float) -> CallResult | CallError:
        """Ask the station; one call of ours stands at a time. Raises SocketGone, TimeoutError."""
        async with asyncio.timeout(timeout_s), self._turn:
            message_id = new_id()
            waiting = _Waiting(message_id=message_id, answer=asyncio.get_running_loop().create_future())
            self._waiting = waiting
            try:
                await self._send(call_frame(message_id, action, payload))
                return await waiting.answer
            except ConnectionClosed as error:
                raise SocketGone from error
            finally:
                self._waiting = None

    def _settle(self, answer: CallResult | CallError) -> None:
        waiting = self._waiting
        if waiting is None or waiting.message_id != answer.message_id or waiting.answer.done():
            log.info("answer.unasked", station=self.station.station_id)
            return
        waiting.answer.set_result(answer)

    def expect_remote_start(self, command_id: str) -> None:
        """Tie a later transaction to this command; 2.x stations echo the number."""
        self._remote_starts[remote_start_number(command_id)] = command_id
        while len(self._remote_starts) > _MOST_REMOTE_STARTS:
            self._remote_starts.popitem(last=False)

    async def is_alive(self, timeout_s: float) -> bool:
        """Whether the station answers a ping on this socket."""
        try:
            async with asyncio.timeout(timeout_s):
                await (await self._socket.ping())
        except (TimeoutError, ConnectionClosed):
            return False
        return True

    async def close(self, code: int, reason: str) -> None:
        """Close with a reason that stays; returns when the socket is closed."""
        self.close_reason = reason
        await self._socket.close(code, reason)

    def stalled_s(self) -> float:
        """How long this socket has waited for the log."""
        return 0.0 if self.append_since is None else time.monotonic() - self.append_since
