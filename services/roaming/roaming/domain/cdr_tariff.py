"""A published tariff version as OCPI's Tariff object: what is ours alone is the nearest that OCPI can say."""

from collections.abc import Iterator
from decimal import Decimal

from ev_contracts.common import PriceComponent, PriceLimit, TariffElement, TariffRestrictions, TariffVersion
from roaming.domain.ocpi import date_time, number, party_of

_THOUSANDTHS = (
    ("min_kwh", "min_energy_wh"),
    ("max_kwh", "max_energy_wh"),
    ("min_current", "min_current_ma"),
    ("max_current", "max_current_ma"),
    ("min_power", "min_power_w"),
    ("max_power", "max_power_w"),
)
REGULAR = "REGULAR"
"""Here the type of what holds for everybody whom no other fits: told as OCPI tells that, by no type at all."""
_AS_THEY_ARE = ("start_time", "start_date", "end_date", "min_duration", "max_duration")


def tariff_object(tariff: TariffVersion, nearest: tuple[TariffElement, ...] = ()) -> dict[str, object]:
    """OCPI 2.2.1: prices without VAT. `nearest` stands for elements that OCPI cannot say."""
    country_code, party_id = party_of(tariff.issuer_party_id)
    elements = nearest or tariff.elements or (TariffElement(components=tariff.components),)
    shown: dict[str, object] = {
        "country_code": country_code, "party_id": party_id, "id": tariff.tariff_id, "currency": tariff.currency,
        "elements": [_element(each) for each in elements],
        "last_updated": date_time(tariff.valid_from),
    }  # fmt: skip
    for name, limit in (("min_price", tariff.min_price), ("max_price", tariff.max_price)):
        # OCPI requires the view without VAT; a limit that has none cannot be told.
        if limit is not None and limit.excl_vat is not None:
            shown[name] = _limit(limit, limit.excl_vat)
    if tariff.tariff_type != REGULAR:
        shown["type"] = tariff.tariff_type
    if tariff.valid_until is not None:
        shown["end_date_time"] = date_time(tariff.valid_until)
    return shown


def _limit(limit: PriceLimit, excl_vat: Decimal) -> dict[str, object]:
    shown: dict[str, object] = {"excl_vat": number(excl_vat)}
    if limit.incl_vat is not None:
        shown["incl_vat"] = number(limit.incl_vat)
    return shown


def _element(element: TariffElement) -> dict[str, object]:
    shown: dict[str, object] = {"price_components": [_component(each) for each in element.components]}
    if element.restrictions is not None:
        shown["restrictions"] = dict(_restrictions(element.restrictions))
    return shown


def _component(component: PriceComponent) -> dict[str, object]:
    shown: dict[str, object] = {
        "type": component.type.value, "price": number(component.price), "step_size": component.step_size
    }  # fmt: skip
    if component.vat_permille is not None:
        # No VAT and a rate of zero are two things in OCPI 2.2.1.
        shown["vat"] = number(Decimal(component.vat_permille) / 10)
    elif component.taxes:
        shown["vat"] = number(sum((each.percent for each in component.taxes), Decimal()))
    return shown


def _restrictions(told: TariffRestrictions) -> Iterator[tuple[str, object]]:
    for name in _AS_THEY_ARE:
        value = getattr(told, f"{name}_s" if name.endswith("duration") else name)
        if value is not None:
            yield name, value
    if told.end_time is not None:
        # 24:00 is no time in OCPI; 00:00 is the day's end.
        yield "end_time", "00:00" if told.end_time == "24:00" else told.end_time
    for name, ours in _THOUSANDTHS:
        value = getattr(told, ours)
        if value is not None:
            yield name, number(Decimal(value) / 1000)
    if told.day_of_week:
        yield "day_of_week", [each.value for each in told.day_of_week]
    if told.reservation is not None:
        yield "reservation", told.reservation.value
