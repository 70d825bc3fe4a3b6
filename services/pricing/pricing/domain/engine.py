"""The one pricing engine: what quantities cost under a tariff version, exactly, with the rule that gave each line.

OCPI 2.2.1, mod_tariffs: components of one element without restrictions; step_size rounds the session's total of a
dimension up once, and of TIME and PARKING_TIME only the last used is rounded.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from typing import assert_never

from ev_contracts.common import Money, PriceComponent, RatedLine, SessionFacts, TariffComponentType, TariffVersion
from pricing.domain.money import money, shares, to_decimal, to_minor

WH_PER_KWH = 1000
S_PER_HOUR = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantities:
    """What is priced: Wh, seconds with and without energy; `ends_parked` where the last of them was parking."""

    energy_wh: int
    charging_s: int
    parking_s: int
    ends_parked: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """The lines and their totals; the rounded lines sum to the rounded totals, and net and VAT to gross."""

    lines: tuple[RatedLine, ...]
    excl_vat: Money
    vat: Money
    incl_vat: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    component: PriceComponent
    quantity: Fraction
    rule: str

    @property
    def excl_vat(self) -> Fraction:
        return self.quantity * Fraction(self.component.price)

    @property
    def vat(self) -> Fraction:
        return self.excl_vat * (self.component.vat_permille or 0) / 1000


def quantities_of(facts: SessionFacts) -> Quantities:
    """A session's quantities from its periods: seconds are whole per dimension, summed before they are cut."""
    charging = _seconds(period.ended_at - period.started_at for period in facts.periods if period.charging)
    parking = _seconds(period.ended_at - period.started_at for period in facts.periods if not period.charging)
    ends_parked = bool(facts.periods) and not facts.periods[-1].charging
    return Quantities(energy_wh=facts.energy_wh, charging_s=charging, parking_s=parking, ends_parked=ends_parked)


def price(tariff: TariffVersion, quantities: Quantities) -> Priced:
    """The price of the quantities; a dimension without a component is free. ValueError for an unknown component."""
    lines = [line for component in tariff.components for line in _lines(component, tariff, quantities)]
    excl, vat = sum((line.excl_vat for line in lines), Fraction()), sum((line.vat for line in lines), Fraction())
    currency = tariff.currency
    # The buyer pays the rounded gross; what rounding leaves over between net and gross is VAT.
    excl_minor, incl_minor = to_minor(excl, currency), to_minor(excl + vat, currency)
    nets = shares([line.excl_vat for line in lines], excl_minor, currency) if lines else []
    vats = _vat_shares(lines, incl_minor - excl_minor, currency)
    return Priced(
        lines=tuple(_rated(line, currency, net, tax) for line, net, tax in zip(lines, nets, vats, strict=True)),
        excl_vat=money(excl, currency, minor=excl_minor),
        vat=money(vat, currency, minor=incl_minor - excl_minor),
        incl_vat=money(excl + vat, currency, minor=incl_minor),
    )


def _vat_shares(lines: list[_Line], total_minor: int, currency: str) -> list[int]:
    # A line without VAT must not be given a cent of it.
    taxed = [index for index, line in enumerate(lines) if line.component.vat_permille] or list(range(len(lines)))
    shared = (
        dict(zip(taxed, shares([lines[i].vat for i in taxed], total_minor, currency), strict=True)) if lines else {}
    )
    return [shared.get(index, 0) for index in range(len(lines))]


def _lines(component: PriceComponent, tariff: TariffVersion, quantities: Quantities) -> Iterator[_Line]:
    kind = component.type
    match kind:
        case TariffComponentType.FLAT:
            yield _Line(component=component, quantity=Fraction(1), rule="FLAT: once per session")
        case TariffComponentType.ENERGY:
            yield from _metered(component, quantities.energy_wh, rounds=True)
        case TariffComponentType.TIME:
            parked = _has(tariff, TariffComponentType.PARKING_TIME) and quantities.parking_s > 0
            yield from _metered(component, quantities.charging_s, rounds=not parked)
        case TariffComponentType.PARKING_TIME:
            last = quantities.ends_parked or not _has(tariff, TariffComponentType.TIME)
            yield from _metered(component, quantities.parking_s, rounds=last)
        case TariffComponentType.UNKNOWN:
            raise ValueError("a component of an unknown type cannot be priced")
        case _:
            assert_never(kind)


def _metered(component: PriceComponent, told: int, *, rounds: bool) -> Iterator[_Line]:
    """The line of a measured quantity in Wh or s; none where nothing was used."""
    if not told:
        return
    energy = component.type is TariffComponentType.ENERGY
    unit, per, size = ("Wh", "kWh", WH_PER_KWH) if energy else ("s", "h", S_PER_HOUR)
    billed = _stepped(told, component.step_size) if rounds else told
    stepped = f", rounded up to {billed} {unit} by steps of {component.step_size}" if billed != told else ""
    rule = f"{component.type.value}: {told} {unit}{stepped} at {component.price.normalize():f} per {per}"
    yield _Line(component=component, quantity=Fraction(billed, size), rule=rule)


def _has(tariff: TariffVersion, kind: TariffComponentType) -> bool:
    return any(component.type is kind for component in tariff.components)


def _stepped(amount: int, step: int) -> int:
    return -(-amount // step) * step


def _rated(line: _Line, currency: str, net_minor: int, vat_minor: int) -> RatedLine:
    return RatedLine(
        type=line.component.type,
        quantity=to_decimal(line.quantity),
        unit_price=line.component.price,
        vat_permille=line.component.vat_permille,
        excl_vat=money(line.excl_vat, currency, minor=net_minor),
        vat=money(line.vat, currency, minor=vat_minor),
        rule=line.rule,
    )


def _seconds(spans: Iterable[timedelta]) -> int:
    total = sum(spans, timedelta())
    return total.days * 86_400 + total.seconds
