"""What a session came to: its energy by the registers' rules, its periods from the states told, its curve."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from ev_contracts.common import ChargingPeriod, MeterPoint, SessionFacts
from session_ledger.domain.evidence import Evidence, Told
from session_ledger.domain.metering import Change, Doubt, Ends, Metered, Point, rise
from session_ledger.domain.registers import metered
from session_ledger.domain.rows import Row, ms_of, time_of

NOTHING_PLUGGED_IN = "Timeout"
"""OCPP's reason of a stop where nobody plugged in after a remote start."""

_CLOCK_WAS_SET = datetime(2010, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)
_MICROSECOND = timedelta(microseconds=1)
_MS = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A session between its two ends, with what was told in between; `charging` is how it began."""

    session_id: str
    started_at: datetime
    ended_at: datetime
    charging: bool
    meter_start_wh: int | None
    meter_stop_wh: int | None
    evidence: Evidence
    told: tuple[Told, ...]
    end_reason: str = ""
    changes: tuple[Change, ...] = ()
    """Of the meter, after the start and not after the end."""
    export_changes: tuple[Change, ...] = ()
    """The same changes, by the registers of what was given back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A part of a session in which one kind of time runs."""

    started_at: datetime
    ended_at: datetime
    charging: bool
    suspended_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The facts, and what they rest on."""

    facts: SessionFacts
    metered: Metered
    exported: Metered | None = None


def account(span: Span) -> Account | Doubt:
    """Never a negative energy, never more than a station can give; else the reason why not."""
    if span.started_at < _CLOCK_WAS_SET:
        return Doubt(cause="clock-not-set", detail=f"started at {span.started_at.isoformat()}")
    if span.ended_at < span.started_at:
        return Doubt(cause="ends-before-start", detail=f"{span.started_at.isoformat()} to {span.ended_at.isoformat()}")
    found, exported = metered(ends_of(span)), export_of(span)
    if isinstance(found, Doubt):
        return found
    if isinstance(exported, Doubt):
        return exported
    facts = _facts(span, found)
    return Account(
        facts=facts if exported is None else _with_export(facts, span, exported), metered=found, exported=exported
    )


def export_of(span: Span) -> Metered | Doubt | None:
    """What the vehicle gave back, by the same rules; None where too little was told to say."""
    if not span.evidence.exported.is_told:
        return None
    found = metered(
        Ends(
            started_at=span.started_at,
            ended_at=span.ended_at,
            begin_wh=None,
            stop_wh=None,
            flow=span.evidence.exported,
            changes=span.export_changes,
        )
    )
    if isinstance(found, Metered):
        return found
    return None if found.cause == "register-missing" else Doubt(cause=f"export-{found.cause}", detail=found.detail)


def _with_export(facts: SessionFacts, span: Span, found: Metered) -> SessionFacts:
    parts = [stretch_of(each) for each in facts.periods]
    shares = shared_out(parts, _curve(span, found))
    periods = [
        each.model_copy(update={"energy_export_wh": share_wh})
        for each, share_wh in zip(facts.periods, shares, strict=True)
    ]
    has_register = span.evidence.exported.registers.kept and not found.is_estimated
    return facts.model_copy(
        update={
            "periods": tuple(periods),
            "energy_export_wh": found.energy_wh,
            "export_start_wh": found.begin_wh if has_register else None,
            "export_stop_wh": found.stop_wh if has_register else None,
            "export_rule": found.rule,
        }
    )


def stretch_of(period: ChargingPeriod) -> Stretch:
    """The time of a period, and its kind."""
    return Stretch(
        started_at=period.started_at,
        ended_at=period.ended_at,
        charging=period.charging,
        suspended_by=period.suspended_by,
    )


def ends_of(span: Span) -> Ends:
    """The session as its meter is asked of it."""
    return Ends(
        started_at=span.started_at,
        ended_at=span.ended_at,
        begin_wh=span.meter_start_wh,
        stop_wh=span.meter_stop_wh,
        flow=span.evidence.imported,
        changes=span.changes,
    )


def _facts(span: Span, found: Metered) -> SessionFacts:
    curve = _curve(span, found)
    return SessionFacts(
        session_id=span.session_id,
        started_at=span.started_at,
        ended_at=span.ended_at,
        energy_wh=found.energy_wh,
        meter_start_wh=found.begin_wh,
        meter_stop_wh=found.stop_wh,
        periods=_periods(span, curve, found),
        curve=_told_curve(span, curve),
        energy_is_estimated=found.is_estimated,
        energy_rule=found.rule,
    )


def stretches(started_at: datetime, ended_at: datetime, *, charging: bool, told: Iterable[Told]) -> Sequence[Stretch]:
    """The session cut where the kind of time changes; at least one stretch, though it be empty."""
    cuts: list[tuple[datetime, tuple[bool, str | None]]] = [(started_at, (charging, None))]
    for each in told:
        if started_at <= each.at < ended_at and each.kind != cuts[-1][1]:
            cuts = [cut for cut in cuts if cut[0] < each.at] + [(each.at, each.kind)]
    ends = [*(at for at, _ in cuts[1:]), ended_at]
    return [
        Stretch(started_at=at, ended_at=end, charging=kind[0], suspended_by=kind[1])
        for (at, kind), end in zip(cuts, ends, strict=True)
    ]


