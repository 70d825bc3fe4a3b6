"""What a session costs under a tariff: exact fractions, OCPI's step sizes, rounded once at the very end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple, assert_never

from ev_contracts.common import (
    Money,
    PriceComponent,
    RatedLine,
    Rating,
    Relation,
    SessionFacts,
    TariffComponentType,
    TariffVersion,
)
from pricing.domain.money import decimal_of, minor_of, money_of, shares_of, sum_of

_PERMILLE = 1_000
_E8 = 10**8
"""A price has at most eight decimals."""


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
    """One component's share of the price, exact: `used` of it, `billed` after its step, in small units (Wh, s)."""

    component: PriceComponent
    used: Fraction
    billed: Fraction
    excl_vat: Fraction
    vat: Fraction

    @property
    def quantity(self) -> Fraction:
        """What is billed, in the unit of the price: kWh, hours or pieces."""
        return self.billed / _UNITS[self.component.type].per_large

    @property
    def rule(self) -> str:
        """How this line came about, in words a driver can follow."""
        unit, price = _UNITS[self.component.type], _plain(self.component.price)
        if not unit.small:
            return f"{price} per {unit.large}"
        rule = f"{price} per {unit.large}: {_plain(decimal_of(self.used))} {unit.small}"
        if self.billed == self.used:
            return rule
        return f"{rule}, rounded up to {_plain(decimal_of(self.billed))} by steps of {self.component.step_size}"


class Unit(NamedTuple):
    """What is counted, and what of it is priced."""

    small: str
    large: str
    per_large: int


_UNITS: Mapping[TariffComponentType, Unit] = {
    TariffComponentType.ENERGY: Unit("Wh", "kWh", 1_000),
    TariffComponentType.TIME: Unit("s charging", "h", 3_600),
    TariffComponentType.PARKING_TIME: Unit("s parking", "h", 3_600),
    TariffComponentType.FLAT: Unit("", "session", 1),
}


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
    return [line for line in lines if line.billed]


def _line(component: PriceComponent, used: Quantities, *, is_last: bool) -> PricedLine:
    volume = _volume(component.type, used)
    is_stepped = is_last or component.type is TariffComponentType.ENERGY
    billed = _rounded_up(volume, component.step_size) if is_stepped else volume
    # One fraction made of whole numbers: the same as quantity times price, and a tenth of the work.
    price_e8 = int(component.price.scaleb(8))
    excl_vat = Fraction(billed.numerator * price_e8, billed.denominator * _UNITS[component.type].per_large * _E8)
    vat_permille = component.vat_permille or 0
    vat = Fraction(excl_vat.numerator * vat_permille, excl_vat.denominator * _PERMILLE)
    return PricedLine(component=component, used=volume, billed=billed, excl_vat=excl_vat, vat=vat)


def _volume(kind: TariffComponentType, used: Quantities) -> Fraction:
    """How much of it was used, in small units."""
    match kind:
        case TariffComponentType.ENERGY:
            return used.energy_wh
        case TariffComponentType.TIME:
            return used.charging_s
        case TariffComponentType.PARKING_TIME:
            return used.parking_s
        case TariffComponentType.FLAT:
            return Fraction(1)
        case TariffComponentType.UNKNOWN:
            # A component newer than this code: better no price than a wrong one. The decider lets none in.
            raise ValueError("a tariff component of an unknown type cannot be priced")
        case _:
            assert_never(kind)


def _rounded_up(volume: Fraction, step: int) -> Fraction:
    whole = -(-volume.numerator // (volume.denominator * step)) * step
    return volume if whole == volume else Fraction(whole)


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"


class Totals(NamedTuple):
    """Net and gross, each rounded half-even once; VAT is what lies between them."""

    excl_vat: Money
    vat: Money
    incl_vat: Money


def totals_of(lines: Sequence[PricedLine], currency: str) -> Totals:
    """What the lines come to."""
    net, vat = sum_of([line.excl_vat for line in lines]), sum_of([line.vat for line in lines])
    gross = sum_of([net, vat])
    net_minor, gross_minor = minor_of(net, currency), minor_of(gross, currency)
    return Totals(
        excl_vat=money_of(net, net_minor, currency),
        vat=money_of(vat, gross_minor - net_minor, currency),
        incl_vat=money_of(gross, gross_minor, currency),
    )


def rate(*, rating_id: str, relation: Relation, tariff: TariffVersion, used: Quantities) -> Rating:
    """The price in this relation, with its lines; their cents sum to the totals'."""
    currency = tariff.currency
    lines = price(tariff.components, used)
    totals = totals_of(lines, currency)
    net_shares = shares_of(totals.excl_vat.rounded_minor, [line.excl_vat for line in lines], currency)
    vat_shares = shares_of(totals.vat.rounded_minor, [line.vat for line in lines], currency)
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
        total_excl_vat=totals.excl_vat,
        total_vat=totals.vat,
        total_incl_vat=totals.incl_vat,
    )
