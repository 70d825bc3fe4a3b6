"""The command desk: what becomes of a command to a station. Requested, sent once at most, and exactly one outcome."""

from collections.abc import Sequence
from datetime import datetime
from typing import TypeAlias, assert_never

from charger_gateway.domain import cost_display, desired, jobs, levelling
from charger_gateway.domain.actions import StationAction, requested
from charger_gateway.domain.desk_state import Awaited, Desk, DeskEvent, Requested, Sent, evolve
from charger_gateway.domain.progress import FILE, NOTHING_ARRIVED, is_good, is_last
from chassis.decider import Deadline, Decider, Refused, Snapshot
from ev_contracts.gateway import (
    CancelJob,
    CommandProgressed,
    CommandRefused,
    CommandSent,
    CommandSucceeded,
    CommandTimedOut,
    CommandUndeliverable,
    ConnectionLost,
    CostDisplayChanged,
    DeclareConnectionLost,
    DesiredVariablesSet,
    DeskDeadlinePassed,
    DriftRepaired,
    LevelCharging,
    RenewChargingPlan,
    ReportAnswered,
    ReportContact,
    ReportCostDisplay,
    ReportOutsideLimit,
    ReportProgress,
    ReportRemoteStart,
    ReportSent,
    SetChargingProfile,
    SetDesiredVariables,
    StartJob,
)

__all__ = ["INEXPRESSIBLE", "MOST_WAITING", "NOT_ACCEPTED", "Desk", "DeskCommand", "DeskEvent", "desk"]

MOST_WAITING = 32
"""Commands that may stand open at one station; it answers one at a time."""

INEXPRESSIBLE = "inexpressible"
"""The answer where the station's version of OCPP has no words for a command: it was never sent."""

NOT_ACCEPTED = "not-accepted"
"""The answer where the station awaits its set-up or is suspended, and may not be asked this: it was never sent."""

_NEVER_SENT = frozenset({INEXPRESSIBLE, NOT_ACCEPTED})

DeskCommand: TypeAlias = (
    StationAction
    | ReportSent
    | ReportAnswered
    | ReportProgress
    | LevelCharging
    | RenewChargingPlan
    | ReportOutsideLimit
    | ReportRemoteStart
    | ReportCostDisplay
    | StartJob
    | CancelJob
    | SetDesiredVariables
    | ReportContact
    | DeclareConnectionLost
    | DeskDeadlinePassed
)


def decide(command: DeskCommand, desk: Desk) -> Sequence[DeskEvent] | Refused:
    """What a command makes true of the desk, and what follows from that for its jobs and its desired variables."""
    first = _decide(command, desk)
    if isinstance(first, Refused):
        return first
    return _with_consequences(first, desk, command.at)


def _with_consequences(first: Sequence[DeskEvent], desk: Desk, at: datetime) -> Sequence[DeskEvent]:
    events: list[DeskEvent] = []
    waiting = list(first)
    while waiting:
        event = waiting.pop(0)
        events.append(event)
        before, desk = desk, evolve(desk, event)
        waiting += [*jobs.react(event, before, desk, at), *desired.react(event, before, at)]
        waiting += _signed(event, before, desk, at)
        waiting += _cost_display(event, before, at)
    return events


def _decide(command: DeskCommand, desk: Desk) -> Sequence[DeskEvent] | Refused:
    match command:
        case ReportSent():
            return _report_sent(command, desk)
        case ReportAnswered():
            return _report_answered(command, desk)
        case ReportProgress():
            return _report_progress(command, desk)
        case LevelCharging() | RenewChargingPlan() | ReportOutsideLimit() | ReportRemoteStart():
            return _level(command, desk)
        case StartJob() | CancelJob() | SetDesiredVariables() | ReportContact() | ReportCostDisplay():
            return _plan(command, desk)
        case DeclareConnectionLost():
            return _declare_lost(command, desk)
        case DeskDeadlinePassed():
            return _deadline_passed(command, desk)
        case _:
            return _request(command, desk)


def _level(
    command: LevelCharging | RenewChargingPlan | ReportOutsideLimit | ReportRemoteStart, desk: Desk
) -> Sequence[DeskEvent] | Refused:
    match command:
        case ReportOutsideLimit():
            return levelling.limit_reported(command, desk)
        case ReportRemoteStart():
            return levelling.start_reported(command, desk)
        case LevelCharging() | RenewChargingPlan():
            profile = levelling.profile_for(command, desk)
            return [] if profile is None else _request(profile, desk)
        case _:
            assert_never(command)


def _plan(
    command: StartJob | CancelJob | SetDesiredVariables | ReportContact | ReportCostDisplay, desk: Desk
) -> Sequence[DeskEvent] | Refused:
    match command:
        case StartJob():
            return jobs.start(command, desk)
        case CancelJob():
            return jobs.cancel(command, desk)
        case SetDesiredVariables():
            return desired.set_document(command, desk)
        case ReportContact():
            return desired.on_contact(command, desk)
        case ReportCostDisplay():
            return cost_display.changed(command, desk.cost_display)
        case _:
            assert_never(command)