def seconds_by_kind(parts: Iterable[Stretch]) -> tuple[int, int]:
    """Whole seconds of charging and of parking."""
    charging, parking = timedelta(), timedelta()
    for part in parts:
        if part.charging:
            charging += part.ended_at - part.started_at
        else:
            parking += part.ended_at - part.started_at
    return charging // _SECOND, parking // _SECOND


def _periods(span: Span, curve: Sequence[Point], found: Metered) -> tuple[ChargingPeriod, ...]:
    plugged_in = found.energy_wh or span.end_reason != NOTHING_PLUGGED_IN
    parts = stretches(span.started_at, span.ended_at, charging=bool(span.charging and plugged_in), told=span.told)
    energies = shared_out(parts, curve)
    return tuple(
        ChargingPeriod(
            started_at=part.started_at,
            ended_at=part.ended_at,
            charging=part.charging,
            energy_wh=energy_wh,
            suspended_by=part.suspended_by,
        )
        for part, energy_wh in zip(parts, energies, strict=True)
    )


def _curve(span: Span, found: Metered) -> Sequence[Point]:
    """The energy from the session's very start to its very end."""
    started_ms, ended_ms = ms_of(span.started_at), ms_of(span.ended_at)
    points = [(max(at, started_ms), wh) for at, wh in found.points]
    if points[0][0] > started_ms:
        points.insert(0, (started_ms, 0))
    if points[-1][0] < ended_ms or len(points) == 1:
        points.append((ended_ms, found.energy_wh))
    return points


def _told_curve(span: Span, curve: Sequence[Point]) -> tuple[MeterPoint, ...]:
    rows = (*span.evidence.imported.powers.kept, *span.evidence.imported.registers.kept)
    measured = {row[0]: row for row in rows if row[2] is not None or row[3] is not None}
    energies = dict(curve)
    started_ms, ended_ms = curve[0][0], curve[-1][0]
    # A reading of power alone is a point too: its energy lies on the line between its neighbours.
    for at in sorted(at for at in measured if started_ms < at < ended_ms and at not in energies):
        energies[at] = on_the_line(curve, at)
    return tuple(_meter_point(at, energies[at], measured.get(at)) for at in sorted(energies))


def _meter_point(at: int, energy_wh: int, row: Row | None) -> MeterPoint:
    return MeterPoint(at=time_of(at), energy_wh=energy_wh, power_w=row and row[2], current_a_tenths=row and row[3])


def on_the_line(curve: Sequence[Point], at: int) -> int:
    """The energy at an instant between two points."""
    place = bisect_left(curve, at, key=lambda point: point[0])
    (before, low), (after, high) = curve[place - 1], curve[place]
    return low + (high - low) * (at - before) // (after - before)


def shared_out(parts: Sequence[Stretch], curve: Sequence[Point]) -> Sequence[int]:
    """The energy of each part; each step of the curve is walked once with the parts that it touches."""
    energies, first = [0] * len(parts), 0
    ends = [ms_of(part.ended_at) for part in parts]
    for before, after in pairwise(curve):
        while first < len(parts) - 1 and ends[first] <= before[0]:
            first += 1
        last = first
        while last < len(parts) - 1 and ends[last] < after[0]:
            last += 1
        for place, energy_wh in enumerate(_shared(parts[first : last + 1], before, after), start=first):
            energies[place] += energy_wh
    return energies


