"""What makes no sense in a tariff: the first fault, with its place, refuses the whole."""

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal

from chassis.decider import Refused
from ev_contracts.common import (
    DayOfWeek,
    FeedPrice,
    IdleFee,
    PriceComponent,
    PriceLimit,
    ReservationRestriction,
    TariffComponentType,
    TariffElement,
    TariffRestrictions,
    TariffVersion,
    TaxIncluded,
    TaxRate,
)
from pricing.domain.currencies import is_currency
from pricing.domain.engine.contract import second_of_day

_PERMILLE_AT_MOST = 1_000
_PERCENT_AT_MOST = 100
_PRICE_BELOW = Decimal(10) ** 9
_STEP_BELOW = 10**7
_MARKUP_BELOW = 10_000
_BOUND_BELOW = 10**12
_TYPES = frozenset({"REGULAR", "AD_HOC_PAYMENT", "PROFILE_CHEAP", "PROFILE_FAST", "PROFILE_GREEN"})
_OF_RESERVATION = frozenset({TariffComponentType.FLAT, TariffComponentType.TIME})
_RANGES = (
    ("min_energy_wh", "max_energy_wh"),
    ("min_current_ma", "max_current_ma"),
    ("min_power_w", "max_power_w"),
    ("min_duration_s", "max_duration_s"),
)


def fault_of(tariff: TariffVersion) -> Refused | None:
    """The first thing in a tariff that makes no sense; the detail begins with its place as a JSON pointer."""
    return next(_faults(tariff), None)


def _faults(tariff: TariffVersion) -> Iterator[Refused]:
    if not is_currency(tariff.currency):
        yield Refused(reason="currency-unknown", detail=f"/currency: {tariff.currency}")
    if tariff.tariff_type not in _TYPES:
        yield Refused(reason="tariff-type-unknown", detail=f"/tariff_type: {tariff.tariff_type}")
    if tariff.tax_included is TaxIncluded.UNKNOWN:
        yield Refused(reason="tax-included-unknown", detail="/tax_included")
    if tariff.valid_until is not None and tariff.valid_until <= tariff.valid_from:
        yield Refused(reason="never-valid", detail="/valid_until: not after valid_from")
    yield from _parts(tariff)
    yield from _limits(tariff)
    if tariff.feed_price is not None:
        yield from _feed_price(tariff, tariff.feed_price)
    if tariff.idle_fee is not None:
        yield from _idle_fee(tariff, tariff.idle_fee)


def _parts(tariff: TariffVersion) -> Iterator[Refused]:
    if tariff.components and tariff.elements:
        yield Refused(reason="components-told-twice", detail="/components: either components or elements")
    if not tariff.components and not tariff.elements and tariff.feed_price is None:
        yield Refused(reason="no-components", detail="/components: a free tariff says so with a price of 0")
    yield from _components(tariff, "", tariff.components)
    for place, element in enumerate(tariff.elements):
        yield from _element(tariff, f"/elements/{place}", element)


def _element(tariff: TariffVersion, place: str, element: TariffElement) -> Iterator[Refused]:
    if not element.components:
        yield Refused(reason="no-components", detail=f"{place}/components")
    yield from _components(tariff, place, element.components)
    if element.restrictions is None:
        return
    yield from _restrictions(f"{place}/restrictions", element.restrictions)
    if element.restrictions.reservation is not None:
        for number, component in enumerate(element.components):
            if component.type not in _OF_RESERVATION:
                yield Refused(
                    reason="reservation-of-another-kind",
                    detail=f"{place}/components/{number}: a reservation has a FLAT and a TIME price only",
                )


def _components(tariff: TariffVersion, place: str, components: Sequence[PriceComponent]) -> Iterator[Refused]:
    types = [each.type for each in components]
    for number, component in enumerate(components):
        here = f"{place}/components/{number}"
        if component.type in types[:number]:
            yield Refused(reason="component-repeated", detail=f"{here}: {component.type.value}")
        if component.type is TariffComponentType.UNKNOWN:
            yield Refused(reason="component-unknown", detail=here)
        yield from _price(f"{here}/price", component.price)
        if not 1 <= component.step_size < _STEP_BELOW:
            yield Refused(reason="step-size-below-one", detail=f"{here}/step_size: {component.step_size}")
        yield from _taxes(tariff, here, component.vat_permille, component.taxes)


def _price(place: str, price: Decimal) -> Iterator[Refused]:
    if price < 0:
        yield Refused(reason="price-negative", detail=f"{place}: {price}")
    if price >= _PRICE_BELOW:
        yield Refused(reason="price-out-of-range", detail=f"{place}: {price}")


def _taxes(tariff: TariffVersion, place: str, vat_permille: int | None, taxes: Sequence[TaxRate]) -> Iterator[Refused]:
    if vat_permille is not None and not 0 <= vat_permille <= _PERMILLE_AT_MOST:
        yield Refused(reason="vat-out-of-range", detail=f"{place}/vat_permille: {vat_permille} permille")
    if vat_permille is not None and taxes:
        yield Refused(reason="tax-told-twice", detail=f"{place}/taxes: either vat_permille or taxes")
    for number, tax in enumerate(taxes):
        if not 0 <= tax.percent <= _PERCENT_AT_MOST:
            yield Refused(reason="vat-out-of-range", detail=f"{place}/taxes/{number}/percent: {tax.percent}")
        if tax.name in {each.name for each in taxes[:number]}:
            yield Refused(reason="tax-told-twice", detail=f"{place}/taxes/{number}: {tax.name}")
    if tariff.tax_included is TaxIncluded.YES and vat_permille is None and not taxes:
        # What is before taxes could not be told, and OCPI's CDR requires it.
        yield Refused(reason="tax-rate-missing", detail=f"{place}: the price holds taxes; say which")


