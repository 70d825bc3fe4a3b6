"""What a meter can be asked of a session: its ends, its changes, and the energy it stands for; or a doubt."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from session_ledger.domain.evidence import Flow

Point = tuple[int, int]
"""Milliseconds since 1970, and Wh."""

MOST_POWER_W = 400_000
SLACK_WH = 1_000
"""Registers count in steps and clocks are coarse: this much above what the greatest power gives is still believed."""

METER_SWAP = "meter-swap"

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """Why a session's figures are not believed; `cause` is kebab-case."""

    cause: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hole:
    """Between these two readings nobody knows what flowed."""

    cause: str
    from_ms: int
    from_wh: int
    to_ms: int
    to_wh: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Metered:
    """A session's energy, and where it stood at each instant that is known: (ms, Wh since the start), never falling."""

    energy_wh: int
    begin_wh: int
    stop_wh: int
    rule: str
    points: tuple[tuple[int, int], ...]
    begin_ms: int
    holes: tuple[Hole, ...] = ()

    @property
    def is_estimated(self) -> bool:
        """Whether no register stands behind it."""
        return self.rule == "power-integrated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One meter came for another: when, and where each stood as the technician read it; what nobody told is None."""

    removed_ms: int
    removed_wh: int | None
    fitted_ms: int
    fitted_wh: int | None
    is_swap: bool
    """Whether the one before was said to be taken out; else a meter was fitted where none was known."""

    @property
    def is_silent(self) -> bool:
        """Whether nobody read a register."""
        return self.removed_wh is None and self.fitted_wh is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ends:
    """A session between its two ends: when, and at which register, as far as the station said so."""

    started_at: datetime
    ended_at: datetime
    begin_wh: int | None
    stop_wh: int | None
    flow: Flow
    changes: tuple[Change, ...] = ()
    """Of its meter, after the start and not after the end."""


def most_energy_wh(duration: timedelta) -> int:
    """The most that a session of this length can have taken."""
    return MOST_POWER_W * (duration // _SECOND) // 3600 + SLACK_WH


def is_reachable(before: Point, after: Point) -> bool:
    """Whether a station can have given the difference in that time."""
    return after[1] - before[1] <= most_energy_wh(timedelta(milliseconds=max(0, after[0] - before[0])))


def believable(points: Iterable[Point], begin: Point) -> Iterable[Point]:
    """Without the readings that rise above all before faster than any station can give."""
    highest = begin
    for each in points:
        if is_reachable(highest, each):
            yield each
            highest = max(highest, each, key=lambda point: point[1])


def rise(begin: Point, points: Iterable[Point], end: Point) -> list[Point]:
    """From begin to end, without the readings that fall back or overshoot the end."""
    curve = [begin]
    for at, wh in points:
        if curve[-1][0] < at < end[0] and curve[-1][1] <= wh <= end[1]:
            curve.append((at, wh))
    if end[0] > begin[0]:
        curve.append(end)
    return curve