def _request(command: StationAction, desk: Desk) -> Sequence[DeskEvent] | Refused:
    if desk.command(command.command_id) is not None:
        return []
    if command.expires_at <= command.at:
        return Refused(reason="already-expired")
    if len(desk.open_commands) >= MOST_WAITING:
        return Refused(reason="too-many-commands-open", detail=f"{MOST_WAITING} commands wait for this station")
    if isinstance(command, SetChargingProfile) and levelling.collides(command, desk):
        return Refused(reason="profile-collides", detail="another profile of this level and purpose stands there")
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
        case Requested() if command.outcome != "undeliverable" and command.answer not in _NEVER_SENT:
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


def _report_progress(command: ReportProgress, desk: Desk) -> Sequence[DeskEvent]:
    one = _told_of(command, desk)
    if one is None or one.follow is None:
        return []
    if command.kind == FILE:
        return [] if one.follow.arrived else [_progressed(command, one, last=False, good=True)]
    last, good = is_last(command.kind, command.status), is_good(command.kind, command.status)
    if not (last and good and one.follow.brings) or one.follow.arrived:
        return [_progressed(command, one, last=last, good=good)]
    nothing = command.model_copy(update={"kind": FILE, "status": NOTHING_ARRIVED})
    return [_progressed(command, one, last=False, good=True), _progressed(nothing, one, last=True, good=False)]


def _progressed(command: ReportProgress, one: Awaited | Sent, *, last: bool, good: bool) -> CommandProgressed:
    return CommandProgressed(
        command_id=one.command_id,
        station_id=command.station_id,
        kind=command.kind,
        status=command.status,
        last=last,
        good=good,
        at=command.at,
    )


def _signed(event: DeskEvent, before: Desk, desk: Desk, at: datetime) -> Sequence[DeskEvent]:
    """What was asked to have a certificate signed ends with the delivery of the certificate."""
    if not isinstance(event, CommandSucceeded | CommandRefused | CommandTimedOut | CommandUndeliverable):
        return []
    one = before.command(event.command_id)
    if one is None or one.action != "DeliverSignedCertificate":
        return []
    status = "Installed" if isinstance(event, CommandSucceeded) else "NotInstalled"
    report = ReportProgress(at=at, station_id=event.station_id, kind="signing", status=status)
    return _report_progress(report, desk)


def _cost_display(event: DeskEvent, before: Desk, at: datetime) -> Sequence[CostDisplayChanged]:
    """What a station answers of its display of costs, or is to be, counts as what it reports."""
    match event:
        case CommandSucceeded(response=response) if response is not None and response.variables:
            values = cost_display.told(response.variables)
        case DesiredVariablesSet():
            values = cost_display.told(event.variables)
        case DriftRepaired() if before.desired is not None:
            values = cost_display.told(before.desired.variables)
        case _:
            return []
    report = cost_display.known_by(values, station_id=event.station_id, at=at)
    return [] if report is None else cost_display.changed(report, before.cost_display)


def _told_of(command: ReportProgress, desk: Desk) -> Awaited | Sent | None:
    """By its id where that is known, by its number (2.x), else the newest command that such a word follows (1.6)."""
    sent = [one for one in desk.open_commands if isinstance(one, Sent) and one.ended is None]
    told_of: list[Awaited | Sent] = [*desk.awaited, *sent]
    if command.command_id is not None:
        return next((one for one in told_of if one.command_id == command.command_id), None)
    for one in reversed(told_of):
        follow = one.follow
        if follow is None or follow.kind != command.kind:
            continue
        if command.request_id is None or command.request_id == follow.request_id:
            return one
    return None


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
    if "/" in command.name:
        if command.name == desired.CHECK:
            return desired.check_due(desk, command.due_at)
        return jobs.deadline_passed(command.name, desk, command.due_at)
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


def deadlines(desk: Desk) -> Sequence[Deadline]:
    """Each open command has its outcome by its expiry; jobs have their own."""
    return [
        *(Deadline(name=one.command_id, due_at=one.expires_at) for one in desk.open_commands),
        *jobs.deadlines(desk),
        *desired.deadlines(desk),
    ]


def snapshots(before: Desk, after: Desk) -> Sequence[Snapshot]:
    """The station's display of costs, whenever it changed."""
    display = after.cost_display
    if display is None or display == before.cost_display:
        return []
    return [Snapshot(topic="gateway.cost-display.snapshot.v1", key="", record=display.snapshot())]


desk: Decider[DeskCommand, Desk, DeskEvent] = Decider(
    initial=Desk(), decide=decide, evolve=evolve, deadlines=deadlines, snapshots=snapshots
)
