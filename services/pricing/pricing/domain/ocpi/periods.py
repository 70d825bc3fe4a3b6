"""OCPI's charging periods as the engine's stretches; the sender has split them at every price already."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from zoneinfo import ZoneInfo

from pricing.domain.engine.cuts import whole
from pricing.domain.engine.session import Flow, Session, Stretch
from pricing.domain.engine.tariff import Exact
from pricing.domain.ocpi.reading import Node
from pricing.domain.ocpi.tariffs import Version

_W_PER_WH_S = 3_600
_PRINT_NOISE_H = Fraction(1, 2_000)
"""Hours printed with three digits are this far off at most."""


class Dimension(StrEnum):
    """OCPI's CdrDimensionType."""

    CURRENT = "CURRENT"
    ENERGY = "ENERGY"
    ENERGY_EXPORT = "ENERGY_EXPORT"
    ENERGY_IMPORT = "ENERGY_IMPORT"
    MAX_CURRENT = "MAX_CURRENT"
    MIN_CURRENT = "MIN_CURRENT"
    MAX_POWER = "MAX_POWER"
    MIN_POWER = "MIN_POWER"
    PARKING_TIME = "PARKING_TIME"
    POWER = "POWER"
    RESERVATION_TIME = "RESERVATION_TIME"
    STATE_OF_CHARGE = "STATE_OF_CHARGE"
    TIME = "TIME"


_SIGNED = frozenset({Dimension.ENERGY, Dimension.CURRENT, Dimension.POWER, Dimension.MIN_POWER, Dimension.MIN_CURRENT})
"""What may flow back into the grid."""

Volumes = Mapping[Dimension, Decimal]


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """One charging period, with its end."""

    node: Node
    start: datetime
    end: datetime
    volumes: Volumes
    tariff_id: str | None = None


def read_periods(node: Node, version: Version) -> Sequence[Period]:
    """Of a session or a CDR, in order. Raises BadInput, also for periods that overlap or outlast it."""
    start, end = node.need("start_date_time").instant(), node.need("end_date_time")
    finish = end.instant()
    if finish < start:
        end.fail("ends before it starts")
    nodes = list(node.need("charging_periods").items(at_most=100_000))
    starts = [each.need("start_date_time") for each in nodes]
    previous = start
    for each in starts:
        if not previous <= each.instant() <= finish:
            each.fail("before the one it follows, or outside of the session")
        previous = each.instant()
    ends = [*(each.instant() for each in starts[1:]), finish][: len(starts)]  # a session may have no period yet
    return [
        _period(each, begun.instant(), until, version) for each, begun, until in zip(nodes, starts, ends, strict=True)
    ]


def named_by(periods: Sequence[Period], tariffs: Node) -> Sequence[Node]:
    """Those that a period names, that of the first period first; where none does, the first. Raises BadInput."""
    told = list(tariffs.items(at_least=1, at_most=1_000))
    named = list(dict.fromkeys(period.tariff_id for period in periods if period.tariff_id is not None))
    if len(told) == 1 or not named:
        return told[:1]
    by_id = {each.need("id").text(): each for each in told}
    for period in periods:
        if period.tariff_id is not None and period.tariff_id not in by_id:
            period.node.need("tariff_id").fail(f"{period.tariff_id!r} is none of the tariffs here")
    return [by_id[each] for each in named]


def _period(node: Node, start: datetime, end: datetime, version: Version) -> Period:
    tariff_id = node.get("tariff_id")
    return Period(
        node=node,
        start=start,
        end=end,
        volumes=_volumes(node, version),
        tariff_id=None if tariff_id is None else tariff_id.text(),
    )


def _volumes(node: Node, version: Version) -> Volumes:
    found: dict[Dimension, Decimal] = {}
    for each in node.need("dimensions").items():
        kind = each.need("type")
        if version is Version.V230 and kind.text() not in set(Dimension):
            continue  # an open enum: what is not known must not be refused
        dimension = kind.choice(Dimension)
        if dimension in found:
            kind.fail(f"{dimension} stands twice in one period")
        found[dimension] = each.need("volume").number(at_least=None if dimension in _SIGNED else 0)
    return found


