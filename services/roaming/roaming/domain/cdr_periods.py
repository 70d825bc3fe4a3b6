"""A rated session's charging periods as OCPI has them; their volumes sum to the session's."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from ev_contracts.common import ChargingPeriod, PeriodKind, PricedPeriod, Rating, SessionFacts
from roaming.domain.ocpi import date_time, number

_WITHHELD = "EVSE"
_TENTH_WH = Decimal("0.1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """How long the session lasted in all, and how long its vehicle requested no power."""

    session: timedelta
    parked: timedelta


def periods_of(rating: Rating, session: SessionFacts) -> tuple[PricedPeriod, ...]:
    """Where the rating tells none, the session's own; OCPI wants one at least."""
    return rating.periods or tuple(_told(session))


def _told(session: SessionFacts) -> Iterator[PricedPeriod]:
    """A session without any is one that did not charge, or all the while."""
    whole = ChargingPeriod(
        started_at=session.started_at, ended_at=session.ended_at, charging=session.energy_wh > 0,
        energy_wh=session.energy_wh,
    )  # fmt: skip
    for each in session.periods or (whole,):
        # OCPI 2.3.0, PARKING_TIME: the vehicle requests no power. Where it is withheld, charging goes on.
        charges = each.charging or each.suspended_by == _WITHHELD
        yield PricedPeriod(
            started_at=each.started_at, ended_at=each.ended_at, energy_wh=Decimal(each.energy_wh),
            kind=PeriodKind.TIME if charges else PeriodKind.PARKING_TIME,
        )  # fmt: skip


def times_of(periods: tuple[PricedPeriod, ...], session: SessionFacts) -> Times:
    """`total_time` is the session's; a reservation is none of it."""
    parked = sum((_lasted(each) for each in periods if each.kind is PeriodKind.PARKING_TIME), start=timedelta())
    return Times(session=session.ended_at - session.started_at, parked=parked)


def period_objects(periods: tuple[PricedPeriod, ...], tariff_id: str) -> Iterator[dict[str, object]]:
    """OCPI's numbers have four decimals: each period tells what the sum has grown by, so that none is lost."""
    so_far = Decimal()
    for each in periods:
        before, so_far = so_far, so_far + each.energy_wh
        energy_wh = so_far.quantize(_TENTH_WH) - before.quantize(_TENTH_WH)
        yield {
            "start_date_time": date_time(each.started_at),
            "dimensions": list(_dimensions(each, energy_wh)),
            "tariff_id": tariff_id,
        }


def _dimensions(period: PricedPeriod, energy_wh: Decimal) -> Iterator[dict[str, object]]:
    if energy_wh or period.kind is PeriodKind.TIME:
        yield {"type": "ENERGY", "volume": number(energy_wh / 1000)}
    yield {"type": period.kind.value, "volume": hours(_lasted(period))}
    for name, value in (
        ("MIN_POWER", period.min_power_w), ("MAX_POWER", period.max_power_w),
        ("MIN_CURRENT", period.min_current_ma), ("MAX_CURRENT", period.max_current_ma),
    ):  # fmt: skip
        if value is not None:
            yield {"type": name, "volume": number(Decimal(value) / 1000)}


def _lasted(period: PricedPeriod) -> timedelta:
    return period.ended_at - period.started_at


def hours(duration: timedelta) -> Decimal:
    """With OCPI's four decimals."""
    return number(Decimal(duration // timedelta(milliseconds=1)) / 3_600_000)


def began_at(periods: tuple[PricedPeriod, ...], session: SessionFacts) -> datetime:
    """OCPI, CDR.start_date_time: of the session, or of the reservation before it."""
    return min(session.started_at, periods[0].started_at)
