"""One station's socket: its calls served one after the other, ours answered in between, each fact durable first."""

import asyncio
import contextlib
import time
from collections import OrderedDict
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any, Protocol, assert_never

import structlog

from charger_gateway.adapters.ocpp.admission import Proven
from charger_gateway.adapters.ocpp.commands.told import Place
from charger_gateway.adapters.ocpp.commands.words import number
from charger_gateway.adapters.ocpp.dialects import Asked, Interpreter, hear, hear_sent, quarantine
from charger_gateway.adapters.ocpp.frames import (
    BROKEN_CODES,
    V16,
    V21,
    Broken,
    Call,
    CallError,
    CallResult,
    Ignored,
    ResultError,
    Send,
    call_frame,
    error_frame,
    read_frame,
    result_error_frame,
    result_frame,
)
from charger_gateway.adapters.ocpp.pacing import MessagePace
from charger_gateway.adapters.ocpp.repeats import Answered, Reused, UnderWay
from charger_gateway.adapters.ocpp.schemas import Violation, response_violation
from charger_gateway.adapters.ocpp.sockets import SocketClosed, StationSocket
from charger_gateway.domain.ids import remote_start_number
from charger_gateway.domain.named_places import NamedPlaces
from charger_gateway.domain.registration import Standing, status_of
from charger_gateway.domain.reports import Reports
from charger_gateway.domain.running import RunningTransactions
from charger_gateway.domain.smart_charging import taken_profile
from charger_gateway.domain.station import HEARTBEATS, Fact, Heard, Part, Translated
from charger_gateway.ports import Directory, FrameKeeper, Journal, JournalUnavailable, KnownStation, StationShape
from chassis.clock import Clock, new_id
from chassis.telemetry import MetricName
from ev_contracts.gateway import TransactionEnded

CLOSE_GOING_AWAY = 1001
CLOSE_POLICY = 1008
CLOSE_TRY_LATER = 1013

_MOST_REMOTE_STARTS = 64
_PATIENCE_S = 0.05

_NOT_ACCEPTED = Violation(code="SecurityError", description="the station is not accepted")

log = structlog.get_logger("charger_gateway.connection")


class SocketGone(Exception):
    """The socket closed before the station answered a call of ours."""


class Sockets(Protocol):
    """What a connection needs beside its own socket; shared by all connections of the process."""

    clock: Clock
    directory: Directory
    interpreter: Interpreter
    frames: FrameKeeper
    running: RunningTransactions
    costs: "Costs"

    @property
    def journal(self) -> Journal: ...


