"""How much energy a session's registers stand for, by a named rule, and where its meter stood in between; or a doubt.

| rule | when | energy |
| --- | --- | --- |
| registers | the register rises from begin to end | end - begin |
| begin-missing | nobody said a begin | end - first reading of the session |
| begin-placeholder | begin 0, and the first reading cannot be reached from 0 in that time | end - first reading |
| session-relative | start and stop are absolute, all readings between count from 0 | end - begin |
| rollover | the register falls once, from next to its greatest figure | as if it had gone on |
| meter-reset | it falls once to what it can have reached from 0, rises on, never comes back | both rising parts |
| meter-swap | the registry knows that the meter was changed meanwhile | both rising parts |
| intervals | no register at all, but intervals | their sum |
| power-integrated | only power was told | power x time, an estimate |

A stop of 0 after a register above 0 is no register (the totals were reset): the last reading holds. A reading that
falls back, overshoots the stop or rises faster than a station can give is passed over. Nothing is ever guessed: what
none of the rules explains is a doubt, and the session is held.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise

from session_ledger.domain.evidence import Flow
from session_ledger.domain.metering import (
    Doubt,
    Ends,
    Hole,
    Metered,
    Point,
    believable,
    is_reachable,
    most_energy_wh,
    rise,
)
from session_ledger.domain.rows import ms_of
from session_ledger.domain.swaps import across

MOST_FROM_ZERO_WH = 150_000
"""A begin of 0 whose next register is above this is not believed: no battery on a road takes so much unseen."""

_MODULI = (*(10**digits for digits in range(6, 12)), 2**31, 2**32)
_HOUR_MS = 3_600_000


def begin_of(meter_start_wh: int | None, flow: Flow) -> int | None:
    """The first register: as the start said it, else the reading taken for the begin; never a guess."""
    if meter_start_wh is not None and meter_start_wh >= 0:
        return meter_start_wh
    return None if flow.begin is None else flow.begin.register_wh


def is_placeholder(begin: Point, flow: Flow, then: Point) -> bool:
    """Whether a begin of 0 is not believed: the first reading, `then` if there was none, is too far above it."""
    if begin[1]:
        return False
    first = next(((at, wh) for at, wh, _, _ in flow.registers.kept if wh), then)
    return first[1] > MOST_FROM_ZERO_WH or not is_reachable(begin, first)


def metered(ends: Ends) -> Metered | Doubt:
    """The energy by the first rule that fits."""
    begin_wh, points, stop_wh = _cleaned(ends)
    # A register that never left 0 is none, where something else says that energy flowed.
    is_silent = not (begin_wh or stop_wh or any(wh for _, wh in points))
    estimated = _without_registers(ends) if is_silent else None
    found = estimated or _with_registers(ends, points, begin_wh, stop_wh)
    if ends.changes and estimated is None:
        found = _over_changes(ends, points, begin_wh, stop_wh, plain=found)
    if isinstance(found, Metered) and found.energy_wh > most_energy_wh(ends.ended_at - ends.started_at):
        return Doubt(cause="energy-implausible", detail=f"{found.energy_wh} Wh in {ends.ended_at - ends.started_at}")
    return found


def _cleaned(ends: Ends) -> tuple[int | None, list[Point], int | None]:
    """Begin, what was read in between, and stop; without the zeros of totals that were reset at the end."""
    first_ms, last_ms = ms_of(ends.started_at), ms_of(ends.ended_at)
    rows = ends.flow.registers.kept
    points = [(at, wh) for at, wh, _, _ in rows if wh is not None and first_ms <= at <= last_ms]
    begin_wh, stop_wh = begin_of(ends.begin_wh, ends.flow), ends.stop_wh
    if not stop_wh and not ends.changes and (begin_wh or any(wh for _, wh in points)):
        while points and points[-1][1] == 0:
            points.pop()
        return begin_wh, points, None
    if stop_wh is not None:
        points = [each for each in points if each[0] < last_ms]
    return begin_wh, points, stop_wh


def _with_registers(ends: Ends, points: list[Point], begin_wh: int | None, stop_wh: int | None) -> Metered | Doubt:
    if begin_wh is None and not points:
        return Doubt(cause="register-missing", detail=f"begin None Wh, end {stop_wh} Wh")
    told_begin, told_end = _told(ends, begin_wh, stop_wh)
    begin, rule = _first(told_begin, points, told_end)
    if begin is None:
        return Doubt(cause="begin-placeholder", detail=f"begin 0 Wh, end {stop_wh} Wh, {len(points)} readings")
    believed = [each for each in believable(points, begin) if each[0] > begin[0]]
    end = told_end or (believed[-1] if believed else None)
    if end is None:
        return Doubt(cause="register-missing", detail=f"begin {begin_wh} Wh, end None Wh")
    found = _explained(begin, [each for each in believed if each[0] < end[0]], end)
    return replace(found, rule=rule) if isinstance(found, Metered) and rule != "registers" else found


def _over_changes(
    ends: Ends, points: list[Point], begin_wh: int | None, stop_wh: int | None, *, plain: Metered | Doubt
) -> Metered | Doubt:
    told_begin, told_end = _told(ends, begin_wh, stop_wh)
    if told_begin is None and not points:
        return plain
    begin, _ = _first(told_begin, points, told_end)
    if begin is None:
        return plain
    between = [each for each in points if begin[0] < each[0] and (told_end is None or each[0] < told_end[0])]
    # Without a register at its end nobody knows whether a session reached what came after its last reading.
    last_ms = max((at for at, _ in between), default=begin[0]) if told_end is None else told_end[0]
    changes = [each for each in ends.changes if each.fitted_ms <= last_ms]
    return across(begin, between, told_end, changes, plain=plain) if changes else plain


def _told(ends: Ends, begin_wh: int | None, stop_wh: int | None) -> tuple[Point | None, Point | None]:
    """The registers that the start and the stop named, with their times."""
    begin = None if begin_wh is None else (ms_of(ends.started_at), begin_wh)
    return begin, None if stop_wh is None else (ms_of(ends.ended_at), stop_wh)


def _first(told: Point | None, points: Sequence[Point], end: Point | None) -> tuple[Point | None, str]:
    """From where the session counts, and by which rule; None where a begin of 0 is neither believed nor replaced."""
    if told is None:
        return points[0], "begin-missing"
    read = next((each for each in points if each[1] > 0), None)
    then = read or end
    if told[1] > 0 or then is None:
        return told, "registers"
    if is_reachable(told, then):
        return (told, "registers") if then[1] <= MOST_FROM_ZERO_WH else (None, "")
    # citrineos-core#1060: an offline begin of 0 billed a lifetime register.
    return read, "begin-placeholder"


def _explained(begin: Point, points: list[Point], end: Point) -> Metered | Doubt:
    if end[1] < begin[1]:
        return _rolled_over(begin, points, end) or _reset(begin, points, end) or _negative(begin, end)
    below = [wh for _, wh in points if wh < begin[1]]
    if below and len(below) == len(points) and begin[1] + max(below) <= end[1]:
        shifted = [(at, begin[1] + wh) for at, wh in points]
        return _rising(begin, shifted, end, "session-relative")
    if below and max(wh for _, wh in points) > end[1]:
        detail = f"{max(wh for _, wh in points)} Wh, then {min(below)} Wh, at the end {end[1]} Wh"
        return Doubt(cause="register-fell", detail=detail)
    return _rising(begin, points, end, "registers")


def _negative(begin: Point, end: Point) -> Doubt:
    # Stations reboot and count from zero again; what no rule explains may not reach billing.
    return Doubt(cause="energy-negative", detail=f"{begin[1]} Wh to {end[1]} Wh")


def _rising(begin: Point, points: Iterable[Point], end: Point, rule: str) -> Metered:
    curve = rise(begin, points, end)
    return _metered(begin, end, rule, [(at, wh - begin[1]) for at, wh in curve], end[1] - begin[1])


def _metered(begin: Point, end: Point, rule: str, points: Sequence[Point], energy_wh: int) -> Metered:
    return Metered(
        energy_wh=energy_wh,
        begin_wh=begin[1],
        stop_wh=end[1],
        rule=rule,
        points=tuple(points),
        begin_ms=begin[0],
    )


def _fall(begin: Point, points: Sequence[Point], end: Point) -> tuple[list[Point], list[Point]] | None:
    """What was read before the one fall of the register, and after it; None where it fell more than once."""
    walk = [begin, *points, end]
    falls = [place for place, (one, other) in enumerate(pairwise(walk), start=1) if other[1] < one[1]]
    return (walk[: falls[0]], walk[falls[0] :]) if len(falls) == 1 else None


def _rolled_over(begin: Point, points: Sequence[Point], end: Point) -> Metered | None:
    halves = _fall(begin, points, end)
    if halves is None:
        return None
    before, after = halves
    last, first = before[-1], after[0]
    for modulus in _MODULI:
        if last[1] < modulus and is_reachable(last, (first[0], first[1] + modulus)):
            energies = [(at, wh - begin[1]) for at, wh in before]
            energies += [(at, wh + modulus - begin[1]) for at, wh in after]
            return _metered(begin, end, "rollover", energies, energies[-1][1])
    return None


def _reset(begin: Point, points: Sequence[Point], end: Point) -> Metered | None:
    halves = _fall(begin, points, end)
    if halves is None or len(halves[1]) < 2:
        return None
    before, after = halves
    last, first = before[-1], after[0]
    if not is_reachable((last[0], 0), first):
        return None
    delivered = last[1] - begin[1]
    energies = [(at, wh - begin[1]) for at, wh in before]
    energies += [(at, delivered + wh - first[1]) for at, wh in after]
    hole = Hole(cause="meter-reset", from_ms=last[0], from_wh=last[1], to_ms=first[0], to_wh=first[1])
    return replace(_metered(begin, end, "meter-reset", energies, energies[-1][1]), holes=(hole,))


def _without_registers(ends: Ends) -> Metered | None:
    """From intervals, else from power; None where neither says that anything flowed."""
    started_ms, ended_ms = ms_of(ends.started_at), ms_of(ends.ended_at)
    intervals = [each for each in ends.flow.intervals if started_ms < each[0] <= ended_ms]
    powers = [(at, power) for at, _, power, _ in ends.flow.powers.kept if power is not None and at <= ended_ms]
    points: list[Point] = [(started_ms, 0)]
    if intervals:
        for at, wh in intervals:
            points.append((at, points[-1][1] + wh))
    else:
        points.extend(_integrated(powers, ended_ms))
    energy_wh = points[-1][1]
    if not energy_wh:
        return None
    rule = "intervals" if intervals else "power-integrated"
    return _metered((started_ms, 0), (ended_ms, energy_wh), rule, points, energy_wh)


def _integrated(powers: Sequence[Point], ended_ms: int) -> Iterable[Point]:
    """Power holds until the next reading; each sum is rounded down to whole Wh, so that none is counted twice."""
    sum_w_ms = 0
    for (at, power), (until, _) in pairwise([*powers, (ended_ms, 0)]):
        sum_w_ms += max(0, power) * (until - at)
        yield until, sum_w_ms // _HOUR_MS
