"""The command desk: what becomes of a command to a station. Requested, sent once at most, and exactly one outcome."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeAlias, assert_never

from charger_gateway.domain.actions import StationAction, requested
from chassis.decider import Deadline, Decider, Refused
from ev_contracts.gateway import (
    CommandRefused,
    CommandRequested,
    CommandSent,
    CommandSucceeded,
    CommandTimedOut,
    CommandUndeliverable,
    ConnectionLost,
    DeclareConnectionLost,
    DeskDeadlinePassed,
    ReportAnswered,
    ReportSent,
)

MOST_WAITING = 32
"""Commands that may stand open at one station; it answers one at a time."""

INEXPRESSIBLE = "inexpressible"
"""The answer where the station's version of OCPP has no words for a command: it was never sent."""

DeskCommand: TypeAlias = StationAction | ReportSent | ReportAnswered | DeclareConnectionLost | DeskDeadlinePassed
DeskEvent: TypeAlias = (
    CommandRequested
    | CommandSent
    | CommandSucceeded
    | CommandRefused
    | CommandTimedOut
    | CommandUndeliverable
    | ConnectionLost
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Requested:
    """Stands, and was not sent yet."""

    command_id: str
    station_id: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """Is on the wire of one connection, and will not be sent again."""

    command_id: str
    station_id: str
    expires_at: datetime
    epoch: int


OpenCommand: TypeAlias = Requested | Sent


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """One station's desk: its open commands, and the newest connection that was declared lost."""

    open_commands: tuple[OpenCommand, ...] = ()
    lost_epoch: int = -1

    def command(self, command_id: str) -> OpenCommand | None:
        """The open command of that id; None once it has its outcome."""
        return next((one for one in self.open_commands if one.command_id == command_id), None)


def decide(command: DeskCommand, desk: Desk) -> Sequence[DeskEvent] | Refused:
    """What a command makes true of the desk."""
    match command:
        case ReportSent():
            return _report_sent(command, desk)
        case ReportAnswered():
            return _report_answered(command, desk)
        case DeclareConnectionLost():
            return _declare_lost(command, desk)
        case DeskDeadlinePassed():
            return _deadline_passed(command, desk)
        case _:
            return _request(command, desk)


def _request(command: StationAction, desk: Desk) -> Sequence[DeskEvent] | Refused:
    if desk.command(command.command_id) is not None:
        return []
    if command.expires_at <= command.at:
        return Refused(reason="already-expired")
    if len(desk.open_commands) >= MOST_WAITING:
        return Refused(reason="too-many-commands-open", detail=f"{MOST_WAITING} commands wait for this station")
    return [requested(command)]


def _report_sent(command: ReportSent, desk: Desk) -> Sequence[DeskEvent]:
    # Two replicas may each believe that they hold the station: only the first may write to its socket.
    if not isinstance(desk.command(command.command_id), Requested) or command.epoch <= desk.lost_epoch:
        return []
    return [
        CommandSent(
            command_id=command.command_id,
            station_id=command.station_id,
            epoch=command.epoch,
            replica_id=command.replica_id,
            sent_at=command.at,
        )
    ]


def _report_answered(command: ReportAnswered, desk: Desk) -> Sequence[DeskEvent]:
    standing = desk.command(command.command_id)
    match standing:
        case None:
            return []
        case Sent() if standing.epoch != command.epoch:
            return []
        case Requested() if command.outcome != "undeliverable" and command.answer != INEXPRESSIBLE:
            return []
        case Requested() | Sent():
            return [_outcome(command)]
        case _:
            assert_never(standing)


def _outcome(command: ReportAnswered) -> DeskEvent:
    if command.outcome == "succeeded":
        return CommandSucceeded(
            command_id=command.command_id,
            station_id=command.station_id,
            answer=command.answer,
            answered_at=command.at,
            response=command.response,
        )
    if command.outcome == "undeliverable":
        return CommandUndeliverable(
            command_id=command.command_id,
            station_id=command.station_id,
            why=command.detail or command.answer,
            at=command.at,
        )
    return CommandRefused(
        command_id=command.command_id,
        station_id=command.station_id,
        answer=command.answer,
        detail=command.detail,
        answered_at=command.at,
        response=command.response,
    )


def _declare_lost(command: DeclareConnectionLost, desk: Desk) -> Sequence[DeskEvent]:
    if command.epoch <= desk.lost_epoch:
        return []
    lost = ConnectionLost(
        station_id=command.station_id, epoch=command.epoch, replica_id=command.replica_id, lost_at=command.at
    )
    unanswered = [
        CommandUndeliverable(
            command_id=one.command_id, station_id=command.station_id, why="connection-lost", at=command.at
        )
        for one in desk.open_commands
        if isinstance(one, Sent) and one.epoch <= command.epoch
    ]
    return [lost, *unanswered]


def _deadline_passed(command: DeskDeadlinePassed, desk: Desk) -> Sequence[DeskEvent]:
    standing = desk.command(command.name)
    match standing:
        case None:
            return []
        case Requested():
            return [
                CommandUndeliverable(
                    command_id=standing.command_id, station_id=standing.station_id, why="expired", at=command.due_at
                )
            ]
        case Sent():
            return [
                CommandTimedOut(
                    command_id=standing.command_id, station_id=standing.station_id, timed_out_at=command.due_at
                )
            ]
        case _:
            assert_never(standing)


def evolve(desk: Desk, event: DeskEvent) -> Desk:
    """The desk after an event."""
    match event:
        case CommandRequested():
            standing = Requested(command_id=event.command_id, station_id=event.station_id, expires_at=event.expires_at)
            return replace(desk, open_commands=(*desk.open_commands, standing))
        case CommandSent():
            return replace(desk, open_commands=tuple(_sent(one, event) for one in desk.open_commands))
        case CommandSucceeded() | CommandRefused() | CommandTimedOut() | CommandUndeliverable():
            still = tuple(one for one in desk.open_commands if one.command_id != event.command_id)
            return replace(desk, open_commands=still)
        case ConnectionLost():
            return replace(desk, lost_epoch=event.epoch)
        case _:
            assert_never(event)


def _sent(one: OpenCommand, event: CommandSent) -> OpenCommand:
    if one.command_id != event.command_id:
        return one
    return Sent(command_id=one.command_id, station_id=one.station_id, expires_at=one.expires_at, epoch=event.epoch)


def deadlines(desk: Desk) -> Sequence[Deadline]:
    """Each open command has its outcome by its expiry."""
    return [Deadline(name=one.command_id, due_at=one.expires_at) for one in desk.open_commands]


desk: Decider[DeskCommand, Desk, DeskEvent] = Decider(initial=Desk(), decide=decide, evolve=evolve, deadlines=deadlines)
