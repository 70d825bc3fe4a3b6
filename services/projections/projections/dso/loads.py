"""Load of a grid connection in windows of 15 minutes, folded from the meters' running totals. Pure.

For each session and window the earliest and the latest point are kept, never a sum, so that readings repeated, late or
in another order give the same load. Between two points energy is taken to flow evenly, so that the windows of a session
add up to exactly what its meter counted. A reading touches the entries of its session and of the windows next to it,
however many others its connection has.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from ev_contracts.projections import ConnectionMetered, FeederLoadMeasured

WINDOW_S = 900
KEPT = timedelta(hours=72)
"""Readings that come later than this change no window any more."""

_KEPT_S = int(KEPT.total_seconds())

Point = tuple[int, int]
"""Seconds since 1970, and energy of the session so far in Wh."""

Entry = dict[str, object]
"""Plain JSON by name: `s<session>` its points, `w<start>` what each session took in a window, `` the newest time."""

Entries = Callable[[str], Entry | None]
"""A connection's entry by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metered:
    """One session's points: window start -> its first and its last point."""

    evse_id: str
    points: Mapping[int, tuple[Point, Point]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Absorbed:
    """What a reading makes of a connection: entries to keep in this order (None: to drop), and the loads."""

    entries: Mapping[str, Entry | None]
    measured: tuple[FeederLoadMeasured, ...]


NOTHING = Absorbed(entries={}, measured=())


def absorb(entries: Entries, event: ConnectionMetered) -> Absorbed:
    """The windows whose load this reading changed, oldest first, and what to remember. The session's entry comes last:
    whoever dies before it is kept reads the event again and comes to the same.
    """
    at = int(event.measured_at.timestamp())
    before_newest = _newest(entries(""))
    newest = max(before_newest, at)
    if at < newest - _KEPT_S:
        return NOTHING
    name = f"s{event.session_id}"
    known = entries(name)
    before = Metered(evse_id=event.evse_id, points={}) if known is None else _revived(known)
    after = _with(before, (at, event.energy_wh))
    if after == before:
        return NOTHING
    old, new = dict(_energy(before)), dict(_energy(after))
    touched = [start for start in sorted(new) if old.get(start) != new[start] and start >= newest - _KEPT_S]
    windows = {
        start: {**(entries(f"w{start}") or {}), event.session_id: [after.evse_id, new[start]]} for start in touched
    }
    changed: dict[str, Entry | None] = {f"w{start}": window for start, window in windows.items()}
    if newest != before_newest:
        changed |= _outdated(entries, before_newest, newest)
        changed[""] = {"newest": newest}
    changed[name] = _kept(after)
    measured = tuple(_measured(start, windows[start], newest, event) for start in touched)
    return Absorbed(entries=changed, measured=measured)


def _newest(entry: Entry | None) -> int:
    found = 0 if entry is None else entry["newest"]
    assert isinstance(found, int)
    return found


def _outdated(entries: Entries, before: int, newest: int) -> dict[str, Entry | None]:
    """The windows that are past changing by now, and the sessions that ended in them."""
    gone: dict[str, Entry | None] = {}
    first, last = _start_of(before - _KEPT_S), min(newest - _KEPT_S, before + WINDOW_S)
    for start in range(first, _start_of(last), WINDOW_S) if before else ():
        for session_id in entries(f"w{start}") or {}:
            session = entries(f"s{session_id}")
            if session is not None and max(_revived(session).points) <= start:
                gone[f"s{session_id}"] = None
        gone[f"w{start}"] = None
    return gone


def _start_of(at: int) -> int:
    return at - at % WINDOW_S


def _with(metered: Metered, point: Point) -> Metered:
    start = _start_of(point[0])
    first, last = metered.points.get(start, (point, point))
    kept = (min(first, point), max(last, point))
    return Metered(evse_id=metered.evse_id, points={**metered.points, start: kept})


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


def _measured(start: int, window: Entry, newest: int, event: ConnectionMetered) -> FeederLoadMeasured:
    by_evse: dict[str, int] = {}
    for each in window.values():
        assert isinstance(each, list)
        evse_id, energy = each
        by_evse[evse_id] = by_evse.get(evse_id, 0) + energy
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
        measured_at=datetime.fromtimestamp(newest, UTC),
    )


def _kept(metered: Metered) -> Entry:
    points = [[*first, *last] for first, last in metered.points.values()]
    return {"evse_id": metered.evse_id, "points": points}


def _revived(found: Mapping[str, object]) -> Metered:
    points = found["points"]
    assert isinstance(points, list)
    pairs = {_start_of(each[0]): ((each[0], each[1]), (each[2], each[3])) for each in points}
    return Metered(evse_id=str(found["evse_id"]), points=pairs)
