"""What a session took whose meter was changed while it ran: both rising parts, never the difference of two meters.

The parts end and begin at the registers that the technician read; where he read none, at the last and the first
reading, and what flowed between them is in the hole. His watch and his display are coarser than the station: a fall of
the register within an hour of the change is where it was, and 1 kWh is the display. What fits neither both parts nor,
next to the session's own end, one meter alone, is a doubt.
"""

from collections.abc import Sequence
from itertools import pairwise

from session_ledger.domain.metering import (
    METER_SWAP,
    SLACK_WH,
    Change,
    Doubt,
    Hole,
    Metered,
    Point,
    believable,
    is_reachable,
    rise,
)

_BREAK_WITHIN_MS = 3_600_000
_EDGE_MS = 900_000

Part = list[Point]
Changes = Sequence[Change]


def across(
    begin: Point, points: Sequence[Point], end: Point | None, changes: Changes, *, plain: Metered | Doubt
) -> Metered | Doubt:
    """The energy over these changes of the meter; `plain` is what the registers come to as those of one meter."""
    parts = _parts(begin, points, end, changes)
    is_one_meter = isinstance(plain, Metered) and plain.rule == "registers"
    if parts is None:
        return plain if is_one_meter and _is_beside(begin, points, end, changes) else _unexplained(changes)
    found = _metered(parts)
    if not is_one_meter or not isinstance(plain, Metered):
        return found
    if all(each.is_silent for each in changes):
        # Nobody read a register and none fell: a meter that was there before the registry knew of it, or no proof.
        return _unexplained(changes) if any(each.is_swap for each in changes) else plain
    # Where no register fell, the new meter stood above the old one, and what lies between them is nobody's energy.
    is_believed = found.energy_wh <= plain.energy_wh or any(
        _break(begin, points, end, each) is not None for each in changes
    )
    return found if is_believed else _unexplained(changes)


def _unexplained(changes: Changes) -> Doubt:
    told = ", ".join(f"{each.removed_wh} Wh to {each.fitted_wh} Wh" for each in changes)
    return Doubt(
        cause="meter-change-unexplained", detail=f"the registers do not show a change of the meter from {told}"
    )


def _is_beside(begin: Point, points: Sequence[Point], end: Point | None, changes: Changes) -> bool:
    """Whether the change is so near to one end of the session that all of it may be one meter's."""
    if len(changes) != 1:
        return False
    (change,) = changes
    first = min((at for at, _ in points), default=change.fitted_ms)
    last = max((at for at, _ in points), default=change.removed_ms)
    is_before = change.fitted_ms <= first and change.fitted_ms - begin[0] <= _EDGE_MS
    is_after = end is not None and last <= change.removed_ms and end[0] - change.removed_ms <= _EDGE_MS
    return is_before or is_after


def _parts(begin: Point, points: Sequence[Point], end: Point | None, changes: Changes) -> list[Part] | None:
    """Each meter's readings from its first to its last register; None where one of them would not rise."""
    if not changes:
        part = _part(begin, points, end)
        return None if part is None else [part]
    change, later = changes[0], changes[1:]
    before, after = _divided(begin, points, end, change)
    removed = _removed(begin, before, after, change)
    if removed is not None and any(wh > removed[1] for _, wh in believable(before, begin)):
        return None
    old = _part(begin, before, removed)
    new_begin = _fitted(after, end, change)
    rest = (
        None if new_begin is None else _parts(new_begin, [each for each in after if each[0] > new_begin[0]], end, later)
    )
    return None if old is None or rest is None else [old, *rest]


def _part(begin: Point, points: Sequence[Point], end: Point | None) -> Part | None:
    known = list(believable(points, begin))
    last = end or max(known, key=lambda point: point[1], default=begin)
    if last[1] < begin[1] or not is_reachable(begin, last):
        return None
    return rise(begin, known, last)


def _divided(
    begin: Point, points: Sequence[Point], end: Point | None, change: Change
) -> tuple[Sequence[Point], Sequence[Point]]:
    """The readings of the meter before and of the one after: where the register fell, else by the technician's word."""
    place = _break(begin, points, end, change)
    if place is not None:
        return points[:place], points[place:]
    before = [each for each in points if each[0] <= change.removed_ms]
    return before, [each for each in points if each[0] >= change.fitted_ms and each not in before]


def _break(begin: Point, points: Sequence[Point], end: Point | None, change: Change) -> int | None:
    """How many readings came before the register fell, or leapt, next to this change; None where it did not."""
    walk = [begin, *points] if end is None else [begin, *points, end]
    breaks = [
        (max(one[0] - change.fitted_ms, change.removed_ms - other[0], 0), place)
        for place, (one, other) in enumerate(pairwise(walk))
        if other[1] < one[1] or not is_reachable(one, other)
    ]
    distance_ms, place = min(breaks, default=(_BREAK_WITHIN_MS + 1, 0))
    return place if distance_ms <= _BREAK_WITHIN_MS else None


def _removed(begin: Point, before: Sequence[Point], after: Sequence[Point], change: Change) -> Point | None:
    """Where the old meter ended; None where its last reading must do."""
    if change.removed_wh is None:
        return None
    highest = max([begin, *believable(before, begin)], key=lambda point: point[1])
    at = max(change.removed_ms, before[-1][0] if before else begin[0])
    at = min(at, after[0][0]) if after else at
    is_display = 0 < highest[1] - change.removed_wh < SLACK_WH
    return at, highest[1] if is_display else change.removed_wh


def _fitted(after: Sequence[Point], end: Point | None, change: Change) -> Point | None:
    """Where the new meter began; None where nobody can know it."""
    readings = list(after) if end is None else [*after, end]
    if change.fitted_wh is None:
        return readings[0] if len(readings) > 1 else None
    if not readings:
        return change.fitted_ms, change.fitted_wh
    first_ms, first_wh = readings[0]
    is_display = 0 < change.fitted_wh - first_wh < SLACK_WH
    return min(change.fitted_ms, first_ms), first_wh if is_display else change.fitted_wh


def _metered(parts: Sequence[Part]) -> Metered:
    energies: list[Point] = []
    for part in parts:
        reached = energies[-1][1] if energies else 0
        energies += [(at, reached + wh - part[0][1]) for at, wh in part]
    holes = [
        Hole(cause=METER_SWAP, from_ms=old[-1][0], from_wh=old[-1][1], to_ms=new[0][0], to_wh=new[0][1])
        for old, new in pairwise(parts)
    ]
    return Metered(
        energy_wh=energies[-1][1],
        begin_wh=parts[0][0][1],
        stop_wh=parts[-1][-1][1],
        rule=METER_SWAP,
        points=tuple(energies),
        begin_ms=parts[0][0][0],
        holes=tuple(holes),
    )
