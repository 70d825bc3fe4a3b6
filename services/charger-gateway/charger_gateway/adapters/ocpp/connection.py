"""One station's socket: its calls served one after the other, ours answered in between, each fact durable first."""

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Mapping
from datetime import datetime
from functools import partial
from typing import Any, TypeVar, assert_never

import structlog

from charger_gateway.adapters.ocpp.admission import Proven
from charger_gateway.adapters.ocpp.commands.told import Place
from charger_gateway.adapters.ocpp.commands.words import number
from charger_gateway.adapters.ocpp.dialects import Asked, hear, hear_sent, quarantine
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
from charger_gateway.adapters.ocpp.process import Sockets
from charger_gateway.adapters.ocpp.repeats import Answered, Reused, UnderWay
from charger_gateway.adapters.ocpp.schemas import Violation, response_read
from charger_gateway.adapters.ocpp.sockets import SocketClosed, StationSocket
from charger_gateway.adapters.remembered import remember
from charger_gateway.domain.ids import remote_start_number
from charger_gateway.domain.named_places import NamedPlaces
from charger_gateway.domain.registration import Standing, status_of
from charger_gateway.domain.reports import Reports
from charger_gateway.domain.smart_charging import taken_profile
from charger_gateway.domain.station import HEARTBEATS, Fact, Heard, Part, Translated
from charger_gateway.ports import KnownStation, StationShape
from chassis.clock import new_id
from chassis.log import Appended, LogError
from chassis.telemetry import MetricName
from ev_contracts.gateway import TransactionEnded

CLOSE_GOING_AWAY = 1001
CLOSE_POLICY = 1008
CLOSE_TRY_LATER = 1013

_MOST_REMOTE_STARTS = 64
_PATIENCE_S = 0.05

_NOT_ACCEPTED = Violation(code="SecurityError", description="the station is not accepted")

Result = TypeVar("Result")

log = structlog.get_logger("charger_gateway.connection")


def _nothing() -> None:
    """The step of who only wants to go on."""