def _restrictions(place: str, told: TariffRestrictions) -> Iterator[Refused]:
    for name in ("start_time", "end_time"):
        yield from _clock(f"{place}/{name}", getattr(told, name))
    if told.start_time is not None and told.start_time == told.end_time != "00:00":
        yield Refused(reason="restriction-never-holds", detail=f"{place}/end_time: the same as start_time")
    if told.holds_from_at is not None or told.holds_until_at is not None:
        yield Refused(reason="restriction-of-a-feed", detail=f"{place}: an instant is a feed's to tell")
    yield from _days(place, told)
    if told.reservation is ReservationRestriction.UNKNOWN:
        yield Refused(reason="reservation-unknown", detail=f"{place}/reservation")
    for low, high in _RANGES:
        yield from _range(place, told, low, high)


def _days(place: str, told: TariffRestrictions) -> Iterator[Refused]:
    for name in ("start_date", "end_date"):
        value = getattr(told, name)
        if value is not None and _day(value) is None:
            yield Refused(reason="date-invalid", detail=f"{place}/{name}: {value}")
    # ISO dates are ordered as their texts are.
    if told.start_date is not None and told.end_date is not None and told.end_date <= told.start_date:
        yield Refused(reason="restriction-never-holds", detail=f"{place}/end_date: not after start_date")
    if DayOfWeek.UNKNOWN in told.day_of_week or len(set(told.day_of_week)) < len(told.day_of_week):
        yield Refused(reason="weekday-invalid", detail=f"{place}/day_of_week")


def _range(place: str, told: TariffRestrictions, low_name: str, high_name: str) -> Iterator[Refused]:
    low, high = getattr(told, low_name), getattr(told, high_name)
    for name, bound in ((low_name, low), (high_name, high)):
        if bound is not None and not 0 <= bound < _BOUND_BELOW:
            yield Refused(reason="restriction-out-of-range", detail=f"{place}/{name}: {bound}")
    if high is not None and high <= (low or 0):
        yield Refused(reason="restriction-never-holds", detail=f"{place}/{high_name}: not above {low_name}")


def _clock(place: str, clock: str | None) -> Iterator[Refused]:
    if clock is None:
        return
    try:
        second_of_day(clock)
    except ValueError:
        yield Refused(reason="time-invalid", detail=f"{place}: {clock}")


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if text == found.isoformat() else None


def _limits(tariff: TariffVersion) -> Iterator[Refused]:
    for name, limit in (("min_price", tariff.min_price), ("max_price", tariff.max_price)):
        if limit is None:
            continue
        if limit.excl_vat is None and limit.incl_vat is None:
            yield Refused(reason="limit-empty", detail=f"/{name}")
        for view in ("excl_vat", "incl_vat"):
            amount = getattr(limit, view)
            if amount is not None:
                yield from _price(f"/{name}/{view}", amount)
        if limit.excl_vat is not None and limit.incl_vat is not None and limit.incl_vat < limit.excl_vat:
            yield Refused(reason="limits-contradict", detail=f"/{name}/incl_vat: below excl_vat")
    yield from _crossed(tariff.min_price, tariff.max_price)


def _crossed(minimum: PriceLimit | None, maximum: PriceLimit | None) -> Iterator[Refused]:
    for view in ("excl_vat", "incl_vat"):
        least, most = getattr(minimum, view, None), getattr(maximum, view, None)
        if least is not None and most is not None and most < least:
            yield Refused(reason="limits-contradict", detail=f"/max_price/{view}: below min_price")


def _feed_price(tariff: TariffVersion, by: FeedPrice) -> Iterator[Refused]:
    here = "/feed_price"
    for name in ("fallback", "at_least", "at_most"):
        amount = getattr(by, name)
        if amount is not None:
            yield from _price(f"{here}/{name}", amount)
    if by.at_least is not None and by.at_most is not None and by.at_most < by.at_least:
        yield Refused(reason="limits-contradict", detail=f"{here}/at_most: below at_least")
    if abs(by.markup_percent) >= _MARKUP_BELOW or abs(by.addition) >= _PRICE_BELOW:
        yield Refused(reason="price-out-of-range", detail=f"{here}/markup_percent")
    if not 1 <= by.step_size < _STEP_BELOW:
        yield Refused(reason="step-size-below-one", detail=f"{here}/step_size: {by.step_size}")
    yield from _taxes(tariff, here, by.vat_permille, by.taxes)


def _idle_fee(tariff: TariffVersion, fee: IdleFee) -> Iterator[Refused]:
    here = "/idle_fee"
    yield from _price(f"{here}/price", fee.price)
    if fee.at_most is not None:
        yield from _price(f"{here}/at_most", fee.at_most)
    if not 1 <= fee.step_size < _STEP_BELOW:
        yield Refused(reason="step-size-below-one", detail=f"{here}/step_size: {fee.step_size}")
    if not 0 <= fee.grace_s < _BOUND_BELOW:
        yield Refused(reason="grace-out-of-range", detail=f"{here}/grace_s: {fee.grace_s}")
    yield from _taxes(tariff, here, fee.vat_permille, fee.taxes)
    for name in ("free_from", "free_until"):
        yield from _clock(f"{here}/{name}", getattr(fee, name))
    if (fee.free_from is None) != (fee.free_until is None):
        yield Refused(reason="window-open", detail=f"{here}: both free_from and free_until, or neither")
    if fee.free_from is not None and fee.free_from == fee.free_until:
        yield Refused(reason="restriction-never-holds", detail=f"{here}/free_until: the same as free_from")