def session_of_periods(node: Node, version: Version, time_zone: str, *, expired: bool | None = None) -> Session:
    """The stretches of a session or CDR. Raises BadInput, and ZoneInfoNotFoundError.

    `expired` says that its reservation ran out unused; where nobody says so, a reservation that no other period
    follows did.
    """
    zone = ZoneInfo(time_zone)
    periods = read_periods(node, version)
    reserved = [each for each in periods if Dimension.RESERVATION_TIME in each.volumes]
    used = [each for each in periods if set(each.volumes) - {Dimension.RESERVATION_TIME} or each not in reserved]
    held = node.get("reservation")
    stretches = [_held(each, reserved[0].start, zone) for each in reserved]
    if held is not None and not reserved:
        stretches = [_held_by_times(held, zone)]
    is_expired = expired if expired is not None else bool(stretches) and not used
    stretches += _used(used, zone)
    if not stretches:
        stretches = [Stretch(began_at=node.need("start_date_time").instant().astimezone(zone))]
    return Session(stretches=tuple(stretches), is_expired=is_expired)


def _held(period: Period, since: datetime, zone: ZoneInfo) -> Stretch:
    return Stretch(
        began_at=period.start.astimezone(zone),
        before_s=_seconds_between(since, period.start),
        reserved_s=_time_s(period, Dimension.RESERVATION_TIME),
        is_reservation=True,
        tariff_id=period.tariff_id,
    )


def _held_by_times(held: Node, zone: ZoneInfo) -> Stretch:
    start, end = held.need("start_date_time"), held.need("end_date_time")
    if end.instant() < start.instant():
        end.fail("ends before it starts")
    return Stretch(
        began_at=start.instant().astimezone(zone),
        reserved_s=_seconds_between(start.instant(), end.instant()),
        is_reservation=True,
    )


def _used(periods: Sequence[Period], zone: ZoneInfo) -> Iterator[Stretch]:
    before_wh: Exact = 0
    for period in periods:
        energy_wh = whole(Fraction(period.volumes.get(Dimension.ENERGY, Decimal())) * 1_000)
        yield Stretch(
            began_at=period.start.astimezone(zone),
            before_s=_seconds_between(periods[0].start, period.start),
            before_wh=before_wh,
            energy_wh=energy_wh,
            charging_s=_time_s(period, Dimension.TIME),
            parking_s=_time_s(period, Dimension.PARKING_TIME),
            power_w=_flow(period.volumes, "POWER") or _mean_power(period, energy_wh),
            current_ma=_flow(period.volumes, "CURRENT"),
            tariff_id=period.tariff_id,
        )
        before_wh = whole(Fraction(before_wh) + energy_wh)


def _seconds_between(start: datetime, end: datetime) -> Exact:
    return whole(Fraction((end - start) // timedelta(microseconds=1), 10**6))


def _time_s(period: Period, dimension: Dimension) -> Exact:
    """Hours are printed with few digits: where the clock agrees as far as they go, it counts; else a whole second."""
    hours = period.volumes.get(dimension)
    if not hours:
        return 0
    by_clock = _seconds_between(period.start, period.end)
    if abs(Fraction(hours) - Fraction(by_clock) / 3_600) <= _PRINT_NOISE_H:
        return by_clock
    seconds = Fraction(hours) * 3_600
    noise = Fraction(3_600, 2 * 10 ** max(4, -int(hours.as_tuple().exponent)))
    return round(seconds) if abs(seconds - round(seconds)) <= noise else seconds


def _flow(volumes: Volumes, name: str) -> Flow | None:
    """The least and the most of it, in thousandths; one alone stands for both."""
    told = [volumes.get(Dimension(f"{edge}{name}")) for edge in ("MIN_", "", "MAX_")]
    known = [Fraction(each) * 1_000 for each in told if each is not None]
    return Flow(low=whole(known[0]), high=whole(known[-1])) if known else None


def _mean_power(period: Period, energy_wh: Exact) -> Flow | None:
    lasted_s = _seconds_between(period.start, period.end)
    if not lasted_s:
        return None
    mean = whole(Fraction(energy_wh) * _W_PER_WH_S / lasted_s)
    return Flow(low=mean, high=mean)
