"""The desk's line to the sockets of this process: asks to send, sends what the desk lets it, reports the answer."""

import asyncio
import contextlib
import hashlib
import hmac
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

import structlog

from charger_gateway.adapters.ocpp.commands import (
    Inexpressible,
    Outcome,
    OutgoingCall,
    Sealing,
    Station,
    calls_of,
    outcome_of,
)
from charger_gateway.adapters.ocpp.commands.limits import within_limits
from charger_gateway.adapters.ocpp.commands.model import CannotSay
from charger_gateway.adapters.ocpp.commands.phases import phases_can_be_named
from charger_gateway.adapters.ocpp.commands.table import RAW
from charger_gateway.adapters.ocpp.commands.told import Told
from charger_gateway.adapters.ocpp.connection import Connection, SocketGone
from charger_gateway.adapters.ocpp.frames import CallError, CallResult
from charger_gateway.adapters.ocpp.passwords import password_taken
from charger_gateway.adapters.ocpp.unawaited import Unawaited
from charger_gateway.domain.desk import INEXPRESSIBLE, NOT_ACCEPTED, DeskEvent
from charger_gateway.domain.progress import ARRIVED, FILE, OURS
from charger_gateway.domain.station import STATION_EVENTS
from charger_gateway.ports import Journal, KnownStation
from chassis.clock import Clock
from chassis.log import LogError
from chassis.telemetry import Metrics
from ev_contracts.gateway import (
    CommandRefused,
    CommandRequested,
    CommandSent,
    CommandUndeliverable,
    ReportAnswered,
    ReportProgress,
    ReportSent,
    StationPasswordTaken,
)

DESK_COMMANDS = "gateway.desk.command.v1"
_MOST_OFFERED = 10_000
_MOST_AT_WORK = 1_000
_REGISTERED_WITHIN_S = 5.0
_CLOSED = Outcome(outcome="undeliverable", answer="connection-closed")


def _inexpressible(why: str) -> Outcome:
    return Outcome(outcome="refused", answer=INEXPRESSIBLE, detail=why)


log = structlog.get_logger("charger_gateway.desk_line")


class Sockets(Protocol):
    """The process's connections by station."""

    replica_id: str

    def connection(self, station_id: str) -> Connection | None: ...


class Pace(Protocol):
    """How business time runs against the steady clock."""

    def wall_seconds_until(self, due: datetime) -> float: ...


