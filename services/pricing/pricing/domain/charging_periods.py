"""A rated session's charging periods, as its CDR tells them: cut where a price changed, and nowhere else."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from ev_contracts.common import PeriodKind, PricedPeriod, SessionFacts
from pricing.domain.engine.periods import Joined, joined
from pricing.domain.engine.session import Flow, Session
from pricing.domain.engine.tariff import Tariff
from pricing.domain.money import decimal_of


def periods_of(facts: SessionFacts, tariff: Tariff, session: Session) -> Iterator[PricedPeriod]:
    """None where nothing was restricted and nothing reserved: then the facts' own periods are what a CDR needs."""
    if facts.reservation is None and all(each.restrictions is None for each in tariff.order):
        return
    told = list(joined(tariff, session))
    starts = [_began_at(each, facts) for each in told]
    ends = [*starts[1:], facts.ended_at]
    so_far = Fraction()
    for place, (each, started_at, ended_at) in enumerate(zip(told, starts, ends, strict=True)):
        before, so_far = so_far, so_far + each.energy_wh
        is_last_held = each.first.is_reservation and (
            place + 1 == len(told) or not told[place + 1].first.is_reservation
        )
        held_until = facts.reservation.ended_at if is_last_held and facts.reservation else None
        # What the sum has grown by: a bound that it reaches exactly must be reached in the decimals too.
        energy_wh = decimal_of(so_far) - decimal_of(before)
        yield _period(each, energy_wh, started_at, held_until or ended_at)


def _began_at(period: Joined, facts: SessionFacts) -> datetime:
    """To the nearest millisecond: energy may cross a bound between two."""
    is_held = period.first.is_reservation and facts.reservation is not None
    origin = facts.reservation.started_at if is_held and facts.reservation is not None else facts.started_at
    return origin + timedelta(milliseconds=round(Fraction(period.first.before_s) * 1_000))


def _period(period: Joined, energy_wh: Decimal, started_at: datetime, ended_at: datetime) -> PricedPeriod:
    low_w, high_w = _bounds(period.power_w)
    low_ma, high_ma = _bounds(period.current_ma)
    return PricedPeriod(
        started_at=started_at,
        ended_at=ended_at,
        kind=_kind(period),
        energy_wh=energy_wh,
        min_power_w=low_w,
        max_power_w=high_w,
        min_current_ma=low_ma,
        max_current_ma=high_ma,
    )


def _kind(period: Joined) -> PeriodKind:
    if period.first.is_reservation:
        return PeriodKind.RESERVATION_TIME
    return PeriodKind.TIME if period.first.charging_s or not period.first.parking_s else PeriodKind.PARKING_TIME


def _bounds(flow: Flow | None) -> tuple[int | None, int | None]:
    return (None, None) if flow is None else (int(flow.low), int(flow.high))
