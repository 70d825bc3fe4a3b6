"""The latest commands and jobs and what became of them, by the desk's events; what people are shown."""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from charger_gateway.domain.desk_state import DeskEvent
from ev_contracts.gateway import (
    CommandProgressed,
    CommandRefused,
    CommandRequested,
    CommandSent,
    CommandSucceeded,
    CommandTimedOut,
    CommandUndeliverable,
    JobFailed,
    JobRetryScheduled,
    JobStarted,
    JobStepDone,
    JobSucceeded,
    StationResponse,
)

MOST_REMEMBERED = 10_000
V = TypeVar("V")


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandView:
    """A command as people see it; `status` is requested, sent, succeeded, refused, timed-out or undeliverable."""

    key: str
    command_id: str
    station_id: str
    action: str
    requested_by: str
    reason: str | None
    requested_at: datetime
    expires_at: datetime
    status: str = "requested"
    answer: str | None = None
    detail: str | None = None
    response: StationResponse | None = None
    job_id: str | None = None
    progress: tuple[tuple[str, datetime], ...] = ()
    """What the station told later, in its own words, and when it came."""
    sent_at: datetime | None = None
    decided_at: datetime | None = None

    @property
    def decided(self) -> bool:
        """Whether it has its outcome."""
        return self.decided_at is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobView:
    """A job as people see it; `status` is standing, succeeded or failed."""

    job_id: str
    station_id: str
    kind: str
    requested_by: str
    reason: str | None
    started_at: datetime
    deadline_at: datetime
    steps: int
    status: str = "standing"
    step: int = 0
    attempt: int = 1
    why: str | None = None
    retry_at: datetime | None = None
    decided_at: datetime | None = None
    command_ids: tuple[str, ...] = ()


class CommandBook:
    """A bounded fold of the desk's events; the eldest commands are forgotten first (the log still has them)."""

    def __init__(self, most: int = MOST_REMEMBERED) -> None:
        self._most = most
        self._views: OrderedDict[str, CommandView] = OrderedDict()
        self._jobs: OrderedDict[str, JobView] = OrderedDict()
        self._changed: dict[str, asyncio.Event] = {}

    def view(self, command_id: str) -> CommandView | None:
        """The command as of the last event that was read."""
        return self._views.get(command_id)

    def job(self, job_id: str) -> JobView | None:
        """The job as of the last event that was read."""
        return self._jobs.get(job_id)

    def on_event(self, key: str, event: DeskEvent) -> None:
        """Fold one event; events of commands that were never seen or are forgotten change nothing."""
        match event:
            case CommandRequested():
                self._remember(self._views, event.command_id, _requested(key, event))
                self._step(event)
            case CommandSent():
                self._update(event.command_id, status="sent", sent_at=event.sent_at)
            case CommandSucceeded() | CommandRefused() | CommandTimedOut() | CommandUndeliverable():
                self._on_outcome(event)
            case CommandProgressed():
                self._tell(event)
            case JobStarted():
                self._remember(self._jobs, event.job_id, _started(event))
            case JobStepDone() | JobRetryScheduled() | JobSucceeded() | JobFailed():
                self._on_job(event)
            case _:
                pass  # connections and desired variables are no commands

    def _on_outcome(self, event: CommandSucceeded | CommandRefused | CommandTimedOut | CommandUndeliverable) -> None:
        match event:
            case CommandSucceeded():
                self._answered(event, "succeeded")
            case CommandRefused():
                self._answered(event, "refused", detail=event.detail)
            case CommandTimedOut():
                self._update(event.command_id, status="timed-out", decided_at=event.timed_out_at)
            case CommandUndeliverable():
                self._update(event.command_id, status="undeliverable", decided_at=event.at, detail=event.why)

    async def decided(self, command_id: str, timeout_s: float) -> CommandView | None:
        """The command once it has its outcome, or as it stands after the time-out."""
        changed = self._changed.setdefault(command_id, asyncio.Event())
        try:
            async with asyncio.timeout(timeout_s):
                while (view := self._views.get(command_id)) is None or not view.decided:
                    changed.clear()
                    await changed.wait()
        except TimeoutError:
            pass
        finally:
            self._changed.pop(command_id, None)
        return self._views.get(command_id)

    def _remember(self, views: OrderedDict[str, V], name: str, view: V) -> None:
        views[name] = view
        while len(views) > self._most:
            views.popitem(last=False)

    def _tell(self, event: CommandProgressed) -> None:
        view = self._views.get(event.command_id)
        if view is not None:
            self._views[event.command_id] = replace(view, progress=(*view.progress, (event.status, event.at)))

    def _step(self, event: CommandRequested) -> None:
        job = None if event.job_id is None else self._jobs.get(event.job_id)
        if job is not None:
            command_ids = (*job.command_ids, event.command_id)
            self._jobs[job.job_id] = replace(job, command_ids=command_ids, retry_at=None)

    def _on_job(self, event: JobStepDone | JobRetryScheduled | JobSucceeded | JobFailed) -> None:
        job = self._jobs.get(event.job_id)
        if job is None:
            return
        match event:
            case JobStepDone():
                steps = job.steps if event.steps is None else event.step + 1 + len(event.steps)
                job = replace(job, step=event.step + 1, steps=steps, attempt=1, why=None)
            case JobRetryScheduled():
                job = replace(job, attempt=event.attempt + 1, why=event.why, retry_at=event.retry_at)
            case JobSucceeded():
                job = replace(job, status="succeeded", decided_at=event.at, why=None)
            case JobFailed():
                job = replace(job, status="failed", decided_at=event.at, why=event.why)
        self._jobs[event.job_id] = job

    def _answered(self, event: CommandSucceeded | CommandRefused, status: str, *, detail: str | None = None) -> None:
        self._update(
            event.command_id,
            status=status,
            decided_at=event.answered_at,
            answer=event.answer,
            detail=detail,
            response=event.response,
        )

    def _update(self, command_id: str, **changes: object) -> None:
        view = self._views.get(command_id)
        if view is None or view.decided:
            return
        self._views[command_id] = replace(view, **changes)  # type: ignore[arg-type]  # named by the callers above
        changed = self._changed.get(command_id)
        if changed is not None:
            changed.set()


def _requested(key: str, event: CommandRequested) -> CommandView:
    return CommandView(
        key=key,
        command_id=event.command_id,
        station_id=event.station_id,
        action=event.action,
        requested_by=event.requested_by,
        reason=event.reason,
        requested_at=event.requested_at,
        expires_at=event.expires_at,
        job_id=event.job_id,
    )


def _started(event: JobStarted) -> JobView:
    return JobView(
        job_id=event.job_id,
        station_id=event.station_id,
        kind=event.kind,
        requested_by=event.requested_by,
        reason=event.reason,
        started_at=event.started_at,
        deadline_at=event.deadline_at,
        steps=len(event.steps),
    )
