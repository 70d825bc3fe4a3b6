"""The instants at which a price may change: what restrictions name, in the local time of the site and in the meter."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from functools import lru_cache
from zoneinfo import ZoneInfo

from pricing.domain.engine.tariff import END_OF_DAY_S, Exact

MS = timedelta(milliseconds=1)
_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """Energy since the start, linear between its points; times in ms since the start, rising."""

    at_ms: Sequence[int]
    energy_wh: Sequence[Exact]

    def at(self, moment_ms: Exact) -> Exact:
        """Where it stands then; still before its first point and after its last."""
        right = bisect_right(self.at_ms, moment_ms)
        if right == 0:
            return self.energy_wh[0]
        if right == len(self.at_ms):
            return self.energy_wh[-1]
        begins, rise = self.at_ms[right - 1], self.energy_wh[right] - self.energy_wh[right - 1]
        if moment_ms == begins or not rise:
            return self.energy_wh[right - 1]
        return whole(self.energy_wh[right - 1] + Fraction(moment_ms - begins) * rise / (self.at_ms[right] - begins))

    def reaches(self, energy_wh: Exact) -> Exact | None:
        """When it first stands there, in ms; None if it never does."""
        right = bisect_left(self.energy_wh, energy_wh)
        if right == 0 or right == len(self.energy_wh):
            return None
        before, rise = self.energy_wh[right - 1], self.energy_wh[right] - self.energy_wh[right - 1]
        lasts = self.at_ms[right] - self.at_ms[right - 1]
        return whole(self.at_ms[right - 1] + Fraction(energy_wh - before) * lasts / rise)


def whole(number: Exact) -> Exact:
    """The same number, as an int where it is one."""
    return number.numerator if number.denominator == 1 else number


def clock_cuts(start: datetime, end: datetime, zone: ZoneInfo, times_s: Iterable[int]) -> Iterator[datetime]:
    """Each instant in between at which a local clock shows one of the times, or is put forward or back.

    A time that a clock shows twice on the day it is put back cuts twice; one that is skipped on the day it is put
    forward is passed at the change, which cuts by itself.
    """
    times = frozenset(time(second // 3_600, second // 60 % 60) for second in times_s if second < END_OF_DAY_S)
    if not times:
        return
    day = start.astimezone(zone).date()
    last = end.astimezone(zone).date()
    while day <= last:
        yield from _of_day(day, times, zone)
        day += _A_DAY
    yield from _changes_of_clock(start, end, zone)


@lru_cache(4_096)
def _of_day(day: date, times: frozenset[time], zone: ZoneInfo) -> Sequence[datetime]:
    """Kept, for the running cost asks for the same few days at each reading."""
    shown = []
    for each in times:
        for fold in (0, 1):
            shown.append(datetime.combine(day, each, zone).replace(fold=fold).astimezone(UTC))  # noqa: PERF401 - two loops read better
    return shown


def _changes_of_clock(start: datetime, end: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    """Where the offset from UTC changes, to the second: no zone changes twice within a day."""
    left = start
    while left < end:
        right = min(left + _A_DAY, end)
        if _offset(left, zone) != _offset(right, zone):
            yield _change_between(left, right, zone)
        left = right


def _change_between(left: datetime, right: datetime, zone: ZoneInfo) -> datetime:
    before = _offset(left, zone)
    left_s, right_s = int(left.timestamp()), -int(-right.timestamp() // 1)
    while right_s - left_s > 1:
        middle = (left_s + right_s) // 2
        if _offset(datetime.fromtimestamp(middle, UTC), zone) == before:
            left_s = middle
        else:
            right_s = middle
    return datetime.fromtimestamp(right_s, UTC)


def _offset(at: datetime, zone: ZoneInfo) -> timedelta | None:
    return at.astimezone(zone).utcoffset()
