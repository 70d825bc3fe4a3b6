"""What the desk remembers of a station: open commands, what is awaited, jobs, desired variables; how it changes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeAlias, assert_never

from charger_gateway.domain.actions import StationAction, asked_in
from charger_gateway.domain.cost_display import CostDisplay
from charger_gateway.domain.cost_display import after as shown_after
from charger_gateway.domain.profiles_state import (
    Charging,
    HeldProfile,
    charging_of,
    with_bound,
    with_taken,
)
from charger_gateway.domain.progress import ARRIVED, FILE, Follow, follow_of, with_file
from charger_gateway.domain.roots_state import RootsEvent, WantedRoots, evolve_roots, wanted, with_job
from ev_contracts.gateway import (
    CommandProgressed,
    CommandRefused,
    CommandRequested,
    CommandSent,
    CommandSucceeded,
    CommandTimedOut,
    CommandUndeliverable,
    ConnectionLost,
    CostDisplayChanged,
    DesiredCheckScheduled,
    DesiredRootsChanged,
    DesiredStateHeld,
    DesiredVariablesSet,
    DriftFound,
    DriftRemains,
    DriftRepaired,
    JobFailed,
    JobRetryScheduled,
    JobStarted,
    JobStep,
    JobStepDone,
    JobSucceeded,
    OutsideLimit,
    OutsideLimitsChanged,
    RemoteProfileBound,
    RootDriftFound,
    RootDriftRemains,
    RootDriftRepaired,
    RootsHeld,
    TrustedRoot,
    VariableSetting,
)

MOST_AWAITED = 32
"""Accepted commands whose end may still be told; the eldest are forgotten first."""

DESIRED_ACTOR = "desired-state"
"""Who asked, in the commands and jobs by which a station is brought to its desired state."""

DeskEvent: TypeAlias = (
    CommandRequested
    | CommandSent
    | CommandSucceeded
    | CommandRefused
    | CommandTimedOut
    | CommandUndeliverable
    | CommandProgressed
    | JobStarted
    | JobStepDone
    | JobRetryScheduled
    | JobSucceeded
    | JobFailed
    | DesiredVariablesSet
    | DesiredCheckScheduled
    | DesiredStateHeld
    | DriftFound
    | DriftRepaired
    | DriftRemains
    | RootsEvent
    | ConnectionLost
    | CostDisplayChanged
    | OutsideLimitsChanged
    | RemoteProfileBound
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Requested:
    """Stands, and was not sent yet."""

    command_id: str
    station_id: str
    expires_at: datetime
    action: str = ""
    job_id: str | None = None
    follow: Follow | None = None
    charging: Charging | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """Is on the wire of one connection, and will not be sent again.

    `ended` says whether the last word was a good one, where it overtook the answer.
    """

    command_id: str
    station_id: str
    expires_at: datetime
    epoch: int
    action: str = ""
    job_id: str | None = None
    follow: Follow | None = None
    ended: bool | None = None
    charging: Charging | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Awaited:
    """Was accepted; the station will tell how it goes on."""

    command_id: str
    station_id: str
    follow: Follow
    job_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Stands at one of its steps; `retry_at` is set while it waits for another attempt."""

    job_id: str
    station_id: str
    kind: str
    requested_by: str
    reason: str | None
    deadline_at: datetime
    most_attempts: int
    retry_after_s: int
    steps: tuple[StationAction, ...]
    trusted_roots: tuple[TrustedRoot, ...] = ()
    step: int = 0
    attempt: int = 1
    retry_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Desired:
    """How the variables shall stand, and which commands of ours ask for them or set them; and which roots."""

    document_id: str
    station_id: str
    variables: tuple[VariableSetting, ...]
    roots: WantedRoots | None = None
    ocpp_version: str | None = None
    """That the station spoke when it was last in contact."""
    check_at: datetime | None = None
    reading: str | None = None
    repairing: str | None = None
    held: bool = False


