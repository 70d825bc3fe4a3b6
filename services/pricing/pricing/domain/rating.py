"""What a session costs under a tariff: exact fractions, OCPI's step sizes, rounded once at the very end."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import assert_never

from ev_contracts.common import (
    PriceComponent,
    RatedLine,
    Rating,
    Relation,
    SessionFacts,
    TariffComponentType,
    TariffVersion,
)
from pricing.domain.money import decimal_of, minor_of, money_of, shares_of

_SECOND = timedelta(seconds=1)
_PERMILLE = 1_000
_WH_PER_KWH = 1_000
_S_PER_H = 3_600


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantities:
    """What a session used. `last_time` is the kind of time that ran last among those the tariff prices."""

    energy_wh: Fraction
    charging_s: Fraction
    parking_s: Fraction
    times: tuple[TariffComponentType, ...] = ()
    """The kinds of time in the order in which they ran."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedLine:
    """One component's share of the price, exact."""

    component: PriceComponent
    quantity: Fraction
    rule: str

    @property
    def excl_vat(self) -> Fraction:
        """Before VAT."""
        return self.quantity * Fraction(self.component.price)

    @property
    def vat(self) -> Fraction:
        """Its VAT; none where the tariff names no rate."""
        return self.excl_vat * Fraction(self.component.vat_permille or 0, _PERMILLE)


def quantities_of(facts: SessionFacts) -> Quantities:
    """The volumes of a session by kind, and the order in which its kinds of time ran."""
    charging, parking = timedelta(), timedelta()
    times: list[TariffComponentType] = []
    for period in facts.periods:
        lasted = period.ended_at - period.started_at
        if period.charging:
            charging += lasted
        else:
            parking += lasted
        if lasted:
            times.append(TariffComponentType.TIME if period.charging else TariffComponentType.PARKING_TIME)
    return Quantities(
        energy_wh=Fraction(facts.energy_wh),
        charging_s=_seconds(charging),
        parking_s=_seconds(parking),
        times=tuple(times),
    )


def _seconds(lasted: timedelta) -> Fraction:
    return Fraction(lasted // timedelta(milliseconds=1), 1_000)


def price(components: Sequence[PriceComponent], used: Quantities) -> Sequence[PricedLine]:
    """The priced lines in the tariff's order; a component of which nothing was used gives none.

    OCPI 2.2.1, mod_tariffs, step_size: energy is rounded up once a session, and so is time, by the step of whichever
    of TIME and PARKING_TIME ran last and is priced; the other one is billed as it was.
    """
    priced = {component.type for component in components}
    last_time = next((kind for kind in reversed(used.times) if kind in priced), None)
    lines = (_line(component, used, is_last=component.type == last_time) for component in components)
    return [line for line in lines if line.quantity]


def _line(component: PriceComponent, used: Quantities, *, is_last: bool) -> PricedLine:
    match component.type:
        case TariffComponentType.ENERGY:
            return _stepped(component, used.energy_wh, unit=("Wh", "kWh", _WH_PER_KWH), is_stepped=True)
        case TariffComponentType.TIME:
            return _stepped(component, used.charging_s, unit=("s charging", "h", _S_PER_H), is_stepped=is_last)
        case TariffComponentType.PARKING_TIME:
            return _stepped(component, used.parking_s, unit=("s parking", "h", _S_PER_H), is_stepped=is_last)
        case TariffComponentType.FLAT:
            return PricedLine(component=component, quantity=Fraction(1), rule=f"{_plain(component.price)} per session")
        case TariffComponentType.UNKNOWN:
            # A component newer than this code: better no price than a wrong one. The decider lets none in.
            raise ValueError("a tariff component of an unknown type cannot be priced")
        case _:
            assert_never(component.type)


def _stepped(
    component: PriceComponent, volume: Fraction, *, unit: tuple[str, str, int], is_stepped: bool
) -> PricedLine:
    small, large, per_large = unit
    billed = _rounded_up(volume, component.step_size) if is_stepped else volume
    rule = f"{_plain(component.price)} per {large}: {_plain(decimal_of(volume))} {small}"
    if billed != volume:
        rule += f", rounded up to {_plain(decimal_of(billed))} by steps of {component.step_size}"
    return PricedLine(component=component, quantity=billed / per_large, rule=rule)


def _rounded_up(volume: Fraction, step: int) -> Fraction:
    return Fraction(-(-volume // step) * step)


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"


def rate(*, rating_id: str, relation: Relation, tariff: TariffVersion, used: Quantities) -> Rating:
    """The price in this relation. Net and gross are each rounded half-even once; VAT is what lies between them."""
    lines = price(tariff.components, used)
    net, vat = [line.excl_vat for line in lines], [line.vat for line in lines]
    currency = tariff.currency
    net_minor, gross_minor = minor_of(sum(net, Fraction()), currency), minor_of(sum(net + vat, Fraction()), currency)
    vat_minor = gross_minor - net_minor
    net_shares, vat_shares = shares_of(net_minor, net, currency), shares_of(vat_minor, vat, currency)
    return Rating(
        rating_id=rating_id,
        relation=relation,
        tariff_id=tariff.tariff_id,
        tariff_version=tariff.version,
        tariff_issuer_party_id=tariff.issuer_party_id,
        tariff_hash=tariff.content_hash,
        currency=currency,
        lines=tuple(
            RatedLine(
                type=line.component.type,
                quantity=decimal_of(line.quantity),
                unit_price=line.component.price,
                vat_permille=line.component.vat_permille,
                excl_vat=money_of(line.excl_vat, net_share, currency),
                vat=money_of(line.vat, vat_share, currency),
                rule=line.rule,
            )
            for line, net_share, vat_share in zip(lines, net_shares, vat_shares, strict=True)
        ),
        total_excl_vat=money_of(sum(net, Fraction()), net_minor, currency),
        total_vat=money_of(sum(vat, Fraction()), vat_minor, currency),
        total_incl_vat=money_of(sum(net + vat, Fraction()), gross_minor, currency),
    )
