"""What a session must cost, worked out anew from what the station did; shares no code with the platform's engine."""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from ev_actors.journal import Charged

WHOLESALE = {"kwh": "0.35", "time_h": "0", "parking_h": "1.20", "flat": "0.25"}
RETAIL = {"kwh": "0.49", "time_h": "0.60", "parking_h": "3.00", "flat": "0.50"}
VAT = Fraction(21, 100)


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
    rounded_net, gross = _half_even(net * 100), _half_even(net * (1 + VAT) * 100)
    return Cents(net=rounded_net, vat=gross - rounded_net, gross=gross)


def owner_share(net_cents: int, permille: int) -> int:
    """The owner's part of the operator's net revenue, in cents, half-even."""
    return _half_even(Fraction(net_cents * permille, 1000))


def _half_even(number: Fraction) -> int:
    exact = Decimal(number.numerator) / Decimal(number.denominator)
    return int(exact.to_integral_value(rounding="ROUND_HALF_EVEN"))
