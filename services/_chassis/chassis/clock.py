"""Business time, and the only place where the wall clock is read and random ids are made."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol, TypeVar

T = TypeVar("T")

_SLICE_S = 1.0
"""Sleeps are cut, so that a clock that was moved is noticed."""


class Clock(Protocol):
    """What time it is for the business."""

    def now(self) -> datetime:
        """Aware UTC."""
        ...

    async def sleep_until(self, due: datetime) -> None:
        """Return once now() is at or past `due`; at once if it already is."""
        ...


class SystemClock:
    """The wall clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def sleep_until(self, due: datetime) -> None:
        while (left := (due - self.now()).total_seconds()) > 0:  # noqa: ASYNC110 - time passes, nothing signals it
            await asyncio.sleep(min(left, _SLICE_S))


@dataclass(frozen=True, slots=True)
class LabClock:
    """A clock of the lab that runs `rate` times as fast; at `start` it agrees with the wall clock.

    So every process that is given the same `<start>@<rate>` reads the same time, whenever it was started.
    """

    start: datetime
    rate: float

    def now(self) -> datetime:
        return self.start + (datetime.now(UTC) - self.start) * self.rate

    async def sleep_until(self, due: datetime) -> None:
        while (left := (due - self.now()).total_seconds()) > 0:  # noqa: ASYNC110 - time passes, nothing signals it
            await asyncio.sleep(min(left / self.rate, _SLICE_S))


def clock_of(setting: str) -> Clock:
    """The clock a setting asks for: empty is the wall clock, `<start ISO>@<rate>` the lab's. Raises ValueError."""
    if not setting:
        return SystemClock()
    start, _, rate = setting.rpartition("@")
    moment = datetime.fromisoformat(start)
    if moment.tzinfo is None or float(rate) <= 0:
        raise ValueError(f"EV_CLOCK must be <aware ISO time>@<rate above 0>, not {setting!r}")
    return LabClock(start=moment.astimezone(UTC), rate=float(rate))


class FixedClock:
    """A clock that stands still until a test moves it."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._moved = asyncio.Event()

    def now(self) -> datetime:
        return self._now

    def advance(self, by: timedelta) -> None:
        """Move on; sleepers whose time has come wake."""
        self._now += by
        self._moved.set()
        self._moved = asyncio.Event()

    async def sleep_until(self, due: datetime) -> None:
        while self._now < due:
            await self._moved.wait()


async def within(work: Awaitable[T], timeout_s: float) -> T:
    """The work's result, or TimeoutError; unlike Python 3.11's wait_for it never swallows a cancellation."""
    async with asyncio.timeout(timeout_s):
        return await work


def is_cancelled() -> bool:
    """Whether somebody cancelled this task; a CancelledError that nobody wished for comes out of what it waited for."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def lasting(name: str, run: Callable[[], Awaitable[None]]) -> None:
    """What nobody waits for, in a task group: a cancellation from within fails, where the group would pass it over.

    Raises RuntimeError, which says the name.
    """
    try:
        await run()
    except asyncio.CancelledError as error:
        if is_cancelled():
            raise
        raise RuntimeError(f"{name} ended by a cancellation that nobody wished for") from error


def new_id() -> str:
    """A random id, for what enters at an edge; inside, ids are derived."""
    return str(uuid.uuid4())


def behind_s(log_time_ms: int) -> float:
    """Seconds since the log appended something; never negative, although two machines' clocks differ."""
    return max(0.0, wall_now().timestamp() - log_time_ms / 1000)


def wall_now() -> datetime:
    """Wall time, for what belongs to machines and not to the business: token expiry, staleness."""
    return datetime.now(UTC)