class DeskLine:
    """Reacts to the desk's events; what must be awaited runs in tasks of its own group, bounded in number."""

    def __init__(
        self,
        *,
        sockets: Sockets,
        journal: Journal,
        seal: Sealing,
        clock: Clock,
        pace: Pace,
        metrics: Metrics,
        locate: Callable[[str, str], str] | None = None,
        credential_key: bytes | None = None,
    ) -> None:
        self._sockets = sockets
        self._journal = journal
        self._seal = seal
        self._clock = clock
        self._pace = pace
        self._locate = locate
        self._credential_key = credential_key
        self._offered: OrderedDict[str, tuple[str, CommandRequested]] = OrderedDict()
        self._at_work = Unawaited("desk", metrics)

    def on_event(self, key: str, event: DeskEvent) -> None:
        """Requested: ask the desk whether this replica may send. Sent, by this replica: send. Never blocks."""
        if isinstance(event, CommandRequested):
            self._offer(key, event)
            connection = self._sockets.connection(event.station_id)
            if connection is not None and event.expires_at > self._clock.now():
                self._start(self._ask(key, event, connection), station=event.station_id, epoch=connection.epoch)
        elif isinstance(event, CommandSent):
            _, command = self._offered.pop(event.command_id, (key, None))
            if command is not None and event.replica_id == self._sockets.replica_id:
                self._start(self._deliver(key, command, event.epoch), station=event.station_id, epoch=event.epoch)
        elif isinstance(event, CommandRefused | CommandUndeliverable):
            self._offered.pop(event.command_id, None)

    def on_connected(self, station_id: str, epoch: int) -> None:
        """A station that comes before a command for it expires is still given it. Never blocks."""
        now = self._clock.now()
        standing = [
            (key, command)
            for key, command in self._offered.values()
            if command.station_id == station_id and command.expires_at > now
        ]
        if standing:
            self._start(self._ask_all(standing, station_id, epoch), station=station_id, epoch=epoch)

    async def file_arrived(self, station: KnownStation, command_id: str) -> None:
        """Tell the desk that what a command had brought is here. Raises LogError."""
        told = ReportProgress(
            at=self._clock.now(),
            station_id=station.station_id,
            kind=FILE,
            status=ARRIVED,
            command_id=command_id,
        )
        await self._journal.append(DESK_COMMANDS, f"{station.tenant}/{station.station_id}", told)

    async def _ask_all(self, standing: Sequence[tuple[str, CommandRequested]], station_id: str, epoch: int) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_REGISTERED_WITHIN_S):
                # The log may tell of a connection a moment before its socket is registered here.
                while (connection := self._sockets.connection(station_id)) is None or connection.epoch < epoch:  # noqa: ASYNC110 - as above
                    await asyncio.sleep(0.02)
            for key, command in standing:
                await self._ask(key, command, connection)

    async def stop(self) -> None:
        """Give up what is at work; the desk's deadlines decide what is left."""
        await self._at_work.cancel()

    def _offer(self, key: str, event: CommandRequested) -> None:
        self._offered[event.command_id] = (key, event)
        while len(self._offered) > _MOST_OFFERED:
            self._offered.popitem(last=False)

    def _start(self, work: Coroutine[None, None, None], **of: str | int) -> None:
        if len(self._at_work) >= _MOST_AT_WORK:
            work.close()
            log.warning("desk.overloaded")
            return
        self._at_work.start(work, **of)

    async def _ask(self, key: str, command: CommandRequested, connection: Connection) -> None:
        calls = self._calls(command, connection)
        if isinstance(calls, Outcome):
            await self._report(key, command, connection.epoch, calls)
            return
        asked = ReportSent(
            at=self._clock.now(),
            command_id=command.command_id,
            station_id=command.station_id,
            epoch=connection.epoch,
            replica_id=self._sockets.replica_id,
        )
        await self._append(key, asked)

    async def _deliver(self, key: str, command: CommandRequested, epoch: int) -> None:
        connection = self._sockets.connection(command.station_id)
        if connection is None or connection.epoch != epoch:
            await self._report(key, command, epoch, _CLOSED)
            return
        calls = self._calls(command, connection)
        if isinstance(calls, Outcome):
            await self._report(key, command, epoch, calls)
            return
        if command.action == "StartTransactionRemotely":
            connection.expect_remote_start(command.command_id)
        try:
            answered = await self._call_all(calls, command, connection)
        except SocketGone:
            await self._report(key, command, epoch, _CLOSED)
            return
        except CannotSay as error:
            await self._report(key, command, epoch, _inexpressible(str(error)))
            return
        except TimeoutError:
            log.warning("desk.unanswered", station=command.station_id, action=command.action)
            return
        if not await self._registry_knows(key, command, answered):
            return
        outcome = outcome_of(command, answered, version=connection.version, sealing=self._seal)
        await self._report(key, command, epoch, outcome)

    async def _registry_knows(
        self, key: str, command: CommandRequested, answered: Sequence[tuple[OutgoingCall, CallResult | CallError]]
    ) -> bool:
        """A password that was taken is told to the registry before anybody hears of the outcome; False: it is not."""
        password = password_taken(answered)
        if password is None or self._credential_key is None:
            return True
        taken = StationPasswordTaken(
            station_id=command.station_id,
            command_id=command.command_id,
            secret_hmac=hmac.digest(self._credential_key, password, hashlib.sha256),
            taken_at=self._clock.now(),
        )
        try:
            await self._journal.append(STATION_EVENTS, key, taken)
        except LogError as error:
            # The outcome stays unknown, as it is: the old password counts still, and the command can be repeated.
            log.warning("password.untold", station=command.station_id, why=str(error))
            return False
        return True

    async def _call_all(
        self, calls: Sequence[OutgoingCall], command: CommandRequested, connection: Connection
    ) -> list[tuple[OutgoingCall, CallResult | CallError]]:
        """One after the other, until one has no result. Raises SocketGone, TimeoutError, CannotSay."""
        answered: list[tuple[OutgoingCall, CallResult | CallError]] = []

        async def say(action: str, payload: Mapping[str, Any]) -> CallResult | CallError:
            return await connection.call(action, payload, self._pace.wall_seconds_until(command.expires_at))

        if command.action != RAW:
            station = Told(version=connection.version, known=connection.told, say=say)
            await phases_can_be_named(calls, station)
            calls = await within_limits(calls, station)
        for call in calls:
            # Only jobs name files of ours; what people write stays as they wrote it, or they could name another's.
            payload = call.payload if command.job_id is None else self._located(call.payload, command.command_id)
            answer = await say(call.action, payload)
            answered.append((call, answer))
            if isinstance(answer, CallError):
                break
        return answered

    def _located(self, payload: Mapping[str, Any], command_id: str) -> Mapping[str, Any]:
        """The payload with our own files' addresses: their credentials are on the wire only, never on the log."""
        return {key: self._located_value(value, command_id) for key, value in payload.items()}

    def _located_value(self, value: Any, command_id: str) -> Any:
        if self._locate is not None and isinstance(value, str) and value.startswith(OURS):
            return self._locate(value, command_id)
        return self._located(value, command_id) if isinstance(value, dict) else value

    def _calls(self, command: CommandRequested, connection: Connection) -> tuple[OutgoingCall, ...] | Outcome:
        """What to send, or the outcome of a command that this station cannot or may not be sent."""
        calls = calls_of(
            command, Station(version=connection.version, heard=connection.heard(self._clock.now())), self._seal
        )
        if isinstance(calls, Inexpressible):
            return _inexpressible(calls.why)
        standing = connection.standing
        if not all(standing.may_be_asked(call.action) for call in calls):
            return Outcome(outcome="refused", answer=NOT_ACCEPTED, detail=f"its boot was answered {standing.status}")
        return calls

    async def _report(self, key: str, command: CommandRequested, epoch: int, outcome: Outcome) -> None:
        report = ReportAnswered(
            at=self._clock.now(),
            command_id=command.command_id,
            station_id=command.station_id,
            epoch=epoch,
            answer=outcome.answer,
            outcome=outcome.outcome,
            detail=outcome.detail,
            response=outcome.response,
        )
        await self._append(key, report)

    async def _append(self, key: str, record: ReportSent | ReportAnswered) -> None:
        try:
            await self._journal.append(DESK_COMMANDS, key, record)
        except LogError:
            # Nobody learns of it: the desk's deadline gives the command its outcome.
            log.warning("desk.unreported", station=record.station_id, command_id=record.command_id)
