"""What a plan takes off a price: allowances first, then discounts, each as exact lines beside the tariff's.

In this order: energy and charging time that the plan includes are free of what the tariff asks for them, by their
share of all that is billed of it; then a component's discount is taken off what is left of that component, a discount
on the total off what is left of all; an allowance of money pays for the rest, taxes included. A minimum or maximum
price of the tariff counts for each line by its share. So nothing falls below zero.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

from ev_contracts.common import (
    AllowanceDraw,
    AllowanceKind,
    LineScope,
    PlanAllowance,
    PlanDiscount,
    PlanTerms,
    PlanVersion,
    TariffComponentType,
)
from ev_contracts.pricing import AllowanceAsked
from pricing.domain.currencies import minor_digits
from pricing.domain.drafts import NOWHERE, Draft
from pricing.domain.engine.tariff import E8, Component, Exact
from pricing.domain.money import decimal_of, minor_of, sum_of

_COVERS = {AllowanceKind.ENERGY: TariffComponentType.ENERGY, AllowanceKind.TIME: TariffComponentType.TIME}
_UNITS = {AllowanceKind.ENERGY: (1_000, "kWh"), AllowanceKind.TIME: (60, "minutes charging")}
_LARGE = {AllowanceKind.ENERGY: 1_000, AllowanceKind.TIME: 3_600}
_ONE = Decimal(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entitlement:
    """The plan by which somebody buys, and what it was granted of its allowances."""

    terms: PlanTerms
    month: str
    draws: tuple[AllowanceDraw, ...] = ()

    @classmethod
    def of(cls, terms: PlanTerms, at: datetime) -> "Entitlement":
        """Of a session that started then, without allowances."""
        return cls(terms=terms, month=month_of(terms.plan, at))


def month_of(plan: PlanVersion, at: datetime) -> str:
    """The calendar month of an instant, by the plan's clock."""
    return f"{at.astimezone(ZoneInfo(plan.time_zone)):%Y-%m}"


@dataclass(slots=True)
class _Part:
    """What is to be paid of one component at one rate of tax; of none where a plan cannot name it."""

    type: TariffComponentType | None
    like: Component
    net: Fraction
    vat: Fraction

    @property
    def is_due(self) -> bool:
        """Whether anything is to be paid of it."""
        return bool(self.net or self.vat)


def wanted(drafts: Sequence[Draft], plan: PlanVersion, currency: str) -> Sequence[AllowanceAsked]:
    """How much of each allowance this price could use: whole units, the last begun one too."""
    return [
        AllowanceAsked(kind=each.kind, allowed=each.quantity, wanted=_wanted_of(each, drafts, plan, currency))
        for each in plan.allowances
    ]