_DesiredEvent: TypeAlias = (
    DesiredVariablesSet
    | DesiredCheckScheduled
    | DesiredStateHeld
    | DriftFound
    | DriftRepaired
    | DriftRemains
    | RootsEvent
)
OpenCommand: TypeAlias = Requested | Sent


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """One station's desk."""

    open_commands: tuple[OpenCommand, ...] = ()
    awaited: tuple[Awaited, ...] = ()
    jobs: tuple[Job, ...] = ()
    desired: Desired | None = None
    profiles: tuple[HeldProfile, ...] = ()
    outside_limits: tuple[OutsideLimit, ...] = ()
    cost_display: CostDisplay | None = None
    lost_epoch: int = -1
    """The newest connection that was declared lost."""

    def command(self, command_id: str) -> OpenCommand | None:
        """The open command of that id; None once it has its outcome."""
        return next((one for one in self.open_commands if one.command_id == command_id), None)

    def job(self, job_id: str | None) -> Job | None:
        """The standing job of that id."""
        return next((one for one in self.jobs if one.job_id == job_id), None)


def evolve(desk: Desk, event: DeskEvent) -> Desk:
    """The desk after an event."""
    match event:
        case CommandRequested():
            return _with_request(desk, event)
        case CommandSent():
            return replace(desk, open_commands=tuple(_sent(one, event) for one in desk.open_commands))
        case CommandSucceeded() | CommandRefused() | CommandTimedOut() | CommandUndeliverable():
            return _decided(desk, event)
        case CommandProgressed():
            return _progressed(desk, event)
        case JobStarted() | JobStepDone() | JobRetryScheduled() | JobSucceeded() | JobFailed():
            return replace(desk, jobs=_jobs(desk, event), desired=_brought(desk.desired, event))
        case (
            DesiredVariablesSet()
            | DesiredCheckScheduled()
            | DesiredStateHeld()
            | DriftFound()
            | DriftRepaired()
            | DriftRemains()
            | DesiredRootsChanged()
            | RootsHeld()
            | RootDriftFound()
            | RootDriftRepaired()
            | RootDriftRemains()
        ):
            return replace(desk, desired=_desired(desk.desired, event))
        case ConnectionLost() | CostDisplayChanged() | OutsideLimitsChanged() | RemoteProfileBound():
            return _noted(desk, event)
        case _:
            assert_never(event)


_Noted: TypeAlias = ConnectionLost | CostDisplayChanged | OutsideLimitsChanged | RemoteProfileBound


def _noted(desk: Desk, event: _Noted) -> Desk:
    match event:
        case ConnectionLost():
            return replace(desk, lost_epoch=event.epoch)
        case OutsideLimitsChanged():
            return replace(desk, outside_limits=event.limits)
        case RemoteProfileBound():
            return replace(desk, profiles=with_bound(desk.profiles, event))
        case CostDisplayChanged():
            return replace(desk, cost_display=shown_after(event))
        case _:
            assert_never(event)


def _with_request(desk: Desk, event: CommandRequested) -> Desk:
    jobs = tuple(replace(one, retry_at=None) if one.job_id == event.job_id else one for one in desk.jobs)
    desired = _asked(desk.desired, event)
    return replace(desk, open_commands=(*desk.open_commands, _requested(event)), jobs=jobs, desired=desired)


def _asked(desired: Desired | None, event: CommandRequested) -> Desired | None:
    if desired is None or event.job_id != desired.document_id:
        return desired
    if event.get_variables is not None:
        return replace(desired, check_at=None, reading=event.command_id, repairing=None)
    if event.get_installed_certificate_ids is None:
        return replace(desired, reading=None, repairing=event.command_id)
    asked = None if desired.roots is None else replace(desired.roots, reading=event.command_id)
    return replace(desired, check_at=None, roots=asked)


def _brought(desired: Desired | None, event: object) -> Desired | None:
    if desired is None or not isinstance(event, JobStarted):
        return desired
    return replace(desired, roots=with_job(desired.roots, event, DESIRED_ACTOR))


def _desired(desired: Desired | None, event: _DesiredEvent) -> Desired | None:
    match event:
        case DesiredVariablesSet():
            return Desired(
                document_id=event.document_id,
                station_id=event.station_id,
                variables=event.variables,
                roots=wanted(event.roots),
            )
        case _ if desired is None:
            return None
        case DesiredCheckScheduled():
            version = event.ocpp_version or desired.ocpp_version
            return replace(desired, check_at=event.check_at, ocpp_version=version)
        case DesiredStateHeld() | DriftRepaired():
            return replace(desired, held=True, reading=None, repairing=None)
        case DriftFound() | DriftRemains():
            return replace(desired, held=False, reading=None, repairing=None)
        case _:
            return replace(desired, roots=None if desired.roots is None else evolve_roots(desired.roots, event))


