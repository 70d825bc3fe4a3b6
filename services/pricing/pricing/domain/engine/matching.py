"""Whether a tariff element's restrictions hold in a stretch."""

from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from pricing.domain.engine.session import Flow, Stretch
from pricing.domain.engine.tariff import END_OF_DAY_S, Exact, Restrictions


def holds(restrictions: Restrictions, stretch: Stretch) -> bool:
    """All at once; a reservation restriction chooses the stretches beforehand and is not asked here."""
    return (
        _is_within(restrictions.min_energy_wh, stretch.before_wh, restrictions.max_energy_wh)
        and _is_within(restrictions.min_duration_s, stretch.before_s, restrictions.max_duration_s)
        and _flows(restrictions.min_power_w, stretch.power_w, restrictions.max_power_w)
        and _flows(restrictions.min_current_ma, stretch.current_ma, restrictions.max_current_ma)
        and _is_that_day(restrictions, stretch.began_at)
        and _is_that_hour(restrictions, stretch.began_at)
        and _is_idle(restrictions, stretch)
        and restrictions.tariff_id in {None, stretch.tariff_id}
        and (restrictions.holds_from_at is None or restrictions.holds_from_at <= stretch.began_at)
        and (restrictions.holds_until_at is None or stretch.began_at < restrictions.holds_until_at)
    )


def _is_within(low: Exact | None, value: Exact, high: Exact | None) -> bool:
    return (low is None or low <= value) and (high is None or value < high)


def _flows(low: Exact | None, flow: Flow | None, high: Exact | None) -> bool:
    """The whole stretch must lie within; what nobody measured lies nowhere."""
    if low is None and high is None:
        return True
    return flow is not None and (low is None or low <= flow.low) and (high is None or flow.high < high)


def _is_that_day(restrictions: Restrictions, local: datetime) -> bool:
    day = local.date()
    return (
        (not restrictions.weekdays or local.isoweekday() in restrictions.weekdays)
        and (restrictions.start_date is None or restrictions.start_date <= day)
        and (restrictions.end_date is None or day < restrictions.end_date)
    )


def _is_that_hour(restrictions: Restrictions, local: datetime) -> bool:
    start, end = restrictions.start_time_s, restrictions.end_time_s
    if start is None and end is None:
        return True
    now = local.hour * 3_600 + local.minute * 60 + local.second
    start, end = start or 0, END_OF_DAY_S if end is None else end
    # A time of the day that ends before it begins runs over midnight.
    return start <= now < end if start <= end else now >= start or now < end


def _is_idle(restrictions: Restrictions, stretch: Stretch) -> bool:
    if restrictions.min_idle_s is None:
        return True
    return stretch.idle_s is not None and stretch.idle_s >= restrictions.min_idle_s


def plain(number: Exact, per_large: int = 1) -> str:
    """As a decimal of at most six places, half-even, without zeros at the end."""
    if isinstance(number, int) and per_large == 1:
        return str(number)
    scaled = round(Fraction(number) * 10**6 / per_large)
    return f"{Decimal(scaled).scaleb(-6).normalize():f}"
