"""When a tariff element is active, as a driver would say it, in each language."""

from pricing.domain.engine.languages import ENGLISH, Words
from pricing.domain.engine.matching import plain
from pricing.domain.engine.tariff import Exact, Restrictions


def words_of(restrictions: Restrictions | None, words: Words = ENGLISH) -> str:
    """What has to hold; empty where nothing has to."""
    if restrictions is None:
        return ""
    told = [words.tariff.format(restrictions.tariff_id) if restrictions.tariff_id else ""]
    told.append(words.reservation.get(restrictions.reservation, "") if restrictions.reservation else "")
    if restrictions.min_idle_s is not None:
        told.append(words.idle.format(_number(restrictions.min_idle_s, 60, words)))
    told += [_hours(restrictions, words), _dates(restrictions, words), _instants(restrictions, words)]
    told.append(f" {words.either} ".join(words.days[day] for day in sorted(restrictions.weekdays)))
    told.append(_bounds(restrictions.min_energy_wh, restrictions.max_energy_wh, (1_000, "kWh"), words))
    told.append(_bounds(restrictions.min_power_w, restrictions.max_power_w, (1_000, "kW"), words))
    told.append(_bounds(restrictions.min_current_ma, restrictions.max_current_ma, (1_000, "A"), words))
    told.append(_bounds(restrictions.min_duration_s, restrictions.max_duration_s, (60, "min"), words))
    return ", ".join(each for each in told if each)


def _hours(restrictions: Restrictions, words: Words) -> str:
    start, end = restrictions.start_time_s, restrictions.end_time_s
    since = "" if start is None else words.since.format(_clock(start))
    return _both(since, "" if end is None else words.until.format(_clock(end)))


def _instants(restrictions: Restrictions, words: Words) -> str:
    start, end = restrictions.holds_from_at, restrictions.holds_until_at
    since = words.since.format(f"{start:%Y-%m-%d %H:%M} UTC") if start else ""
    return _both(since, words.until.format(f"{end:%H:%M} UTC") if end else "")


def _clock(second_of_day: int) -> str:
    return f"{second_of_day // 3_600:02}:{second_of_day // 60 % 60:02}"


def _dates(restrictions: Restrictions, words: Words) -> str:
    start, end = restrictions.start_date, restrictions.end_date
    return _both(words.since.format(start) if start else "", words.before.format(end) if end else "")


def _bounds(low: Exact | None, high: Exact | None, unit: tuple[int, str], words: Words) -> str:
    per_large, name = unit
    since = "" if low is None else words.since.format(f"{_number(low, per_large, words)} {name}")
    below = "" if high is None else words.below.format(f"{_number(high, per_large, words)} {name}")
    return _both(since, below)


def _both(since: str, until: str) -> str:
    return " ".join(each for each in (since, until) if each)


def _number(number: Exact, per_large: int, words: Words) -> str:
    return plain(number, per_large).replace(".", words.point)