def _requested(event: CommandRequested) -> Requested:
    asked = asked_in(event)
    return Requested(
        command_id=event.command_id,
        station_id=event.station_id,
        expires_at=event.expires_at,
        action=event.action,
        job_id=event.job_id,
        follow=None if asked is None else follow_of(asked),
        charging=charging_of(asked),
    )


def _sent(one: OpenCommand, event: CommandSent) -> OpenCommand:
    if one.command_id != event.command_id:
        return one
    return Sent(
        command_id=one.command_id,
        station_id=one.station_id,
        expires_at=one.expires_at,
        epoch=event.epoch,
        action=one.action,
        job_id=one.job_id,
        follow=one.follow,
        charging=one.charging,
    )


def _decided(desk: Desk, event: CommandSucceeded | CommandRefused | CommandTimedOut | CommandUndeliverable) -> Desk:
    one = desk.command(event.command_id)
    still = tuple(other for other in desk.open_commands if other.command_id != event.command_id)
    awaited = desk.awaited
    if isinstance(event, CommandSucceeded) and isinstance(one, Sent) and one.follow is not None and one.ended is None:
        new = Awaited(command_id=one.command_id, station_id=one.station_id, follow=one.follow, job_id=one.job_id)
        awaited = (*awaited, new)[-MOST_AWAITED:]
    profiles = desk.profiles
    # A station that knows no such profile has none to be cleared.
    is_so = isinstance(event, CommandSucceeded) or getattr(event, "answer", "") == "Unknown"
    if is_so and one is not None and one.charging is not None:
        profiles = with_taken(desk.profiles, one.charging)
    return replace(desk, open_commands=still, awaited=awaited, profiles=profiles)


def _progressed(desk: Desk, event: CommandProgressed) -> Desk:
    if event.kind == FILE and event.status == ARRIVED:
        return _with_file(desk, event.command_id)
    if not event.last:
        return desk
    awaited = tuple(one for one in desk.awaited if one.command_id != event.command_id)
    still = tuple(
        replace(one, ended=event.good) if isinstance(one, Sent) and one.command_id == event.command_id else one
        for one in desk.open_commands
    )
    return replace(desk, awaited=awaited, open_commands=still)


def _with_file(desk: Desk, command_id: str) -> Desk:
    awaited = tuple(
        replace(one, follow=with_file(one.follow)) if one.command_id == command_id else one for one in desk.awaited
    )
    still = tuple(
        replace(one, follow=with_file(one.follow)) if one.command_id == command_id and one.follow is not None else one
        for one in desk.open_commands
    )
    return replace(desk, awaited=awaited, open_commands=still)


def _jobs(
    desk: Desk, event: JobStarted | JobStepDone | JobRetryScheduled | JobSucceeded | JobFailed
) -> tuple[Job, ...]:
    others = tuple(one for one in desk.jobs if one.job_id != event.job_id)
    job = desk.job(event.job_id)
    match event:
        case JobStarted():
            return (*others, _started(event))
        case JobStepDone() if job is not None:
            return (*others, _with_step_done(job, event))
        case JobRetryScheduled() if job is not None:
            return (*others, replace(job, attempt=event.attempt + 1, retry_at=event.retry_at))
        case _:
            return others


def _started(event: JobStarted) -> Job:
    return Job(
        job_id=event.job_id,
        station_id=event.station_id,
        kind=event.kind,
        requested_by=event.requested_by,
        reason=event.reason,
        deadline_at=event.deadline_at,
        most_attempts=event.most_attempts,
        retry_after_s=event.retry_after_s,
        steps=_actions(event.steps),
        trusted_roots=event.trusted_roots,
    )


def _with_step_done(job: Job, event: JobStepDone) -> Job:
    steps = job.steps if event.steps is None else (*job.steps[: event.step + 1], *_actions(event.steps))
    return replace(job, steps=steps, step=event.step + 1, attempt=1, retry_at=None)


def _actions(steps: Sequence[JobStep]) -> tuple[StationAction, ...]:
    return tuple(
        value for step in steps for name in type(step).model_fields if (value := getattr(step, name)) is not None
    )