class SocketGone(Exception):
    """The socket closed before the station answered a call of ours."""


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
        self._loop = asyncio.get_running_loop()
        self._over: asyncio.Future[None] = self._loop.create_future()
        """Done when nothing is served any more."""
        self._under_way: object = None
        """What is served before anything else may be; None where nothing is."""
        self._tasks: set[asyncio.Task[Any]] = set()
        self._reports = Reports()
        self._places = NamedPlaces()
        self._waiting: dict[str, asyncio.Future[CallResult | CallError]] = {}
        """The call of ours that stands unanswered, by its message id; one at a time."""
        self._turn = asyncio.Lock()
        self._remote_starts: OrderedDict[int, str] = OrderedDict()

    async def serve(self, epoch: int) -> None:
        """Serve what comes until the socket is closed. Returns; the reason stands in `close_reason`."""
        self.epoch = epoch
        self.socket.listener = self._go_on
        self._go_on()
        try:
            await self._over
        finally:
            for task in self._tasks:
                task.cancel()
            for waiting in self._waiting.values():
                if not waiting.done():
                    waiting.set_exception(SocketGone)

    # One message after the other. No task waits for each: at thousands a second, waking them would cost a tenth of all.

    def _go_on(self, step: Callable[[], None] = _nothing) -> None:
        """Take the step, then serve what waits until something has to be waited for; an error ends the connection."""
        if self._over.done():
            return
        try:
            step()
            while self._under_way is None and (raw := self.socket.take()) is not None:
                wait_s = self._pace.wait_s()
                if wait_s:
                    self._under_way = raw
                    self._loop.call_later(wait_s, self._go_on, partial(self._take, raw))
                else:
                    self._take(raw)
        except SocketClosed as closed:
            self._end(closed.reason)
        except Exception as error:  # noqa: BLE001 - serve() raises it
            self._over.set_exception(error)

    def _end(self, reason: str) -> None:
        if self.close_reason == "closed":
            self.close_reason = reason
        if not self._over.done():
            self._over.set_result(None)

    def _leave(self, code: int, reason: str) -> None:
        """Close; nothing that came is served any more."""
        self._under_way = reason
        self._soon(self.close(code, reason)).add_done_callback(lambda _: self._end(reason))

    def _soon(self, work: Coroutine[Any, Any, Result]) -> "asyncio.Task[Result]":
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _take(self, raw: bytes) -> None:
        self._under_way = None
        now = self._sockets.clock.now()
        ref = self._keep(raw, now, inbound=True)
        frame = read_frame(raw, self.version)
        match frame:
            case Call():
                self._under_way = frame
                self._answer(frame, raw, self.heard(now, ref))
            case CallResult() | CallError():
                self._settle(frame)
            case Broken():
                self._count("frames_bad", frame.description)
                self._send(error_frame(frame.message_id, frame.code, frame.description))
            case Ignored():
                self._count("frames_bad", frame.why)
            case Send():
                self._hear_sent(frame, self.heard(now, ref))
            case ResultError():
                # Our answer stands on the log already; what the station made of it is the operator's business.
                self._count("frames_bad", "our answer was refused")
            case _:
                assert_never(frame)

    def _answer(self, call: Call, raw: bytes, heard: Heard) -> None:
        answer = self._answered.to(call.message_id, raw)
        if answer is not None:
            self._answer_again(call, answer, heard)
            return
        said = hear(self._sockets.interpreter, call, heard) if self.standing.may_say(call.action) else _NOT_ACCEPTED
        if isinstance(said, Violation):
            self._refuse(call, said, heard, partial(self._reply, call, raw))
        elif isinstance(said, Asked):
            self._ask_others(call, raw, said)
        else:
            facts = said.facts if said.part is None else self._with_end(said, said.part, heard)
            facts = (*facts, *self._places.unknown(facts, call.action, heard))
            self._when_durable(facts, partial(self._recorded, call, raw, said))

    def _answer_again(self, call: Call, answer: bytes | UnderWay | Reused, heard: Heard) -> None:
        if isinstance(answer, Reused):
            reused = Violation(code=BROKEN_CODES[self.version], description="the message id was another message's")
            # The first message's answer stays: its repeat may still come.
            self._refuse(call, reused, heard, partial(self._say, call))
            return
        self._count("frames_repeated", self.version)
        if isinstance(answer, bytes):
            self._say(call, answer)
        else:
            self._served(call)

    def _recorded(self, call: Call, raw: bytes, said: Translated) -> None:
        """What the message made true stands on the log: now its station may know."""
        if said.closes is not None:
            log.warning("station.turned_out", station=self.station.station_id, why=said.closes)
            self._leave(CLOSE_POLICY, said.closes)
            return
        self.standing = said.standing or self.standing
        session_id = self._ended(said)
        if session_id is None:
            self._reply(call, raw, result_frame(call.message_id, said.answer))
        else:
            self._ask_others(call, raw, Asked(partial(self._priced, said.answer, session_id)))

    def _ended(self, said: Translated) -> str | None:
        """The session whose end is answered with its price: of 2.x, where the station shows it (I03.FR.02)."""
        if self.version == V16 or not said.facts or not self._sockets.costs.shown_at(self._key):
            return None
        record = said.facts[0].record
        return record.session_id if isinstance(record, TransactionEnded) else None

    async def _priced(self, answer: Mapping[str, Any], session_id: str) -> Translated:
        price = await self._sockets.costs.price_of(session_id)
        return Translated(answer=answer if price is None else {**answer, "totalCost": number(price)})

    def _reply(self, call: Call, raw: bytes, answer: bytes) -> None:
        self._answered.remember(call.message_id, raw, answer)
        self._say(call, answer)

    def _say(self, call: Call, answer: bytes) -> None:
        self._send(answer)
        self._served(call)

    def _served(self, call: Call) -> None:
        if self._under_way is call:
            self._under_way = None

    def _with_end(self, said: Translated, part: Part, heard: Heard) -> tuple[Fact, ...]:
        end = self._reports.take(part, heard)
        return said.facts if end is None else (*said.facts, end)

    def _ask_others(self, call: Call, raw: bytes, asked: Asked) -> None:
        self._answered.remember(call.message_id, raw, UnderWay())
        self._soon(asked.run()).add_done_callback(partial(self._told, call, raw))
        # What takes longer must not hold the socket up: answers to calls of ours come over it too.
        self._loop.call_later(_PATIENCE_S, self._go_on, partial(self._served, call))

    def _told(self, call: Call, raw: bytes, task: "asyncio.Task[Translated]") -> None:
        if not task.cancelled():
            self._go_on(partial(self._pass_on, call, raw, task))

    def _pass_on(self, call: Call, raw: bytes, task: "asyncio.Task[Translated]") -> None:
        said = task.result()
        self._when_durable(said.facts, lambda: self._reply(call, raw, result_frame(call.message_id, said.answer)))

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

    def _refuse(self, call: Call, violation: Violation, heard: Heard, say: Callable[[bytes], None]) -> None:
        self._count("calls_refused", violation.code)
        log.warning("call.refused", station=heard.station_id, action=call.action[:64], code=violation.code)
        error = error_frame(call.message_id, violation.code, violation.description)
        self._when_durable(quarantine(call, violation, heard), partial(say, error))

    def _count(self, what: MetricName, label: str) -> None:
        self._sockets.interpreter.metrics.add(what, 1, label)

    def _when_durable(self, facts: tuple[Fact, ...], then: Callable[[], None]) -> None:
        """Append the facts one after the other, then go on."""
        for after, fact in enumerate(facts, start=1):
            if fact.topic == HEARTBEATS:
                self._sockets.journal.note(fact.topic, self._key, fact.record)
                continue
            self._sockets.stalls.begins(self.connection_id)
            appending = self._sockets.journal.append(fact.topic, self._key, fact.record)
            appending.add_done_callback(partial(self._stands, fact, facts[after:], then))
            return
        then()

    def _stands(
        self, fact: Fact, rest: tuple[Fact, ...], then: Callable[[], None], appended: "asyncio.Future[Appended]"
    ) -> None:
        self._sockets.stalls.ends(self.connection_id)
        error = LogError("nobody waits for it") if appended.cancelled() else appended.exception()
        if error is None:
            self._sockets.running.note(self._key, fact.record)
            self._go_on(partial(self._when_durable, rest, then) if rest else then)
        else:
            log.warning("station.unacknowledged", station=self.station.station_id, why=str(error))
            self._leave(CLOSE_TRY_LATER, "log-unavailable")

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

    def _send(self, raw: bytes) -> None:
        self._keep(raw, self._sockets.clock.now(), inbound=False)
        self.socket.send(raw)

    async def call(self, action: str, payload: Mapping[str, Any], timeout_s: float) -> CallResult | CallError:
        """Ask the station; one call of ours stands at a time. Raises SocketGone, TimeoutError."""
        async with asyncio.timeout(timeout_s), self._turn:
            message_id = new_id()
            waiting = self._waiting[message_id] = self._loop.create_future()
            self.standing = self.standing.after_asking(action, payload)
            try:
                self._send(call_frame(message_id, action, payload))
                answer: CallResult | CallError = await waiting
            except SocketClosed as error:
                raise SocketGone from error
            finally:
                del self._waiting[message_id]
        if (
            taken := taken_profile(action, payload, answer.payload if isinstance(answer, CallResult) else {})
        ) is not None:
            self._sockets.running.profiled(self._key, *taken)
        self._complain(message_id, action, answer)
        return answer

    def _complain(self, message_id: str, action: str, answer: CallResult | CallError) -> None:
        # 2.1 lets us say that an answer is none; older versions have no words for it.
        if self.version != V21 or isinstance(answer, CallError):
            return
        read = response_read(self.version, action, answer.payload)
        if isinstance(read, Violation):
            self._count("frames_bad", "answer against its schema")
            with contextlib.suppress(SocketClosed):
                self._send(result_error_frame(message_id, read.code, read.description))

    def _settle(self, answer: CallResult | CallError) -> None:
        waiting = self._waiting.get(answer.message_id)
        if waiting is None or waiting.done():
            self._count("frames_bad", "answer that nobody asked for")
            return
        waiting.set_result(answer)

    def expect_remote_start(self, command_id: str) -> None:
        """Tie a later transaction to this command; 2.x stations echo the number."""
        remember(self._remote_starts, remote_start_number(command_id), command_id, at_most=_MOST_REMOTE_STARTS)

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


def _shape(sockets: Sockets, station: KnownStation) -> StationShape:
    return sockets.directory.shape(station.tenant, station.station_id)
