"""What Regulation (EU) 2023/1804 (AFIR), article 5, wants of ad hoc prices at places that the public may use."""

from collections.abc import Iterator

from ev_contracts.common import TariffComponentType as Kind
from pricing.domain.engine.tariff import Component, Restrictions, Tariff
from pricing.domain.lint.finding import Finding, components

FAST_W = 50_000
"""From here on the price is one per kWh, and beside it at most one per minute against long occupancy."""
ORDER = {Kind.ENERGY: 0, Kind.TIME: 1, Kind.PARKING_TIME: 1, Kind.FLAT: 2}
RANKS = ("per kWh", "per minute", "per session")


def against_afir(tariff: Tariff, power_w: int) -> Iterator[Finding]:
    """afir-per-kwh from 50 kW on, afir-order below; what concerns reservations is neither."""
    told = [each for each in components(tariff) if not _is_of_reservation(each[2])]
    yield from _of_fast(told) if power_w >= FAST_W else _of_slow(told)


def _is_of_reservation(told: Restrictions | None) -> bool:
    return told is not None and told.reservation is not None


def _of_fast(told: list[tuple[str, Component, Restrictions | None]]) -> Iterator[Finding]:
    rule = "afir-per-kwh"
    if not any(component.type is Kind.ENERGY for _, component, _ in told):
        text = "from 50 kW on an ad hoc price is one per kWh; this tariff has no ENERGY"
        yield Finding(rule=rule, place="/elements", message=text)
    for place, component, restrictions in told:
        if not component.price_e8:
            continue
        if component.type is Kind.FLAT:
            text = "from 50 kW on an ad hoc price may have no fee per session"
            yield Finding(rule=rule, place=place, message=text)
        elif component.type is Kind.TIME and not (restrictions and restrictions.min_duration_s):
            text = "from 50 kW on time may be priced against long occupancy only: restrict it by min_duration"
            yield Finding(rule=rule, place=place, message=text)


def _of_slow(told: list[tuple[str, Component, Restrictions | None]]) -> Iterator[Finding]:
    """The order in which the kinds of price first appear."""
    shown: list[int] = []
    for place, component, _ in told:
        rank = ORDER.get(component.type, len(RANKS) - 1)
        if rank not in shown and any(rank < earlier for earlier in shown):
            text = f"below 50 kW prices stand in this order: {', '.join(RANKS)}; here {RANKS[rank]} comes too late"
            yield Finding(rule="afir-order", place=place, message=text)
        shown.append(rank)
