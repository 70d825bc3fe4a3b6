"""Values that are possible and hardly meant: prices, taxes, steps, limits and validities."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from ev_contracts.common import TariffComponentType as Kind
from pricing.domain.engine.matching import plain
from pricing.domain.engine.tariff import E8, Component, Limit, Tariff
from pricing.domain.lint.finding import Finding, components, restricted
from pricing.domain.lint.space import AMOUNTS

MOST_TAX_PERCENT = 30
MOST_STEP = {Kind.ENERGY: 10_000, Kind.TIME: 3_600, Kind.PARKING_TIME: 3_600}
LIKE_EURO = frozenset({"EUR", "USD", "GBP", "CHF", "CAD", "AUD", "NZD", "SGD"})
MOST_PRICE = {Kind.ENERGY: 10, Kind.TIME: 100, Kind.PARKING_TIME: 100, Kind.FLAT: 100}
"""Of a kWh, an hour, a piece, in a currency of about a euro's worth; others are not judged by it."""
UNITS = {Kind.ENERGY: "a kWh", Kind.TIME: "an hour", Kind.PARKING_TIME: "an hour", Kind.FLAT: "a session"}
MOST_AMOUNT = {"energy": 1_000_000, "duration": 30 * 86_400, "power": 10_000_000, "current": 10_000_000, "idle": 86_400}
LONG_AGO, NEVER = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


def odd_prices(tariff: Tariff) -> Iterator[Finding]:
    """price-odd, tax-odd, step-odd, restriction-odd: so far from what anybody asks that a unit may be mistaken."""
    for place, component, _ in components(tariff):
        yield from _odd_price(tariff.currency, place, component)
        percent = plain(component.tax_e10, E8)
        if not 0 <= component.tax_e10 <= MOST_TAX_PERCENT * E8:
            yield Finding(rule="tax-odd", place=f"{place}/vat", message=f"{percent} % tax")
        most = MOST_STEP.get(component.type)
        if component.step_size < 1 or (most is not None and component.step_size > most):
            text = f"steps of {component.step_size} {'Wh' if component.type is Kind.ENERGY else 's'}"
            yield Finding(rule="step-odd", place=f"{place}/step_size", message=text)
    for place, told in restricted(tariff):
        for axis, (least, most_name, per_large, unit) in AMOUNTS.items():
            for value in (getattr(told, least), getattr(told, most_name, None)):
                if value is not None and not 0 <= value <= MOST_AMOUNT[axis]:
                    yield Finding(rule="restriction-odd", place=place, message=f"{plain(value, per_large)} {unit}")


def _odd_price(currency: str, place: str, component: Component) -> Iterator[Finding]:
    price = f"{plain(component.price_e8, E8)} {currency} {UNITS.get(component.type, '')}"
    if component.price_e8 < 0:
        yield Finding(rule="price-odd", place=f"{place}/price", message=f"{price}: the driver is paid")
    elif currency in LIKE_EURO and component.price_e8 > MOST_PRICE.get(component.type, 0) * E8:
        yield Finding(rule="price-odd", place=f"{place}/price", message=f"{price}: is it cents, or a minute's price?")


def odd_limits(tariff: Tariff) -> Iterator[Finding]:
    """limit-odd: a least price above the most, or with taxes below that without."""
    for name, limit in (("min_price", tariff.min_price), ("max_price", tariff.max_price)):
        if limit is not None:
            yield from _odd_limit(name, limit)
    if tariff.min_price is None or tariff.max_price is None:
        return
    for view, least, most in (
        ("excl_vat", tariff.min_price.excl_vat_e8, tariff.max_price.excl_vat_e8),
        ("incl_vat", tariff.min_price.incl_vat_e8, tariff.max_price.incl_vat_e8),
    ):
        if least is not None and most is not None and least > most:
            text = f"at least {plain(least, E8)} and at most {plain(most, E8)}: the most counts"
            yield Finding(rule="limit-odd", place=f"/min_price/{view}", message=text)


def _odd_limit(name: str, limit: Limit) -> Iterator[Finding]:
    net, gross = limit.excl_vat_e8, limit.incl_vat_e8
    if net is not None and gross is not None and gross < net:
        text = f"{plain(gross, E8)} with taxes is less than {plain(net, E8)} without"
        yield Finding(rule="limit-odd", place=f"/{name}/incl_vat", message=text)
    for view, value in (("excl_vat", net), ("incl_vat", gross)):
        if value is not None and value < 0:
            yield Finding(rule="limit-odd", place=f"/{name}/{view}", message=f"{plain(value, E8)} is below nothing")


def overlaps(tariff: Tariff, others: Sequence[Tariff]) -> Iterator[Finding]:
    """validity-empty, validity-overlaps: at each moment one tariff counts."""
    begin, end = tariff.valid_from or LONG_AGO, tariff.valid_until or NEVER
    if begin >= end:
        text = f"valid from {begin:%Y-%m-%d %H:%M} and until {end:%Y-%m-%d %H:%M}: never"
        yield Finding(rule="validity-empty", place="/end_date_time", message=text)
        return
    for number, other in enumerate(others):
        from_, until = max(begin, other.valid_from or LONG_AGO), min(end, other.valid_until or NEVER)
        if from_ < until:
            span = f"{_said(from_, 'ever')} until {_said(until, 'ever')}"
            text = f"tariff {number + 1} of the others is valid too, from {span}: which one counts?"
            yield Finding(rule="validity-overlaps", place="/start_date_time", message=text)


def _said(at: datetime, otherwise: str) -> str:
    return otherwise if at in {LONG_AGO, NEVER} else f"{at:%Y-%m-%d %H:%M} UTC"
