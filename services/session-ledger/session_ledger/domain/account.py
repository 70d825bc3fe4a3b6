"""What a session came to: its energy from two registers, its periods from the states told, or the doubt about them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from ev_contracts.common import ChargingPeriod, SessionFacts
from session_ledger.domain.evidence import Evidence, Sample, Told

MOST_POWER_W = 400_000
SLACK_WH = 1_000
"""Registers count in steps and clocks are coarse: this much above what the greatest power gives is still believed."""

_CLOCK_WAS_SET = datetime(2010, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)
_MICROSECOND = timedelta(microseconds=1)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """Why a session's figures are not believed; `cause` is kebab-case."""

    cause: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A part of a session in which one kind of time runs."""

    started_at: datetime
    ended_at: datetime
    charging: bool


def account(span: Span) -> SessionFacts | Doubt:
    """Energy = last register minus first. Never a negative energy, never more than a station can give."""
    if span.started_at < _CLOCK_WAS_SET:
        return Doubt(cause="clock-not-set", detail=f"started at {span.started_at.isoformat()}")
    if span.ended_at < span.started_at:
        return Doubt(cause="ends-before-start", detail=f"{span.started_at.isoformat()} to {span.ended_at.isoformat()}")
    begin_wh, stop_wh = begin_of(span.meter_start_wh, span.evidence), _stop_of(span)
    if begin_wh is None or stop_wh is None:
        return Doubt(cause="register-missing", detail=f"begin {begin_wh} Wh, end {stop_wh} Wh")
    energy_wh = stop_wh - begin_wh
    # Stations reboot and count from zero again, or begin at a placeholder of zero: neither may reach billing.
    if energy_wh < 0:
        return Doubt(cause="energy-negative", detail=f"{begin_wh} Wh to {stop_wh} Wh")
    if energy_wh > most_energy_wh(span.ended_at - span.started_at):
        return Doubt(cause="energy-implausible", detail=f"{energy_wh} Wh in {span.ended_at - span.started_at}")
    return SessionFacts(
        session_id=span.session_id,
        started_at=span.started_at,
        ended_at=span.ended_at,
        energy_wh=energy_wh,
        meter_start_wh=begin_wh,
        meter_stop_wh=stop_wh,
        periods=_periods(span, begin_wh, stop_wh),
    )


def begin_of(meter_start_wh: int | None, evidence: Evidence) -> int | None:
    """The first register: as the start said it, else the reading taken for the begin; never a guess."""
    if meter_start_wh is not None:
        return meter_start_wh
    return None if evidence.begin is None else evidence.begin.register_wh


def _stop_of(span: Span) -> int | None:
    if span.meter_stop_wh is not None:
        return span.meter_stop_wh
    last = span.evidence.last(span.ended_at)
    return None if last is None else last.register_wh


def most_energy_wh(duration: timedelta) -> int:
    """The most that a session of this length can have taken."""
    return MOST_POWER_W * (duration // _SECOND) // 3600 + SLACK_WH


def stretches(started_at: datetime, ended_at: datetime, *, charging: bool, told: Iterable[Told]) -> Sequence[Stretch]:
    """The session cut where the kind of time changes; at least one stretch, though it be empty."""
    cuts = [(started_at, charging)]
    for each in told:
        if started_at <= each.at < ended_at and each.charging != cuts[-1][1]:
            cuts = [cut for cut in cuts if cut[0] < each.at] + [(each.at, each.charging)]
    ends = [*(at for at, _ in cuts[1:]), ended_at]
    return [Stretch(started_at=at, ended_at=end, charging=kind) for (at, kind), end in zip(cuts, ends, strict=True)]


def seconds_by_kind(parts: Iterable[Stretch]) -> tuple[int, int]:
    """Whole seconds of charging and of parking."""
    charging, parking = timedelta(), timedelta()
    for part in parts:
        if part.charging:
            charging += part.ended_at - part.started_at
        else:
            parking += part.ended_at - part.started_at
    return charging // _SECOND, parking // _SECOND


def _periods(span: Span, begin_wh: int, stop_wh: int) -> tuple[ChargingPeriod, ...]:
    parts = stretches(span.started_at, span.ended_at, charging=span.charging, told=span.told)
    energies = [0] * len(parts)
    for before, after in pairwise(_curve(span, begin_wh, stop_wh)):
        for place, energy_wh in enumerate(_shared(parts, before, after)):
            energies[place] += energy_wh
    return tuple(
        ChargingPeriod(started_at=part.started_at, ended_at=part.ended_at, charging=part.charging, energy_wh=energy_wh)
        for part, energy_wh in zip(parts, energies, strict=True)
    )


def _curve(span: Span, begin_wh: int, stop_wh: int) -> Sequence[Sample]:
    """The rising register from begin to end; a sample that falls back or overshoots is passed over."""
    curve = [Sample(at=span.started_at, register_wh=begin_wh)]
    for each in span.evidence.samples:
        if curve[-1].at < each.at < span.ended_at and curve[-1].register_wh <= each.register_wh <= stop_wh:
            curve.append(each)
    return [*curve, Sample(at=span.ended_at, register_wh=stop_wh)]


def _shared(parts: Sequence[Stretch], before: Sample, after: Sample) -> Sequence[int]:
    """The energy between two samples by charging time within each part; whole Wh, summing to the whole."""
    overlaps = [(min(p.ended_at, after.at) - max(p.started_at, before.at)) // _MICROSECOND for p in parts]
    weights = [max(0, overlap) if part.charging else 0 for part, overlap in zip(parts, overlaps, strict=True)]
    if not sum(weights):
        weights = [max(0, overlap) for overlap in overlaps]
    if not sum(weights):
        weights = [0] * (len(parts) - 1) + [1]
    energy_wh, total, reached, shares = after.register_wh - before.register_wh, sum(weights), 0, []
    for weight in weights:
        shares.append(energy_wh * (reached + weight) // total - energy_wh * reached // total)
        reached += weight
    return shares


def amended(facts: SessionFacts, *, ended_at: datetime, meter_stop_wh: int) -> SessionFacts:
    """Closed facts with another end: the last period takes the difference in time and energy."""
    energy_wh = meter_stop_wh - facts.meter_start_wh
    kept = tuple(period for period in facts.periods if period.started_at < ended_at) or facts.periods[:1]
    before_wh = sum(period.energy_wh for period in kept[:-1])
    last = kept[-1].model_copy(update={"ended_at": ended_at, "energy_wh": energy_wh - before_wh})
    changes = {"ended_at": ended_at, "meter_stop_wh": meter_stop_wh, "energy_wh": energy_wh}
    return facts.model_copy(update={**changes, "periods": (*kept[:-1], last)})