def _shared(parts: Sequence[Stretch], before: Point, after: Point) -> Sequence[int]:
    """The energy between two points by charging time within each part; whole Wh, summing to the whole."""
    if len(parts) == 1:
        return [after[1] - before[1]]
    overlaps = [min(ms_of(p.ended_at), after[0]) - max(ms_of(p.started_at), before[0]) for p in parts]
    weights = [max(0, overlap) if part.charging else 0 for part, overlap in zip(parts, overlaps, strict=True)]
    if not sum(weights):
        weights = [max(0, overlap) for overlap in overlaps]
    if not sum(weights):
        weights = [0] * (len(parts) - 1) + [1]
    energy_wh, total, reached, shares = after[1] - before[1], sum(weights), 0, []
    for weight in weights:
        shares.append(energy_wh * (reached + weight) // total - energy_wh * reached // total)
        reached += weight
    return shares


def amended(facts: SessionFacts, *, ended_at: datetime, meter_stop_wh: int) -> SessionFacts:
    """Closed facts with another end: the last period and the last point take the difference in time and energy."""
    energy_wh = facts.energy_wh + meter_stop_wh - facts.meter_stop_wh
    kept = tuple(period for period in facts.periods if period.started_at < ended_at) or facts.periods[:1]
    shares, left_wh = [], energy_wh
    for period in kept[:-1]:
        shares.append(period.model_copy(update={"energy_wh": min(period.energy_wh, left_wh)}))
        left_wh -= shares[-1].energy_wh
    export_wh = sum(each.energy_export_wh for each in facts.periods) - sum(each.energy_export_wh for each in kept[:-1])
    last = kept[-1].model_copy(update={"ended_at": ended_at, "energy_wh": left_wh, "energy_export_wh": export_wh})
    changes = {"ended_at": ended_at, "meter_stop_wh": meter_stop_wh, "energy_wh": energy_wh}
    curve = [each for each in facts.curve if each.at < ended_at and each.energy_wh <= energy_wh]
    if facts.curve:
        curve.append(MeterPoint(at=ended_at, energy_wh=energy_wh))
    return facts.model_copy(update={**changes, "periods": (*shares, last), "curve": tuple(curve)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What a session came to, in a person's words."""

    started_at: datetime
    ended_at: datetime
    meter_start_wh: int
    meter_stop_wh: int
    energy_wh: int


def by_figures(span: Span, figures: Figures, *, rule: str) -> SessionFacts:
    """A session at a person's figures, with the periods and powers that its station told in that time.

    Of the registers those count that lie between the two that he says; where his energy is not their difference, they
    tell its shape. What was given back stands where a rule explains it.
    """
    span = replace(span, started_at=figures.started_at, ended_at=figures.ended_at)
    found = Metered(
        energy_wh=figures.energy_wh,
        begin_wh=figures.meter_start_wh,
        stop_wh=figures.meter_stop_wh,
        rule=rule,
        points=_shaped(span, figures),
        begin_ms=ms_of(figures.started_at),
    )
    facts, exported = _facts(span, found), export_of(span)
    return _with_export(facts, span, exported) if isinstance(exported, Metered) else facts


def _shaped(span: Span, figures: Figures) -> tuple[Point, ...]:
    begin = (ms_of(figures.started_at), figures.meter_start_wh)
    end = (ms_of(figures.ended_at), figures.meter_stop_wh)
    between_wh = end[1] - begin[1]
    if between_wh <= 0:
        return ((begin[0], 0), (end[0], figures.energy_wh))
    read = [(at, wh) for at, wh, _, _ in span.evidence.imported.registers.kept if wh is not None]
    return tuple((at, figures.energy_wh * (wh - begin[1]) // between_wh) for at, wh in rise(begin, read, end))


def restated(facts: SessionFacts, figures: Figures, *, rule: str) -> SessionFacts:
    """The facts with these figures: periods and curve are cut to the new times, and share the new energy as the old."""
    if figures == _figures_of(facts):
        return facts
    started_at, ended_at, energy_wh = figures.started_at, figures.ended_at, figures.energy_wh
    whole = ChargingPeriod(started_at=started_at, ended_at=ended_at, charging=True, energy_wh=facts.energy_wh)
    within = [each for each in facts.periods if each.ended_at > started_at and each.started_at < ended_at] or [whole]
    total_wh, reached, periods = sum(each.energy_wh for each in within), 0, []
    for place, period in enumerate(within):
        is_last = place == len(within) - 1
        share_wh = energy_wh * period.energy_wh // total_wh if total_wh else 0
        share_wh = energy_wh - reached if is_last else share_wh
        reached += share_wh
        times = {
            "started_at": started_at if place == 0 else period.started_at,
            "ended_at": ended_at if is_last else period.ended_at,
        }
        periods.append(period.model_copy(update={**times, "energy_wh": share_wh}))
    export_wh = sum(each.energy_export_wh for each in facts.periods) - sum(each.energy_export_wh for each in periods)
    periods[-1] = periods[-1].model_copy(update={"energy_export_wh": periods[-1].energy_export_wh + export_wh})
    return facts.model_copy(
        update={
            "started_at": started_at,
            "ended_at": ended_at,
            "meter_start_wh": figures.meter_start_wh,
            "meter_stop_wh": figures.meter_stop_wh,
            "energy_wh": energy_wh,
            "periods": tuple(periods),
            "curve": _restated_curve(facts, figures),
            "energy_is_estimated": False,
            "energy_rule": rule,
        }
    )


def _figures_of(facts: SessionFacts) -> Figures:
    return Figures(
        started_at=facts.started_at,
        ended_at=facts.ended_at,
        meter_start_wh=facts.meter_start_wh,
        meter_stop_wh=facts.meter_stop_wh,
        energy_wh=facts.energy_wh,
    )


def _restated_curve(facts: SessionFacts, figures: Figures) -> tuple[MeterPoint, ...]:
    inner = [each for each in facts.curve if figures.started_at < each.at < figures.ended_at]
    old_wh = facts.energy_wh
    scaled = [
        each.model_copy(update={"energy_wh": figures.energy_wh * each.energy_wh // old_wh if old_wh else 0})
        for each in inner
    ]
    first = MeterPoint(at=figures.started_at, energy_wh=0)
    return (first, *scaled, MeterPoint(at=figures.ended_at, energy_wh=figures.energy_wh))
