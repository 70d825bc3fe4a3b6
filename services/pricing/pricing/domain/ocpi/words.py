"""How a price came about, a sentence a step, as one would say it to the driver."""

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

from ev_contracts.common import ReservationRestriction
from ev_contracts.common import TariffComponentType as Kind
from pricing.domain.engine.matching import plain
from pricing.domain.engine.price import Line, Moved, Priced
from pricing.domain.engine.tariff import E8, Exact, Scope
from pricing.domain.engine.words import words_of
from pricing.domain.money import sum_of
from pricing.domain.ocpi.telling import shown

_OF = {Kind.TIME: "charging", Kind.PARKING_TIME: "parking"}


def words_of_price(priced: Priced, currency: str) -> Iterator[str]:
    """A line a price component, one for a limit that counted, and the total; amounts as exact as they are."""
    if not priced.lines:
        yield "Nothing that this tariff prices was used: it is free."
    for line in priced.lines:
        yield f"{_used(line, currency)}: {_amount(line.excl_vat, currency)}{_taxes(line, currency)}."
    if priced.moved is not None:
        yield _limit(priced, priced.moved, currency)
    yield _total(priced, currency)


def _used(line: Line, currency: str) -> str:
    candidate = line.candidate
    component = candidate.component
    price = _amount(Fraction(component.price_e8, E8), currency)
    restrictions, held = candidate.restrictions, ""
    if candidate.scope is Scope.RESERVATION and restrictions is not None:
        is_over = restrictions.reservation is ReservationRestriction.RESERVATION_EXPIRES
        held = "a reservation that expired" if is_over else "the reservation"
        restrictions = replace(restrictions, reservation=None)
    if component.type is Kind.FLAT:
        told = f"A fee of {price} for {held or 'the session'}"
    else:
        kind = held or _OF.get(component.type, "")
        of = f" of {kind}" if kind else ""
        billed = ""
        if line.billed != line.used:
            steps = _quantity(component.type, component.step_size)
            billed = f", billed as {_quantity(component.type, line.billed)} in steps of {steps}"
        unit = "a kWh" if component.type is Kind.ENERGY else "an hour"
        told = f"{_quantity(component.type, line.used)}{of}{billed}, at {price} {unit}"
    restriction = words_of(restrictions)
    return f"{told} ({restriction})" if restriction else told


def _quantity(kind: Kind, volume: Exact) -> str:
    """Of Wh or s: `4.3 kWh`, `1 h 58 min 23 s`."""
    if kind is Kind.ENERGY:
        return f"{plain(volume, 1_000)} kWh"
    minutes, seconds = divmod(volume, 60)
    hours, minutes = divmod(minutes, 60)
    told = ((hours, "h"), (minutes, "min"), (seconds, "s"))
    return " ".join(f"{plain(count)} {unit}" for count, unit in told if count) or "0 s"


def _amount(exact: Fraction, currency: str) -> str:
    return f"{shown(exact):f} {currency}"


def _taxes(line: Line, currency: str) -> str:
    names = [f"{tax.name} {plain(tax.percent_e8, E8)} %" for tax in line.candidate.component.taxes]
    return f" and {_amount(line.vat, currency)} of tax ({', '.join(names)})" if names else ""


def _limit(priced: Priced, moved: Moved, currency: str) -> str:
    net = sum_of([line.excl_vat for line in priced.lines])
    gross = net + sum_of([line.vat for line in priced.lines])
    was = f"{_amount(net, currency)} and {_amount(gross, currency)}"
    net, gross = net + moved.excl_vat, gross + moved.excl_vat + moved.vat
    becomes = f"{_amount(net, currency)} without and {_amount(gross, currency)} with taxes"
    return f"The tariff's {moved.bound.value} counts: {becomes}, in place of {was}."


def _total(priced: Priced, currency: str) -> str:
    rounding = "not rounded yet: an invoice rounds once, at its end"
    match priced.excl_vat, priced.incl_vat:
        case None, Fraction() as gross:
            return f"In all {_amount(gross, currency)} with taxes, which the tariff does not name ({rounding})."
        case Fraction() as net, None:
            return f"In all {_amount(net, currency)} before taxes, which the tariff does not name ({rounding})."
        case net, gross:
            views = f"{_amount(net or Fraction(), currency)} without and {_amount(gross or Fraction(), currency)} with"
            return f"In all {views} taxes ({rounding})."
