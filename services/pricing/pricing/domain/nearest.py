"""The nearest tariff that OCPI can say, and in what it differs: it has no grace, no cap, no limit with taxes alone."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from ev_contracts.common import (
    IdleFee,
    PriceComponent,
    TariffComponentType,
    TariffElement,
    TariffRestrictions,
    TariffVersion,
    TaxIncluded,
)
from pricing.domain.engine.contract import component_of
from pricing.domain.engine.tariff import E10
from pricing.domain.feed import energy_of
from pricing.domain.money import decimal_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Nearest:
    """Elements with prices without taxes, and what they cannot say."""

    elements: tuple[TariffElement, ...]
    differences: tuple[str, ...]


def nearest_ocpi(version: TariffVersion) -> Nearest | None:
    """None where the tariff is an OCPI tariff as it stands."""
    is_plain = version.idle_fee is None and version.feed_price is None and version.tax_included is not TaxIncluded.YES
    if is_plain and not any(_limits_with_taxes_alone(version)):
        return None
    elements = version.elements or ((TariffElement(components=version.components),) if version.components else ())
    if version.feed_price is not None:
        elements = (TariffElement(components=(energy_of(version.feed_price, version.feed_price.fallback),)), *elements)
    if version.idle_fee is not None:
        elements = (_idle_element(version.idle_fee), *elements)
    is_included = version.tax_included is TaxIncluded.YES
    return Nearest(
        elements=tuple(_without_taxes(each) for each in elements) if is_included else elements,
        differences=tuple(_differences(version)),
    )


def _idle_element(fee: IdleFee) -> TariffElement:
    has_window = fee.free_from is not None
    return TariffElement(
        components=(
            PriceComponent(
                type=TariffComponentType.PARKING_TIME,
                price=fee.price,
                vat_permille=fee.vat_permille,
                step_size=fee.step_size,
                taxes=fee.taxes,
            ),
        ),
        restrictions=TariffRestrictions(start_time=fee.free_until, end_time=fee.free_from) if has_window else None,
    )


def _without_taxes(element: TariffElement) -> TariffElement:
    return element.model_copy(update={"components": tuple(_net(each) for each in element.components)})


def _net(component: PriceComponent) -> PriceComponent:
    net = Fraction(component.price) * E10 / (E10 + component_of(component).tax_e10)
    return component.model_copy(update={"price": decimal_of(net)})


def _differences(version: TariffVersion) -> Iterator[str]:
    fee = version.idle_fee
    if fee is not None and fee.grace_s:
        yield f"parking: the first {_minutes(fee.grace_s)} min of each idle spell are free"
    if fee is not None and fee.at_most is not None:
        yield f"parking: {_plain(fee.at_most)} at most in a session"
    if version.feed_price is not None:
        yield f"energy: the price follows the feed {version.feed_price.feed_id}; told is what stands where it is silent"
    for name, limit in _limits_with_taxes_alone(version):
        yield f"{name}: {_plain(limit)} with taxes, which OCPI tells beside a limit without them only"
    if version.tax_included is TaxIncluded.YES:
        yield "prices hold their taxes and are told without, to eight decimals"


def _limits_with_taxes_alone(version: TariffVersion) -> Iterator[tuple[str, Decimal]]:
    for name, limit in (("min_price", version.min_price), ("max_price", version.max_price)):
        if limit is not None and limit.excl_vat is None and limit.incl_vat is not None:
            yield name, limit.incl_vat


def _minutes(seconds: int) -> str:
    return _plain(decimal_of(Fraction(seconds, 60)))


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"