def _wanted_of(allowance: PlanAllowance, drafts: Sequence[Draft], plan: PlanVersion, currency: str) -> int:
    parts = _parts_of(drafts)
    if allowance.kind is AllowanceKind.MONEY:
        if plan.currency != currency:
            return 0
        list(_discounted(parts, plan))
        return minor_of(_gross(parts), currency)
    covered = _COVERS[allowance.kind]
    is_due = any(each.is_due for each in parts if each.type is covered)
    volume = _volume(drafts, covered)
    return -(-volume.numerator // volume.denominator) if is_due else 0


def _volume(drafts: Sequence[Draft], kind: TariffComponentType) -> Exact:
    """What is billed of it at a price; what is free needs no allowance."""
    return sum(each.billed for each in drafts if _named(each) is kind and each.component.price_e8)


def reductions(drafts: Sequence[Draft], by: Entitlement, currency: str) -> Sequence[Draft]:
    """The lines by which the plan lowers the price, in the order in which they were taken."""
    parts, plan = _parts_of(drafts), by.terms.plan
    lines: list[Draft] = []
    for draw in by.draws:
        if draw.kind is not AllowanceKind.MONEY:
            lines += _covered(parts, draw, drafts, by)
    lines += _discounted(parts, plan)
    for draw in by.draws:
        if draw.kind is AllowanceKind.MONEY and draw.drawn:
            lines += _paid(parts, draw, by, currency)
    return lines


def _named(draft: Draft) -> TariffComponentType | None:
    return draft.type if draft.scope is LineScope.SESSION else None


def _parts_of(drafts: Sequence[Draft]) -> list[_Part]:
    """A part a component and rate; what a limit moved is spread over the lines of its rate."""
    parts: dict[tuple[TariffComponentType | None, int], _Part] = {}
    limits = [each for each in drafts if each.scope is LineScope.PRICE_LIMIT]
    for each in drafts:
        if each.scope is not LineScope.PRICE_LIMIT:
            key = (_named(each), each.component.tax_e10)
            part = parts.setdefault(key, _Part(key[0], each.component, Fraction(), Fraction()))
            part.net, part.vat = part.net + each.excl_vat, part.vat + each.vat
    for limit in limits:
        rate = limit.component.tax_e10
        of_rate = [part for (_, tax), part in parts.items() if tax == rate]
        net, vat = sum_of([part.net for part in of_rate]), sum_of([part.vat for part in of_rate])
        rest = _Part(None, limit.component, Fraction() if net else limit.excl_vat, Fraction() if vat else limit.vat)
        for part in of_rate:
            part.net += limit.excl_vat * part.net / net if net else 0
            part.vat += limit.vat * part.vat / vat if vat else 0
        if rest.net or rest.vat:
            parts[None, -1 - rate] = rest
    return list(parts.values())


def _gross(parts: Sequence[_Part]) -> Fraction:
    return sum_of([part.net + part.vat for part in parts])


def _covered(parts: Sequence[_Part], draw: AllowanceDraw, drafts: Sequence[Draft], by: Entitlement) -> Iterator[Draft]:
    kind = _COVERS[draw.kind]
    volume = _volume(drafts, kind)
    if not draw.drawn or not volume:
        return
    share = min(Fraction(1), Fraction(draw.drawn) / volume)
    per, unit = _UNITS[draw.kind]
    used, allowed, left = (_plain(Fraction(each, per)) for each in (draw.drawn, draw.allowed, draw.left))
    rule = f"plan {by.terms.plan.plan_id}: {used} of the month's {allowed} {unit} are included, {left} left"
    for part in parts:
        if part.type is kind and part.is_due:
            used_large = decimal_of(Fraction(draw.drawn, _LARGE[draw.kind]))
            yield _taken(part, share, LineScope.ALLOWANCE, rule)._replace(used=used_large)


def _discounted(parts: Sequence[_Part], plan: PlanVersion) -> Iterator[Draft]:
    """Of components first, of the total last."""
    for each in sorted(plan.discounts, key=lambda discount: discount.component is None):
        rule = f"plan {plan.plan_id}: {each.percent.normalize():f} % off {_what(each)}"
        for part in parts:
            if each.component in {None, part.type} and part.is_due:
                yield _taken(part, Fraction(each.percent) / 100, LineScope.DISCOUNT, rule)


def _what(discount: PlanDiscount) -> str:
    return "the total" if discount.component is None else discount.component.value


def _paid(parts: Sequence[_Part], draw: AllowanceDraw, by: Entitlement, currency: str) -> Iterator[Draft]:
    """By money of the plan: to the last cent of what would be rounded to it."""
    gross = _gross(parts)
    is_whole = draw.drawn >= minor_of(gross, currency)
    scale = 10 ** minor_digits(currency)
    share = Fraction(1) if is_whole else Fraction(draw.drawn, scale) / gross
    used, allowed, left = (_plain(Fraction(each, scale)) for each in (draw.drawn, draw.allowed, draw.left))
    rule = f"plan {by.terms.plan.plan_id}: {used} of the month's {allowed} {currency} are included, {left} left"
    for part in parts:
        if part.is_due:
            yield _taken(part, share, LineScope.ALLOWANCE, rule)


def _taken(part: _Part, share: Fraction, scope: LineScope, rule: str) -> Draft:
    """The share is taken off the part, and a line says so."""
    net, vat = part.net * share, part.vat * share
    part.net, part.vat = part.net - net, part.vat - vat
    kind = part.type or TariffComponentType.FLAT
    component = Component(type=kind, price_e8=-round(net * E8), taxes=part.like.taxes)
    return Draft(
        scope=scope,
        type=kind,
        place=NOWHERE,
        component=component,
        quantity=_ONE,
        used=None,
        restriction="",
        rule=rule,
        excl_vat=-net,
        vat=-vat,
    )


def _plain(number: Fraction) -> str:
    return f"{decimal_of(number).normalize():f}"


Available = Mapping[AllowanceKind, int]
"""What is left of allowances; of what is not named all is."""


def foreseen(drafts: Sequence[Draft], by: Entitlement, currency: str, available: Available) -> Entitlement:
    """As if it were drawn now: for quotes and running costs, which take nothing away."""
    draws = []
    for each in wanted(drafts, by.terms.plan, currency):
        can = available.get(each.kind, each.allowed)
        drawn = min(each.wanted, can)
        draws.append(AllowanceDraw(kind=each.kind, allowed=each.allowed, drawn=drawn, left=can - drawn))
    return replace(by, draws=tuple(draws))
