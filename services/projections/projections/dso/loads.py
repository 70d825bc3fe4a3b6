"""Load of a grid connection in windows of 15 minutes, folded from the meters' running totals. Pure.

For each session and window the earliest and the latest point are kept, never a sum, so that readings repeated, late or
in another order give the same load. Between two points energy is taken to flow evenly, so that the windows of a session
add up to exactly what its meter counted.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from ev_contracts.projections import ConnectionMetered, FeederLoadMeasured

WINDOW_S = 900
KEPT = timedelta(hours=72)
"""Readings that come later than this change no window any more."""

Point = tuple[int, int]
"""Seconds since 1970, and energy of the session so far in Wh."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metered:
    """One session's points: window start -> its first and its last point."""

    evse_id: str
    points: Mapping[int, tuple[Point, Point]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Loads:
    """All that a connection's load rests on; `newest` is the latest time metered, in seconds since 1970."""

    newest: int = 0
    sessions: Mapping[str, Metered] = field(default_factory=dict)


def absorb(loads: Loads, event: ConnectionMetered) -> tuple[Loads, tuple[FeederLoadMeasured, ...]]:
    """The loads with this reading, and those windows whose load it changed, oldest first."""
    at = int(event.measured_at.timestamp())
    newest = max(loads.newest, at)
    horizon = newest - int(KEPT.total_seconds())
    if at < horizon:
        return loads, ()
    before = loads.sessions.get(event.session_id, Metered(evse_id=event.evse_id, points={}))
    after = _with(before, (at, event.energy_wh))
    if after == before:
        return loads, ()
    kept = {name: each for name, each in loads.sessions.items() if _last(each) >= horizon}
    changed = Loads(newest=newest, sessions={**kept, event.session_id: after})
    old, new = dict(_energy(before)), dict(_energy(after))
    touched = sorted(start for start in new.keys() | old.keys() if old.get(start) != new.get(start))
    return changed, tuple(_measured(changed, start, event) for start in touched if start >= horizon)


def _with(metered: Metered, point: Point) -> Metered:
    start = point[0] - point[0] % WINDOW_S
    first, last = metered.points.get(start, (point, point))
    kept = (min(first, point), max(last, point))
    return Metered(evse_id=metered.evse_id, points={**metered.points, start: kept})


def _last(metered: Metered) -> int:
    return max(last[0] for _, last in metered.points.values())


def _energy(metered: Metered) -> Iterator[tuple[int, int]]:
    """Window start -> Wh, for each window between the first and the last point."""
    if not metered.points:
        return
    points = _sorted(metered)
    for start in range(min(metered.points), max(metered.points) + WINDOW_S, WINDOW_S):
        yield start, _total(points, start + WINDOW_S) - _total(points, start)


def _sorted(metered: Metered) -> list[Point]:
    return sorted({point for pair in metered.points.values() for point in pair})


def _total(points: list[Point], at: int) -> int:
    """What the meter had counted by then, rounded down to whole Wh; differences of it add up without a remainder."""
    if at <= points[0][0]:
        return points[0][1]
    for (early, less), (late, more) in pairwise(points):
        if at <= late:
            return less if late == early else less + (more - less) * (at - early) // (late - early)
    return points[-1][1]


def _measured(loads: Loads, start: int, event: ConnectionMetered) -> FeederLoadMeasured:
    by_evse: dict[str, int] = {}
    for each in loads.sessions.values():
        if min(each.points) <= start <= max(each.points):
            points = _sorted(each)
            energy = _total(points, start + WINDOW_S) - _total(points, start)
            by_evse[each.evse_id] = by_evse.get(each.evse_id, 0) + energy
    energy_wh = sum(by_evse.values())
    return FeederLoadMeasured(
        feeder_id=event.feeder_id,
        connection_id=event.connection_id,
        tenant=event.tenant,
        window_start_at=datetime.fromtimestamp(start, UTC),
        window_s=WINDOW_S,
        energy_wh=energy_wh,
        mean_power_w=energy_wh * 3600 // WINDOW_S,
        evses=len(by_evse),
        measured_at=datetime.fromtimestamp(loads.newest, UTC),
    )


Kept = dict[str, object]


def kept(loads: Loads) -> Kept:
    """As the stream table keeps it: plain JSON."""
    sessions = {
        name: {"evse_id": each.evse_id, "points": [[*first, *last] for first, last in each.points.values()]}
        for name, each in loads.sessions.items()
    }
    return {"newest": loads.newest, "sessions": sessions}


def revived(found: Mapping[str, object]) -> Loads:
    """What kept() kept; nothing yet is no loads."""
    newest, sessions = found.get("newest", 0), found.get("sessions", {})
    assert isinstance(newest, int)
    assert isinstance(sessions, dict)
    return Loads(newest=newest, sessions={name: _revived(each) for name, each in sessions.items()})


def _revived(found: Mapping[str, object]) -> Metered:
    points = found["points"]
    assert isinstance(points, list)
    pairs = {each[0] - each[0] % WINDOW_S: ((each[0], each[1]), (each[2], each[3])) for each in points}
    return Metered(evse_id=str(found["evse_id"]), points=pairs)
