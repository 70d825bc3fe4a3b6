"""A session as the ledger tells it, cut at every instant at which a price of this tariff could change."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from operator import attrgetter
from zoneinfo import ZoneInfo

from ev_contracts.common import ChargingPeriod, MeterPoint, ReservationFacts, SessionFacts
from pricing.domain.engine.cuts import MS, Register, clock_cuts, whole
from pricing.domain.engine.session import Flow, Session, Stretch
from pricing.domain.engine.tariff import Candidates, Exact, Restrictions, Tariff

EVSE = "EVSE"
_MA_PER_TENTH = 100
_W_PER_WH_MS = 3_600_000


def session_of(facts: SessionFacts, tariff: Tariff, time_zone: str) -> Session:
    """The stretches of the session and of its reservation. Raises ZoneInfoNotFoundError.

    Energy is linear between the points of the curve, without one within each period; power and current hold until the
    next point, and where no power was told it is the mean until then.
    """
    zone = ZoneInfo(time_zone)
    is_expired = facts.reservation is not None and facts.reservation.expired
    stretches = [] if facts.reservation is None else list(reserved_stretches(facts.reservation, tariff, zone))
    if not (is_expired and not facts.periods and not facts.energy_wh):
        stretches += _used(facts, tariff, zone)
    return Session(stretches=tuple(stretches), is_expired=is_expired)


def _periods(facts: SessionFacts) -> Sequence[ChargingPeriod]:
    """A session of which no period is told charged all the while, or never."""
    if facts.periods:
        # Whoever tells them out of order tells the same session.
        return sorted(facts.periods, key=attrgetter("started_at", "ended_at"))
    whole_of_it = ChargingPeriod(
        started_at=facts.started_at,
        ended_at=facts.ended_at,
        charging=facts.energy_wh > 0,
        energy_wh=facts.energy_wh,
    )
    return (whole_of_it,)


def _used(facts: SessionFacts, tariff: Tariff, zone: ZoneInfo) -> Iterator[Stretch]:
    periods = _periods(facts)
    if not tariff.restrictions:
        return _uncut(facts, periods, zone)
    return _cut(_Course.of(facts, periods), tariff.restrictions, zone)


def _restrictions_of(candidates: Candidates) -> Sequence[Restrictions]:
    return [each.restrictions for some in candidates.values() for each in some if each.restrictions is not None]


def _uncut(facts: SessionFacts, periods: Sequence[ChargingPeriod], zone: ZoneInfo) -> Iterator[Stretch]:
    """Nothing is restricted, so the periods are enough; their energy need not add up where a curve tells it better."""
    local = facts.started_at.astimezone(zone)
    told = sum(period.energy_wh for period in periods)
    for number, period in enumerate(periods):
        lasted_s = _seconds((period.ended_at - period.started_at) // MS)
        rest = facts.energy_wh - told if number == len(periods) - 1 else 0
        is_charging = is_charging_time(period)
        yield Stretch(
            began_at=local,
            energy_wh=period.energy_wh + rest,
            charging_s=lasted_s if is_charging else 0,
            parking_s=0 if is_charging else lasted_s,
        )


def is_charging_time(period: ChargingPeriod) -> bool:
    """OCPI 2.3.0, PARKING_TIME: the vehicle requests no power. Where the station withholds it, charging goes on."""
    return period.charging or period.suspended_by == EVSE


def _seconds(ms: Exact) -> Exact:
    return whole(Fraction(ms, 1_000)) if ms % 1_000 else ms // 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Course:
    """A session as lines over ms since its start."""

    start: datetime
    begin_ms: int = 0
    """Where it is to be cut from: all of a session, or what is new of one that runs."""
    end_ms: int
    period_ms: Sequence[int]
    """Where each period begins, rising."""
    charging: Sequence[bool]
    idle_ms: Sequence[int]
    """Where each idle spell begins, rising."""
    register: Register
    curve: Sequence[MeterPoint]
    curve_ms: Sequence[int]

    @classmethod
    def of(cls, facts: SessionFacts, periods: Sequence[ChargingPeriod]) -> "_Course":
        start = facts.started_at
        end_ms = (facts.ended_at - start) // MS
        curve = sorted(facts.curve, key=attrgetter("at", "energy_wh"))
        curve_ms = [(point.at - start) // MS for point in curve]
        if curve:
            points = {ms: point.energy_wh for ms, point in zip(curve_ms, curve, strict=True)}
        else:
            points = _points_of(periods, start)
        points.setdefault(0, 0)
        # What was counted is billed, whatever the curve says last.
        points[max(end_ms, *points)] = facts.energy_wh
        at_ms = sorted(points)
        return cls(
            start=start,
            end_ms=end_ms,
            period_ms=[(period.started_at - start) // MS for period in periods],
            charging=[is_charging_time(period) for period in periods],
            idle_ms=[(spell.started_at - start) // MS for spell in _idle_spells(periods)],
            register=Register(at_ms=at_ms, energy_wh=[points[ms] for ms in at_ms]),
            curve=curve,
            curve_ms=curve_ms,
        )


def _idle_spells(periods: Sequence[ChargingPeriod]) -> Iterator[ChargingPeriod]:
    """The first period of each: one that lasts nothing ends no spell."""
    was_idle = False
    for period in periods:
        is_idle = not is_charging_time(period)
        if is_idle and not was_idle:
            yield period
        if is_idle or period.ended_at > period.started_at:
            was_idle = is_idle


def _points_of(periods: Sequence[ChargingPeriod], start: datetime) -> dict[int, int]:
    points, energy_wh = {}, 0
    for period in periods:
        points[(period.started_at - start) // MS] = energy_wh
        energy_wh += period.energy_wh
        points[(period.ended_at - start) // MS] = energy_wh
    return points


def _cut(course: _Course, restrictions: Sequence[Restrictions], zone: ZoneInfo) -> Iterator[Stretch]:
    cuts: set[Exact] = {course.begin_ms, course.end_ms, *course.period_ms}
    asks_for_flow = any(each.asks_for_flow for each in restrictions)
    if asks_for_flow:
        cuts |= set(course.register.at_ms)
    cuts |= set(_clock_ms(course.start, course.end_ms, restrictions, zone))
    cuts |= {whole(second * 1_000) for each in restrictions for second in each.durations_s}
    crossed = (course.register.reaches(energy) for each in restrictions for energy in each.energies_wh)
    cuts |= {moment for moment in crossed if moment is not None}
    graces = {each.min_idle_s for each in restrictions if each.min_idle_s is not None}
    cuts |= {begun + grace * 1_000 for begun in course.idle_ms for grace in graces}
    within = sorted(cut for cut in cuts if course.begin_ms <= cut <= course.end_ms)
    if len(within) == 1:
        within *= 2  # a session without duration is one stretch, and its energy is in it
    for left, right in pairwise(within):
        yield _stretch(course, left, right, zone, asks_for_flow=asks_for_flow)


def _clock_ms(start: datetime, end_ms: int, restrictions: Sequence[Restrictions], zone: ZoneInfo) -> Iterator[int]:
    times = {second for each in restrictions for second in each.times_s}
    for cut in clock_cuts(start, start + end_ms * MS, zone, times):
        yield (cut - start) // MS
    yield from ((instant - start) // MS for each in restrictions for instant in each.instants)


def _stretch(course: _Course, left: Exact, right: Exact, zone: ZoneInfo, *, asks_for_flow: bool) -> Stretch:
    before = course.register.at(left) if left else 0
    after = course.register.energy_wh[-1] if right == course.end_ms else course.register.at(right)
    is_charging = course.charging[max(0, bisect_right(course.period_ms, left) - 1)]
    lasted_s = _seconds(right - left)
    idle_since = course.idle_ms[bisect_right(course.idle_ms, left) - 1] if not is_charging and course.idle_ms else None
    return Stretch(
        began_at=(course.start + timedelta(microseconds=int(left * 1_000))).astimezone(zone),
        before_s=_seconds(left),
        before_wh=before,
        energy_wh=whole(after - before),
        charging_s=lasted_s if is_charging else 0,
        parking_s=0 if is_charging else lasted_s,
        power_w=_power(course, left, right, after - before) if asks_for_flow else None,
        current_ma=_current(course, left) if asks_for_flow else None,
        idle_s=None if idle_since is None else _seconds(left - idle_since),
    )


def _power(course: _Course, left: Exact, right: Exact, energy_wh: Exact) -> Flow | None:
    point = _point_at(course, left)
    if point is not None and point.power_w is not None:
        return Flow(low=point.power_w, high=point.power_w)
    if right == left:
        return None
    mean = Fraction(energy_wh) * _W_PER_WH_MS / (right - left)
    return Flow(low=mean, high=mean)


def _current(course: _Course, left: Exact) -> Flow | None:
    point = _point_at(course, left)
    if point is None or point.current_a_tenths is None:
        return None
    current_ma = point.current_a_tenths * _MA_PER_TENTH
    return Flow(low=current_ma, high=current_ma)


def _point_at(course: _Course, moment_ms: Exact) -> MeterPoint | None:
    """The point that holds then."""
    right = bisect_right(course.curve_ms, moment_ms)
    return course.curve[right - 1] if right else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """A part of a session that runs, in which one kind of time does: from what is known to the next that is."""

    start: datetime
    """Of the session."""
    began_at: datetime
    ended_at: datetime
    before_wh: Exact
    after_wh: Exact
    is_charging: bool
    idle_since: datetime | None = None
    point: MeterPoint
    """What holds while it lasts."""


def stretches_of(leg: Leg, tariff: Tariff, zone: ZoneInfo) -> Sequence[Stretch]:
    """The leg cut as it will be cut once the session is over."""
    begin_ms, end_ms = (leg.began_at - leg.start) // MS, (leg.ended_at - leg.start) // MS
    if not tariff.restrictions:
        return (_whole(leg, end_ms - begin_ms, zone),)
    course = _Course(
        start=leg.start,
        begin_ms=begin_ms,
        end_ms=end_ms,
        period_ms=[begin_ms],
        charging=[leg.is_charging],
        idle_ms=[] if leg.idle_since is None else [(leg.idle_since - leg.start) // MS],
        register=Register(at_ms=[begin_ms, end_ms], energy_wh=[leg.before_wh, leg.after_wh]),
        curve=(leg.point,),
        curve_ms=[begin_ms],
    )
    return tuple(_cut(course, tariff.restrictions, zone))


def _whole(leg: Leg, lasted_ms: int, zone: ZoneInfo) -> Stretch:
    lasted_s = _seconds(lasted_ms)
    return Stretch(
        began_at=leg.began_at.astimezone(zone),
        energy_wh=whole(leg.after_wh - leg.before_wh),
        charging_s=lasted_s if leg.is_charging else 0,
        parking_s=0 if leg.is_charging else lasted_s,
    )


def reserved_stretches(held: ReservationFacts, tariff: Tariff, zone: ZoneInfo) -> Iterator[Stretch]:
    """The reservation; its time counts from where it began."""
    start, end_ms = held.started_at, (held.ended_at - held.started_at) // MS
    restrictions = _restrictions_of(tariff.of_expired)
    cuts: set[Exact] = {0, end_ms, *_clock_ms(start, end_ms, restrictions, zone)}
    cuts |= {whole(second * 1_000) for each in restrictions for second in each.durations_s}
    within = sorted(cut for cut in cuts if 0 <= cut <= end_ms)
    for left, right in pairwise(within if len(within) > 1 else within * 2):
        yield Stretch(
            began_at=(start + timedelta(microseconds=int(left * 1_000))).astimezone(zone),
            before_s=_seconds(left),
            reserved_s=_seconds(right - left),
            is_reservation=True,
        )