class Costs(Protocol):
    """What sessions cost, for stations that show it."""

    def shown_at(self, key: str) -> bool:
        """Whether the station `<tenant>/<station_id>` shows costs."""
        ...

    async def price_of(self, session_id: str) -> Decimal | None:
        """The session's price; None where it is not known within a bounded time."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Waiting:
    """A call of ours that stands unanswered."""

    message_id: str
    answer: "asyncio.Future[CallResult | CallError]"


class Connection:
    """A proven station on one socket under one epoch."""

    def __init__(
        self, socket: StationSocket, proven: Proven, version: str, sockets: Sockets, pace: MessagePace
    ) -> None:
        self.connection_id = new_id()
        self.station = proven.station
        self.version = version
        self.standing = Standing(status=status_of(_shape(sockets, proven.station).registration))
        """One that is accepted and merely comes back sends no boot, and is served at once."""
        self.epoch = -1
        self.close_reason = "closed"
        self.append_since: float | None = None
        """Monotonic instant since when this socket waits for the log; None where it does not."""
        self.told: dict[Place, str] = {}
        """What the station said of itself where a command's form depends on it."""
        self.socket = socket
        self._sockets = sockets
        self._pace = pace
        self.shown = proven.shown
        self._certificate_name = None if proven.shown is None else proven.shown.common_name
        self._key = f"{self.station.tenant}/{self.station.station_id}"
        self._frames = 0
        self._answered = Answered()
        self._asking: set[asyncio.Task[None]] = set()
        self._reports = Reports()
        self._places = NamedPlaces()
        self._waiting: _Waiting | None = None
        self._turn = asyncio.Lock()
        self._remote_starts: OrderedDict[int, str] = OrderedDict()

    async def serve(self, epoch: int) -> None:
        """Read until the socket closes. Returns; the reason stands in `close_reason`."""
        self.epoch = epoch
        try:
            while True:
                raw = await self.socket.recv()
                wait_s = self._pace.wait_s()
                if wait_s:
                    await asyncio.sleep(wait_s)
                await self._take(raw)
        except SocketClosed as closed:
            if self.close_reason == "closed":
                self.close_reason = closed.reason
        except JournalUnavailable as error:
            await self._give_up(error)
        finally:
            for task in self._asking:
                task.cancel()
            if self._waiting is not None and not self._waiting.answer.done():
                self._waiting.answer.set_exception(SocketGone)

    async def _give_up(self, error: JournalUnavailable) -> None:
        log.warning("station.unacknowledged", station=self.station.station_id, why=str(error))
        await self.close(CLOSE_TRY_LATER, "log-unavailable")

    async def _take(self, raw: bytes) -> None:
        now = self._sockets.clock.now()
        ref = self._keep(raw, now, inbound=True)
        frame = read_frame(raw, self.version)
        match frame:
            case Call():
                await self._answer(frame, raw, self.heard(now, ref))
            case CallResult() | CallError():
                self._settle(frame)
            case Broken():
                self._count("frames_bad", frame.description)
                await self._send(error_frame(frame.message_id, frame.code, frame.description))
            case Ignored():
                self._count("frames_bad", frame.why)
            case Send():
                self._hear_sent(frame, self.heard(now, ref))
            case ResultError():
                # Our answer stands on the log already; what the station made of it is the operator's business.
                self._count("frames_bad", "our answer was refused")
            case _:
                assert_never(frame)

    async def _answer(self, call: Call, raw: bytes, heard: Heard) -> None:
        answer = self._answered.to(call.message_id, raw)
        if isinstance(answer, bytes | UnderWay):
            self._count("frames_repeated", self.version)
            if isinstance(answer, bytes):
                await self._send(answer)
            return
        if isinstance(answer, Reused):
            reused = Violation(code=BROKEN_CODES[self.version], description="the message id was another message's")
            # The first message's answer stays: its repeat may still come.
            await self._send(await self._refused(call, reused, heard))
            return
        said = hear(self._sockets.interpreter, call, heard) if self.standing.may_say(call.action) else _NOT_ACCEPTED
        if isinstance(said, Violation):
            await self._reply(call, raw, await self._refused(call, said, heard))
        elif isinstance(said, Asked):
            await self._ask_others(call, raw, said)
        else:
            facts = said.facts if said.part is None else self._with_end(said, said.part, heard)
            await self._make_durable((*facts, *self._places.unknown(facts, call.action, heard)))
            if said.closes is not None:
                await self._turn_out(said.closes)
                return
            self.standing = said.standing or self.standing
            session_id = self._ended(said)
            if session_id is None:
                await self._reply(call, raw, result_frame(call.message_id, said.answer))
            else:
                await self._ask_others(call, raw, Asked(partial(self._priced, said.answer, session_id)))

    def _ended(self, said: Translated) -> str | None:
        """The session whose end is answered with its price: of 2.x, where the station shows it (I03.FR.02)."""
        if self.version == V16 or not said.facts or not self._sockets.costs.shown_at(self._key):
            return None
        record = said.facts[0].record
        return record.session_id if isinstance(record, TransactionEnded) else None

    async def _priced(self, answer: Mapping[str, Any], session_id: str) -> Translated:
        price = await self._sockets.costs.price_of(session_id)
        return Translated(answer=answer if price is None else {**answer, "totalCost": number(price)})

    async def _turn_out(self, why: str) -> None:
        log.warning("station.turned_out", station=self.station.station_id, why=why)
        await self.close(CLOSE_POLICY, why)

    def _reply(self, call: Call, raw: bytes, answer: bytes) -> Awaitable[None]:
        self._answered.remember(call.message_id, raw, answer)
        return self._send(answer)

    def _with_end(self, said: Translated, part: Part, heard: Heard) -> tuple[Fact, ...]:
        end = self._reports.take(part, heard)
        return said.facts if end is None else (*said.facts, end)

    async def _ask_others(self, call: Call, raw: bytes, asked: Asked) -> None:
        self._answered.remember(call.message_id, raw, UnderWay())
        # What takes longer must not hold the socket up: answers to calls of ours come over it too.
        task = asyncio.create_task(self._answer_when_known(call, raw, asked))
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)
        await asyncio.wait({task}, timeout=_PATIENCE_S)

    async def _answer_when_known(self, call: Call, raw: bytes, asked: Asked) -> None:
        said = await asked.run()
        try:
            await self._make_durable(said.facts)
            await self._reply(call, raw, result_frame(call.message_id, said.answer))
        except SocketClosed:
            log.info("answer.unheard", station=self.station.station_id, action=call.action)
        except JournalUnavailable as error:
            await self._give_up(error)

    def _hear_sent(self, send: Send, heard: Heard) -> None:
        if not self.standing.may_say(send.action):
            self._count("frames_bad", "SEND of a station that is not accepted")
            return
        said = hear_sent(send, heard)
        if isinstance(said, Violation):
            self._count("frames_bad", "SEND against its schema")
            return
        for fact in said:
            self._sockets.journal.note(fact.topic, self._key, fact.record)

    async def _refused(self, call: Call, violation: Violation, heard: Heard) -> bytes:
        self._count("calls_refused", violation.code)
        log.warning("call.refused", station=heard.station_id, action=call.action[:64], code=violation.code)
        await self._make_durable(quarantine(call, violation, heard))
        return error_frame(call.message_id, violation.code, violation.description)

    def _count(self, what: MetricName, label: str) -> None:
        self._sockets.interpreter.metrics.add(what, 1, label)

    async def _make_durable(self, facts: tuple[Fact, ...]) -> None:
        journal = self._sockets.journal
        self.append_since = time.monotonic()
        try:
            for fact in facts:
                if fact.topic == HEARTBEATS:
                    journal.note(fact.topic, self._key, fact.record)
                else:
                    await journal.append(fact.topic, self._key, fact.record)
                    self._sockets.running.note(self._key, fact.record)
        finally:
            self.append_since = None

    def heard(self, received_at: datetime, frame_ref: str = "") -> Heard:
        """The circumstances of a message that arrived at that time."""
        station = self.station
        shape = _shape(self._sockets, station)
        return Heard(
            tenant=station.tenant,
            station_id=station.station_id,
            version=self.version,
            epoch=self.epoch,
            received_at=received_at,
            frame_ref=frame_ref,
            connectors=shape.connectors,
            cpo_party_id=shape.cpo_party_id,
            registration=shape.registration,
            serial_number=shape.serial_number,
            certificate_name=self._certificate_name,
            remote_starts=self._remote_starts,
            parts_so_far=self._reports.so_far,
            running=self._sockets.running.at(self._key),
            plugs=shape.plugs,
        )

    def _keep(self, raw: bytes, at: datetime, *, inbound: bool) -> str:
        self._frames += 1
        return self._sockets.frames.keep(
            station_id=self.station.station_id, epoch=self.epoch, number=self._frames, inbound=inbound, at=at, raw=raw
        )

    def _send(self, raw: bytes) -> Awaitable[None]:
        self._keep(raw, self._sockets.clock.now(), inbound=False)
        return self.socket.send(raw)

    async def call(self, action: str, payload: Mapping[str, Any], timeout_s: float) -> CallResult | CallError:
        """Ask the station; one call of ours stands at a time. Raises SocketGone, TimeoutError."""
        async with asyncio.timeout(timeout_s), self._turn:
            message_id = new_id()
            waiting = _Waiting(message_id=message_id, answer=asyncio.get_running_loop().create_future())
            self._waiting = waiting
            self.standing = self.standing.after_asking(action, payload)
            try:
                await self._send(call_frame(message_id, action, payload))
                answer = await waiting.answer
            except SocketClosed as error:
                raise SocketGone from error
            finally:
                self._waiting = None
        if (
            taken := taken_profile(action, payload, answer.payload if isinstance(answer, CallResult) else {})
        ) is not None:
            self._sockets.running.profiled(self._key, *taken)
        await self._complain(message_id, action, answer)
        return answer

    async def _complain(self, message_id: str, action: str, answer: CallResult | CallError) -> None:
        # 2.1 lets us say that an answer is none; older versions have no words for it.
        if self.version != V21 or isinstance(answer, CallError):
            return
        violation = response_violation(self.version, action, answer.payload)
        if violation is not None:
            self._count("frames_bad", "answer against its schema")
            with contextlib.suppress(SocketClosed):
                await self._send(result_error_frame(message_id, violation.code, violation.description))

    def _settle(self, answer: CallResult | CallError) -> None:
        waiting = self._waiting
        if waiting is None or waiting.message_id != answer.message_id or waiting.answer.done():
            self._count("frames_bad", "answer that nobody asked for")
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
                await self.socket.ping()
        except (TimeoutError, SocketClosed):
            return False
        return self.socket.is_open

    async def close(self, code: int, reason: str) -> None:
        """Close with a reason that stays; returns when the socket is closed."""
        self.close_reason = reason
        await self.socket.close(code, reason)

    def stalled_s(self) -> float:
        """How long this socket has waited for the log."""
        return 0.0 if self.append_since is None else time.monotonic() - self.append_since


def _shape(sockets: Sockets, station: KnownStation) -> StationShape:
    return sockets.directory.shape(station.tenant, station.station_id)
