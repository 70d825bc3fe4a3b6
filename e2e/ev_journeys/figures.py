"""What a session must cost, worked out anew from what the station did; shares no code with the platform's engine."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from ev_actors.journal import Charged

WHOLESALE = {"kwh": "0.35", "time_h": "0", "parking_h": "1.20", "flat": "0.25"}
RETAIL = {"kwh": "0.49", "time_h": "0.60", "parking_h": "3.00", "flat": "0.50"}
DIRECT = {"kwh": "0.55", "time_h": "0", "parking_h": "3.00", "flat": "0"}
VAT = Fraction(21, 100)

_MS = timedelta(milliseconds=1)
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a station said of its register."""

    at: datetime
    register_wh: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cents:
    """Amounts in whole cents."""

    net: int
    vat: int
    gross: int


def cents(charged: Charged, tariff: dict[str, str]) -> Cents:
    """Net and gross are rounded half-even, each once; VAT is what lies between them."""
    charging_s = int((charged.charging_ended_at - charged.started_at).total_seconds())
    parking_s = int((charged.ended_at - charged.charging_ended_at).total_seconds())
    net = (
        Fraction(charged.energy_wh, 1000) * Fraction(tariff["kwh"])
        + Fraction(charging_s, 3600) * Fraction(tariff["time_h"])
        + Fraction(parking_s, 3600) * Fraction(tariff["parking_h"])
        + Fraction(tariff["flat"])
    )
    return _cents(net)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """A price by the clock, in euro without VAT: kWh before and after `changes_at`, hours, and what waiting costs."""

    kwh_before: str
    kwh_after: str
    time_h: str
    flat: str
    reservation_h: str
    reservation_flat: str
    idle_h: str
    grace_s: int


def energy_before(readings: Sequence[Reading], moment: datetime) -> Fraction:
    """Wh charged until then: between two readings energy flows evenly."""
    begin_wh = readings[0].register_wh
    for earlier, later in pairwise(readings):
        if later.at >= moment:
            passed = Fraction((moment - earlier.at) // _MS, (later.at - earlier.at) // _MS)
            return earlier.register_wh - begin_wh + (later.register_wh - earlier.register_wh) * passed
    return Fraction(readings[-1].register_wh - begin_wh)


def cents_across(
    charged: Charged, terms: Terms, *, energy_wh: int, before_wh: Fraction, reserved_s: int | None = None
) -> Cents:
    """A session of which `before_wh` was charged before the price changed, after a reservation of so many seconds."""
    charging_s = (charged.charging_ended_at - charged.started_at) // _SECOND
    idle_s = max(0, (charged.ended_at - charged.charging_ended_at) // _SECOND - terms.grace_s)
    net = (
        before_wh / 1000 * Fraction(terms.kwh_before)
        + (energy_wh - before_wh) / 1000 * Fraction(terms.kwh_after)
        + Fraction(charging_s, 3600) * Fraction(terms.time_h)
        + Fraction(idle_s, 3600) * Fraction(terms.idle_h)
        + Fraction(terms.flat)
    )
    if reserved_s is not None:
        net += Fraction(reserved_s, 3600) * Fraction(terms.reservation_h) + Fraction(terms.reservation_flat)
    return _cents(net)


def owner_share(net_cents: int, permille: int) -> int:
    """The owner's part of the operator's net revenue, in cents, half-even."""
    return _half_even(Fraction(net_cents * permille, 1000))


def _cents(net: Fraction) -> Cents:
    rounded_net, gross = _half_even(net * 100), _half_even(net * (1 + VAT) * 100)
    return Cents(net=rounded_net, vat=gross - rounded_net, gross=gross)


def _half_even(number: Fraction) -> int:
    exact = Decimal(number.numerator) / Decimal(number.denominator)
    return int(exact.to_integral_value(rounding="ROUND_HALF_EVEN"))
