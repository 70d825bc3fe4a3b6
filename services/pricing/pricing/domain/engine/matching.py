"""Whether a tariff element's restrictions hold in a stretch, and how to say so."""

from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from ev_contracts.common import ReservationRestriction
from pricing.domain.engine.session import Flow, Stretch
from pricing.domain.engine.tariff import END_OF_DAY_S, Exact, Restrictions

_DAYS = ("", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_WORDS = {
    ReservationRestriction.RESERVATION: "of the reservation",
    ReservationRestriction.RESERVATION_EXPIRES: "of a reservation that expired",
}


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


def words_of(restrictions: Restrictions | None) -> str:
    """What has to hold, as a driver would say it; empty where nothing has to."""
    if restrictions is None:
        return ""
    told = [f"tariff {restrictions.tariff_id}" if restrictions.tariff_id else ""]
    told.append(_WORDS.get(restrictions.reservation, "") if restrictions.reservation else "")
    if restrictions.min_idle_s is not None:
        told.append(f"idle for {plain(restrictions.min_idle_s, 60)} min and more")
    told += [_hours(restrictions), _dates(restrictions), _instants(restrictions)]
    told.append(" or ".join(_DAYS[day] for day in sorted(restrictions.weekdays)))
    told.append(_bounds(restrictions.min_energy_wh, restrictions.max_energy_wh, 1_000, "kWh"))
    told.append(_bounds(restrictions.min_power_w, restrictions.max_power_w, 1_000, "kW"))
    told.append(_bounds(restrictions.min_current_ma, restrictions.max_current_ma, 1_000, "A"))
    told.append(_bounds(restrictions.min_duration_s, restrictions.max_duration_s, 60, "min"))
    return ", ".join(each for each in told if each)


def _hours(restrictions: Restrictions) -> str:
    start, end = restrictions.start_time_s, restrictions.end_time_s
    told = [f"from {_clock(start)}" if start is not None else "", f"until {_clock(end)}" if end is not None else ""]
    return " ".join(each for each in told if each)


def _instants(restrictions: Restrictions) -> str:
    start, end = restrictions.holds_from_at, restrictions.holds_until_at
    told = [f"from {start:%Y-%m-%d %H:%M} UTC" if start else "", f"until {end:%H:%M} UTC" if end else ""]
    return " ".join(each for each in told if each)


def _clock(second_of_day: int) -> str:
    return f"{second_of_day // 3_600:02}:{second_of_day // 60 % 60:02}"


def _dates(restrictions: Restrictions) -> str:
    start, end = restrictions.start_date, restrictions.end_date
    told = [f"from {start}" if start else "", f"before {end}" if end else ""]
    return " ".join(each for each in told if each)


def _bounds(low: Exact | None, high: Exact | None, per_large: int, unit: str) -> str:
    told = [
        f"from {plain(low, per_large)} {unit}" if low is not None else "",
        f"below {plain(high, per_large)} {unit}" if high is not None else "",
    ]
    return " ".join(each for each in told if each)


def plain(number: Exact, per_large: int = 1) -> str:
    """As a decimal of at most six places, half-even, without zeros at the end."""
    if isinstance(number, int) and per_large == 1:
        return str(number)
    scaled = round(Fraction(number) * 10**6 / per_large)
    return f"{Decimal(scaled).scaleb(-6).normalize():f}"
