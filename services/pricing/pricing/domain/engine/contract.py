"""A published tariff version as the engine's tariff."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import lru_cache

from ev_contracts.common import (
    DayOfWeek,
    IdleFee,
    PriceComponent,
    PriceLimit,
    TariffComponentType,
    TariffElement,
    TariffRestrictions,
    TariffVersion,
)
from pricing.domain.engine.tariff import END_OF_DAY_S, Component, Element, Limit, Restrictions, Tariff, Tax
from pricing.domain.feed import resolved

VAT = "VAT"
_PERCENT_E8_PER_PERMILLE = 10**7
_WEEKDAYS = {day: number for number, day in enumerate(DayOfWeek) if number}


@lru_cache(maxsize=1_024)
def tariff_of(version: TariffVersion) -> Tariff:
    """Compiled once and kept, for the same few versions price almost everything.

    A version without elements is one element without restrictions. Raises ValueError for what no decider lets in.
    """
    if version.feed_price is not None:
        # Whoever knows the feed resolves the version first; where nobody does, it says nothing.
        version = resolved(version, ())
    elements = tuple(element_of(each) for each in version.elements)
    if not elements:
        elements = (Element(components=tuple(component_of(each) for each in version.components)),)
    return Tariff(
        currency=version.currency,
        elements=elements,
        idle=None if version.idle_fee is None else idle_of(version.idle_fee),
        min_price=_limit(version.min_price),
        max_price=_limit(version.max_price),
        tax_included=version.tax_included,
        valid_from=version.valid_from,
        valid_until=version.valid_until,
    )


def idle_of(fee: IdleFee) -> Element:
    """A price of parking that waits for the grace, stands still in the window, and stops at its cap."""
    component = PriceComponent(
        type=TariffComponentType.PARKING_TIME,
        price=fee.price,
        vat_permille=fee.vat_permille,
        step_size=fee.step_size,
        taxes=fee.taxes,
    )
    # The fee runs from where the free window ends to where it begins again.
    hours = TariffRestrictions(start_time=fee.free_until, end_time=fee.free_from)
    return Element(
        components=(replace(component_of(component), at_most_e8=None if fee.at_most is None else _e8(fee.at_most)),),
        restrictions=replace(restrictions_of(hours), min_idle_s=fee.grace_s),
    )


def element_of(element: TariffElement) -> Element:
    """The engine's view of an element."""
    restrictions = None if element.restrictions is None else restrictions_of(element.restrictions)
    return Element(components=tuple(component_of(each) for each in element.components), restrictions=restrictions)


def component_of(component: PriceComponent) -> Component:
    """The engine's view of a component; VAT in thousandths is one tax among others."""
    taxes = tuple(
        Tax(name=each.name, percent_e8=_e8(each.percent), account_number=each.account_number)
        for each in component.taxes
    )
    if component.vat_permille is not None:
        taxes = (Tax(name=VAT, percent_e8=component.vat_permille * _PERCENT_E8_PER_PERMILLE), *taxes)
    return Component(type=component.type, price_e8=_e8(component.price), step_size=component.step_size, taxes=taxes)


def _e8(number: Decimal) -> int:
    return int(number.scaleb(8))


def _limit(limit: PriceLimit | None) -> Limit | None:
    if limit is None:
        return None
    return Limit(
        excl_vat_e8=None if limit.excl_vat is None else _e8(limit.excl_vat),
        incl_vat_e8=None if limit.incl_vat is None else _e8(limit.incl_vat),
    )


def restrictions_of(restrictions: TariffRestrictions) -> Restrictions:
    """The engine's view of them. Raises ValueError for a time or a date that is none."""
    end = restrictions.end_time
    return Restrictions(
        start_time_s=None if restrictions.start_time is None else second_of_day(restrictions.start_time),
        end_time_s=None if end is None else second_of_day(end) or END_OF_DAY_S,
        start_date=None if restrictions.start_date is None else date.fromisoformat(restrictions.start_date),
        end_date=None if restrictions.end_date is None else date.fromisoformat(restrictions.end_date),
        weekdays=frozenset(_WEEKDAYS[day] for day in restrictions.day_of_week),
        min_energy_wh=restrictions.min_energy_wh,
        max_energy_wh=restrictions.max_energy_wh,
        min_current_ma=restrictions.min_current_ma,
        max_current_ma=restrictions.max_current_ma,
        min_power_w=restrictions.min_power_w,
        max_power_w=restrictions.max_power_w,
        min_duration_s=restrictions.min_duration_s,
        max_duration_s=restrictions.max_duration_s,
        holds_from_at=restrictions.holds_from_at,
        holds_until_at=restrictions.holds_until_at,
        reservation=restrictions.reservation,
    )


def second_of_day(clock: str) -> int:
    """Of `hh:mm`; 24:00 is 86,400. Raises ValueError."""
    hours, minutes = clock.split(":")
    if len(clock) != len("hh:mm") or not (hours + minutes).isdecimal() or int(minutes) > 59:
        raise ValueError(clock)
    second = int(hours) * 3_600 + int(minutes) * 60
    if second > END_OF_DAY_S:
        raise ValueError(clock)
    return second
