"""An OCPI tariff object as the engine's tariff."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from enum import StrEnum
from fractions import Fraction

from ev_contracts.common import DayOfWeek, ReservationRestriction, TariffComponentType, TaxIncluded
from pricing.domain.currencies import is_currency
from pricing.domain.engine.contract import VAT, second_of_day
from pricing.domain.engine.cuts import whole
from pricing.domain.engine.tariff import END_OF_DAY_S, Component, Element, Exact, Limit, Restrictions, Tariff, Tax
from pricing.domain.ocpi.reading import Node

_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_WEEKDAYS = {day: number for number, day in enumerate(DayOfWeek)}
_TAX_INCLUDED = {"NO": TaxIncluded.NO, "YES": TaxIncluded.YES, "N/A": TaxIncluded.NOT_APPLICABLE}


class Version(StrEnum):
    """The versions of OCPI that are read here."""

    V221 = "2.2.1"
    V230 = "2.3.0"


def read_tariff(node: Node, version: Version, *, tax_included: str | None = None) -> Tariff:
    """The priced part of it; unknown fields are no fault. Raises BadInput.

    OCPI 2.3.0 requires `tax_included`, but for a caller who says what stands for it.
    """
    currency = node.need("currency")
    if not is_currency(currency.text()):
        currency.fail(f"{currency.value!r} is no currency of ISO 4217")
    elements = tuple(_element(each) for each in node.need("elements").items(at_least=1, at_most=1_000))
    valid_from, valid_until = node.get("start_date_time"), node.get("end_date_time")
    minimum, maximum = node.get("min_price"), node.get("max_price")
    return Tariff(
        currency=currency.text(),
        elements=elements,
        min_price=None if minimum is None else _limit(minimum),
        max_price=None if maximum is None else _limit(maximum),
        tax_included=_tax_included(node, version, tax_included),
        knows_taxes=_knows_taxes(node, version, elements, tax_included),
        valid_from=None if valid_from is None else valid_from.date_time(),
        valid_until=None if valid_until is None else valid_until.date_time(),
    )


def read_tariffs(nodes: Sequence[Node], version: Version, *, tax_included: str | None = None) -> Tariff:
    """One tariff, or several of which each prices the periods that name it; limits are those of the first.

    OCPI does not say whose limits hold when a driver changes to another tariff: here those of the tariff of the start.
    """
    tariffs = [read_tariff(node, version, tax_included=tax_included) for node in nodes]
    first = tariffs[0]
    if len(tariffs) == 1:
        return first
    elements: list[Element] = []
    for node, tariff in zip(nodes, tariffs, strict=True):
        if (tariff.currency, tariff.tax_included) != (first.currency, first.tax_included):
            node.fail("another currency, or taxes told otherwise, than in the first tariff")
        elements += [_only_of(node.need("id").text(), each) for each in tariff.elements]
    return _with_elements(first, tuple(elements), knows_taxes=all(each.knows_taxes for each in tariffs))


def _only_of(tariff_id: str, element: Element) -> Element:
    return replace(element, restrictions=replace(element.restrictions or Restrictions(), tariff_id=tariff_id))


def _with_elements(tariff: Tariff, elements: tuple[Element, ...], *, knows_taxes: bool) -> Tariff:
    """The same limits with other elements."""
    return Tariff(
        currency=tariff.currency,
        elements=elements,
        min_price=tariff.min_price,
        max_price=tariff.max_price,
        tax_included=tariff.tax_included,
        knows_taxes=knows_taxes,
        valid_from=tariff.valid_from,
        valid_until=tariff.valid_until,
    )


def _tax_included(node: Node, version: Version, otherwise: str | None) -> TaxIncluded:
    if version is Version.V221:
        return TaxIncluded.NO
    found = node.get("tax_included")
    if found is None and otherwise is not None:
        return _TAX_INCLUDED[otherwise]
    found = found or node.need("tax_included")
    if found.text() not in _TAX_INCLUDED:
        found.fail(f"{found.value!r} is none of {', '.join(_TAX_INCLUDED)}")
    return _TAX_INCLUDED[found.text()]


def _knows_taxes(node: Node, version: Version, elements: tuple[Element, ...], otherwise: str | None) -> bool:
    """2.2.1: no VAT said is none due. 2.3.0 dropped that sentence: where no tax is named, none is known."""
    if version is Version.V221 or _tax_included(node, version, otherwise) is TaxIncluded.NOT_APPLICABLE:
        return True
    return any(component.taxes for element in elements for component in element.components)


def _limit(node: Node) -> Limit:
    net, gross = node.need("excl_vat", "before_taxes"), node.get("incl_vat", "after_taxes")
    return Limit(excl_vat_e8=_e8(net), incl_vat_e8=None if gross is None else _e8(gross))


def _e8(node: Node, *, at_most: int = 10**9) -> int:
    return int(node.number(at_most=at_most, decimals=8).scaleb(8))


def _element(node: Node) -> Element:
    components = node.need("price_components").items(at_least=1, at_most=100)
    restrictions = node.get("restrictions")
    return Element(
        components=tuple(_component(each) for each in components),
        restrictions=None if restrictions is None else _restrictions(restrictions),
    )


def _component(node: Node) -> Component:
    kind = node.need("type").choice(TariffComponentType)
    vat = node.get("vat")
    return Component(
        type=kind,
        price_e8=_e8(node.need("price")),
        step_size=_step_size(node, kind),
        taxes=() if vat is None else (Tax(name=VAT, percent_e8=_e8(vat, at_most=100)),),
    )


def _step_size(node: Node, kind: TariffComponentType) -> int:
    """A flat fee has no unit, so whatever stands there means nothing."""
    if kind is TariffComponentType.FLAT:
        return 1
    return node.need("step_size").integer(at_least=1)


def _restrictions(node: Node) -> Restrictions | None:
    days, reservation = node.get("day_of_week"), node.get("reservation")
    found = Restrictions(
        start_time_s=_clock(node.get("start_time")),
        end_time_s=_end_clock(node.get("end_time")),
        start_date=_date(node.get("start_date")),
        end_date=_date(node.get("end_date")),
        weekdays=frozenset(_WEEKDAYS[each.choice(DayOfWeek)] for each in days.items()) if days else frozenset(),
        min_energy_wh=_thousandths(node.get("min_kwh")),
        max_energy_wh=_thousandths(node.get("max_kwh")),
        min_current_ma=_thousandths(node.get("min_current")),
        max_current_ma=_thousandths(node.get("max_current")),
        min_power_w=_thousandths(node.get("min_power")),
        max_power_w=_thousandths(node.get("max_power")),
        min_duration_s=_whole(node.get("min_duration")),
        max_duration_s=_whole(node.get("max_duration")),
        reservation=None if reservation is None else reservation.choice(ReservationRestriction),
    )
    return None if found == Restrictions() else found


def _thousandths(node: Node | None) -> Exact | None:
    return None if node is None else whole(Fraction(node.number()) * 1_000)


def _whole(node: Node | None) -> int | None:
    return None if node is None else node.integer(at_most=10**12)


def _clock(node: Node | None) -> int | None:
    if node is None:
        return None
    if not _CLOCK.fullmatch(node.text()):
        node.fail(f"{node.value!r} is no time of the day like 09:30")
    return second_of_day(node.text())


def _end_clock(node: Node | None) -> int | None:
    """00:00 is the end of the day, and so is 24:00, which some write."""
    if node is not None and node.value == "24:00":
        return END_OF_DAY_S
    found = _clock(node)
    return found if found is None else found or END_OF_DAY_S


def _date(node: Node | None) -> date | None:
    if node is None:
        return None
    try:
        found = date.fromisoformat(node.text())
    except ValueError:
        node.fail(f"{node.value!r} is no date like 2026-12-24")
    if node.value != found.isoformat():
        node.fail(f"{node.value!r} is no date like 2026-12-24")
    return found
