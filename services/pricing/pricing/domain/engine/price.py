"""The engine: what a session costs under a tariff, exactly, with all that led to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from typing import NamedTuple

from ev_contracts.common import TariffComponentType, TaxIncluded
from pricing.domain.engine.measuring import Measured, Tally, measure
from pricing.domain.engine.session import Session
from pricing.domain.engine.tariff import E8, E10, Candidate, Exact, Limit, Tariff
from pricing.domain.money import decimal_ratio, sum_of

_PER_LARGE = {
    TariffComponentType.ENERGY: 1_000,
    TariffComponentType.TIME: 3_600,
    TariffComponentType.PARKING_TIME: 3_600,
    TariffComponentType.FLAT: 1,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One component's share: small units (Wh, s, pieces) `used`, `billed` after its step; money without and of tax."""

    candidate: Candidate
    used: Exact
    billed: Exact
    excl_vat: Fraction
    vat: Fraction

    @property
    def quantity(self) -> Decimal:
        """What is billed, in the unit of the price: kWh, hours or pieces; at eight decimals."""
        return self._large(self.billed)

    @property
    def quantity_used(self) -> Decimal:
        """What was used, likewise."""
        return self._large(self.used)

    def _large(self, volume: Exact) -> Decimal:
        return decimal_ratio(volume.numerator, volume.denominator * _PER_LARGE[self.candidate.component.type])


class Bound(Enum):
    """Which limit moved a total."""

    MINIMUM = "minimum price"
    MAXIMUM = "maximum price"


class Moved(NamedTuple):
    """What a price limit added to a total, or took from it."""

    bound: Bound
    excl_vat: Fraction
    vat: Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """The lines in the tariff's order, and what a limit made of their sum; a view of tax that none can tell is None."""

    lines: Sequence[Line]
    moved: Moved | None
    excl_vat: Fraction | None
    incl_vat: Fraction | None


def price(tariff: Tariff, session: Session, tally: Tally | None = None) -> Priced:
    """Every view of the price that the tariff can tell. Raises nothing: what no component prices is free.

    With a tally these stretches follow those that it has measured, and the price is of both.
    """
    # OCPI, min_price: a limit is one of a charging session; a reservation that nobody used is none.
    has_limits = any(not stretch.is_reservation for stretch in session.stretches)
    return _of(tariff, measure(tariff, session, tally), has_limits=has_limits)


def price_so_far(tariff: Tariff, tally: Tally) -> Priced:
    """The price of a charging session as far as it is measured."""
    return _of(tariff, measure(tariff, Session(stretches=()), tally), has_limits=True)


def _of(tariff: Tariff, measured: Measured, *, has_limits: bool) -> Priced:
    lines = []
    for candidate in tariff.order:
        if candidate in measured.used:
            used = measured.used[candidate]
            billed = used + measured.added.get(candidate, 0)
            if billed:
                lines.append(_line(tariff, candidate, used, billed))
    return _limited(tariff, lines, has_limits=has_limits)


def _line(tariff: Tariff, candidate: Candidate, used: Exact, billed: Exact) -> Line:
    component = candidate.component
    # One fraction made of whole numbers: the same as quantity times price, and a tenth of the work.
    numerator = billed.numerator * component.price_e8
    denominator = billed.denominator * _PER_LARGE[component.type] * E8
    if component.at_most_e8 is not None and numerator * E8 > component.at_most_e8 * denominator:
        numerator, denominator = component.at_most_e8, E8
    tax = component.tax_e10
    match tariff.tax_included:
        case TaxIncluded.YES:
            excl_vat = Fraction(numerator * E10, denominator * (E10 + tax))
            vat = Fraction(numerator, denominator) - excl_vat
        case TaxIncluded.NOT_APPLICABLE:
            excl_vat, vat = Fraction(numerator, denominator), _NOTHING
        case _:
            excl_vat = Fraction(numerator, denominator)
            vat = Fraction(numerator * tax, denominator * E10) if tax else _NOTHING
    return Line(candidate=candidate, used=used, billed=billed, excl_vat=excl_vat, vat=vat)


_NOTHING = Fraction()


def _limited(tariff: Tariff, lines: Sequence[Line], *, has_limits: bool) -> Priced:
    net = sum_of([line.excl_vat for line in lines])
    vat = sum_of([line.vat for line in lines])
    moved = None
    if has_limits and (tariff.min_price is not None or tariff.max_price is not None):
        moved = _moved(tariff, net, net + vat)
    if moved is not None:
        net, vat = net + moved.excl_vat, vat + moved.vat
    if tariff.knows_taxes:
        return Priced(lines=lines, moved=moved, excl_vat=net, incl_vat=net + vat)
    holds_taxes = tariff.tax_included is TaxIncluded.YES
    return Priced(
        lines=lines, moved=moved, excl_vat=None if holds_taxes else net, incl_vat=net + vat if holds_taxes else None
    )


def _moved(tariff: Tariff, net: Fraction, gross: Fraction) -> Moved | None:
    """The minimum first, then the maximum, so that of two that contradict each other nobody pays more than the most."""
    moved = None
    to_net, to_gross = net, gross
    for bound, limit in ((Bound.MINIMUM, tariff.min_price), (Bound.MAXIMUM, tariff.max_price)):
        if limit is None:
            continue
        kept = (to_net, to_gross)
        to_net, to_gross = _within(bound, limit, to_net, to_gross)
        if (to_net, to_gross) != kept:
            moved = Moved(bound, to_net - net, (to_gross - to_net) - (gross - net))
    return moved


def _within(bound: Bound, limit: Limit, net: Fraction, gross: Fraction) -> tuple[Fraction, Fraction]:
    """Each view within its own bound; one without a bound follows the other, its share of tax unchanged."""
    pick = max if bound is Bound.MINIMUM else min
    to_net = net if limit.excl_vat_e8 is None else pick(net, Fraction(limit.excl_vat_e8, E8))
    to_gross = gross if limit.incl_vat_e8 is None else pick(gross, Fraction(limit.incl_vat_e8, E8))
    if limit.incl_vat_e8 is None and to_net != net:
        to_gross = to_net * gross / net if net else to_net
    if limit.excl_vat_e8 is None and to_gross != gross:
        to_net = to_gross * net / gross if gross else to_gross
    return to_net, to_gross
