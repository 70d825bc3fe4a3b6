"""Restrictions that can never hold: each contradicts itself, another one, or what a reservation is."""

from collections.abc import Iterator
from itertools import islice

from ev_contracts.common import TariffComponentType
from pricing.domain.engine.matching import plain
from pricing.domain.engine.tariff import Restrictions, Tariff
from pricing.domain.lint.finding import Finding, components, restricted
from pricing.domain.lint.space import AMOUNTS, DAYS

NEVER = "restriction-never-holds"
OF_A_RESERVATION = frozenset({TariffComponentType.FLAT, TariffComponentType.TIME})
OCPI_NAMES = {
    "max_energy_wh": "max_kwh",
    "max_current_ma": "max_current",
    "max_power_w": "max_power",
    "max_duration_s": "max_duration",
}


def contradictions(tariff: Tariff) -> Iterator[Finding]:
    """restriction-never-holds: the element can never be active."""
    for place, told in restricted(tariff):
        for name, text in (*_amounts(told), *_times(told)):
            yield Finding(rule=NEVER, place=f"{place}/{name}", message=f"never holds: {text}")


def _amounts(told: Restrictions) -> Iterator[tuple[str, str]]:
    for least, most, per_large, unit in AMOUNTS.values():
        low, high = getattr(told, least) or 0, getattr(told, most, None)
        if high is not None and low >= high:
            yield OCPI_NAMES[most], f"at least {plain(low, per_large)} and below {plain(high, per_large)} {unit}"


def _times(told: Restrictions) -> Iterator[tuple[str, str]]:
    if told.start_time_s is not None and told.start_time_s == told.end_time_s:
        yield "end_time", "it ends when it begins; for the whole day leave both out"
    if not (told.start_date and told.end_date):
        return
    if told.start_date >= told.end_date:
        yield "end_date", f"from {told.start_date} and before {told.end_date}, which is itself excluded"
        return
    days = range(told.start_date.toordinal(), told.end_date.toordinal())
    weekdays = {(ordinal - 1) % len(DAYS) + 1 for ordinal in islice(days, len(DAYS))}
    if told.weekdays and not told.weekdays & weekdays:
        yield "day_of_week", f"there is no such day from {told.start_date} to before {told.end_date}"


def unlike_a_reservation(tariff: Tariff) -> Iterator[Finding]:
    """reservation-prices-use: a reservation has a fee and a time; while it lasts, nothing flows."""
    rule = "reservation-prices-use"
    for place, component, told in components(tariff):
        if told is not None and told.reservation is not None and component.type not in OF_A_RESERVATION:
            text = f"a reservation has no {component.type.value}; this price is never used"
            yield Finding(rule=rule, place=place, message=text)
    for place, told in restricted(tariff):
        if told.reservation is not None and (told.asks_for_flow or told.energies_wh):
            text = "nothing flows while a place is reserved; leave energy, power and current out"
            yield Finding(rule=rule, place=place, message=text)
