"""How figures are written: units, tabular numbers, money with its currency, the site's time with UTC beside it."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from jinja2 import Undefined

MINOR_DIGITS = {"BHD": 3, "CLP": 0, "ISK": 0, "JOD": 3, "JPY": 0, "KRW": 0, "KWD": 3, "OMR": 3, "TND": 3, "VND": 0}
"""Currencies whose minor unit is not a hundredth."""
STATE_WORDS = {
    "AVAILABLE": "available",
    "CHARGING": "charging",
    "PREPARING": "charging",
    "FINISHING": "charging",
    "OCCUPIED": "charging",
    "SUSPENDED_EV": "attention",
    "SUSPENDED_EVSE": "attention",
    "RESERVED": "attention",
    "UNAVAILABLE": "fault",
    "FAULTED": "fault",
    "charging": "charging",
    "suspended": "attention",
    "ended": "attention",
    "closed": "available",
    "suspect": "fault",
}
"""State -> one of the four colours; the word itself is always shown beside it."""


def kwh(wh: int | None) -> str:
    """Energy in kWh with three decimals, which is every Wh."""
    return "-" if wh is None else f"{Decimal(wh) / 1000:,.3f} kWh"


def kw(watts: int | None) -> str:
    """Power in kW with one decimal."""
    return "-" if watts is None else f"{Decimal(watts) / 1000:,.1f} kW"


def money(minor: int | None, currency: str | None) -> str:
    """An amount in major units with its currency."""
    if minor is None or not currency:
        return "-"
    digits = MINOR_DIGITS.get(currency, 2)
    return f"{Decimal(minor).scaleb(-digits):,.{digits}f} {currency}"


def duration(seconds: int | None) -> str:
    """Hours and minutes, or minutes and seconds below an hour."""
    if seconds is None:
        return "-"
    hours, rest = divmod(int(seconds), 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {left:02d} s"


def moment(iso: str | None, zone: str | None = None) -> str:
    """A time in the site's zone; UTC where that is not known."""
    return "-" if not iso else f"{_parsed(iso).astimezone(_zone(zone)):%d %b %H:%M:%S}"


def utc(iso: str | None) -> str:
    """The same in UTC, for the hover."""
    return "" if not iso else f"{_parsed(iso).astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def percent(permille: int | None) -> str:
    """Thousandths as a percentage."""
    return "-" if permille is None else f"{Decimal(permille) / 10:g} %"


def rate(percentage: str | None) -> str:
    """A rate of tax without the zeros that its record carries."""
    return "-" if percentage is None else f"{Decimal(percentage).normalize():f} %"


def colour(state: str | None) -> str:
    """The colour of a state; unknown ones want attention."""
    return STATE_WORDS.get(state or "", "attention")


def word(state: str | None) -> str:
    """A state as people say it."""
    return (state or "unknown").replace("_", " ").lower()


def _parsed(iso: str) -> datetime:
    parsed = datetime.fromisoformat(iso)
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def _zone(name: str | None) -> ZoneInfo:
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def _told(show: Callable[..., str]) -> Callable[..., str]:
    """The same for what an answer leaves out: a column without a value is not in it."""

    def shown(*values: Any) -> str:
        return show(*(None if isinstance(value, Undefined) else value for value in values))

    return shown


FILTERS: Mapping[str, Callable[..., str]] = {
    show.__name__: _told(show) for show in (kwh, kw, money, duration, moment, utc, percent, rate, colour, word)
}
"""For the templates, by their names."""
