"""A session's price in one relation: the engine's exact result as lines and totals, rounded once at the very end."""

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from ev_contracts.common import (
    LineScope,
    Money,
    PlanApplied,
    PlanVersion,
    RatedLine,
    Rating,
    Relation,
    SessionFacts,
    TariffComponentType,
    TariffVersion,
    TaxRate,
)
from ev_contracts.pricing import AllowanceAsked
from pricing.domain.charging_periods import periods_of
from pricing.domain.drafts import NOWHERE, Draft
from pricing.domain.engine.contract import tariff_of
from pricing.domain.engine.matching import plain
from pricing.domain.engine.price import Line, Moved, Priced, price
from pricing.domain.engine.session import Session
from pricing.domain.engine.splitting import session_of
from pricing.domain.engine.tariff import E8, Candidate, Component, Scope, Tariff
from pricing.domain.engine.words import words_of
from pricing.domain.entitlement import Entitlement, reductions, wanted
from pricing.domain.money import minor_of, money_of, shares_of, sum_of

_SCOPES = {Scope.SESSION: LineScope.SESSION, Scope.RESERVATION: LineScope.RESERVATION}
_PERMILLE_E8 = 10**7
_ONE = Decimal(1)
_ROUNDING = "exact until here; net and gross half-even once to the minor unit of {}, lines by largest remainder"


class _Unit(NamedTuple):
    """What is counted, and what of it is priced."""

    small: str
    large: str


_UNITS = {
    TariffComponentType.ENERGY: _Unit("Wh", "kWh"),
    TariffComponentType.TIME: _Unit("s charging", "h"),
    TariffComponentType.PARKING_TIME: _Unit("s parking", "h"),
    TariffComponentType.FLAT: _Unit("", "session"),
}


class Totals(NamedTuple):
    """Net and gross, each rounded half-even once; VAT is what lies between them."""

    excl_vat: Money
    vat: Money
    incl_vat: Money


class Subject(NamedTuple):
    """What is rated: a session in a relation."""

    rating_id: str
    relation: Relation
    facts: SessionFacts
    time_zone: str


class PricedSession(NamedTuple):
    """A session as it was cut for a tariff, and its price."""

    tariff: Tariff
    session: Session
    priced: Priced


def priced_whole(facts: SessionFacts, version: TariffVersion, time_zone: str) -> PricedSession:
    """The one way from a session and a published tariff to a price. Raises ZoneInfoNotFoundError."""
    tariff = tariff_of(version)
    session = session_of(facts, tariff, time_zone)
    return PricedSession(tariff, session, price(tariff, session))


def priced_session(facts: SessionFacts, version: TariffVersion, time_zone: str) -> Priced:
    """Likewise, the price alone."""
    return priced_whole(facts, version, time_zone).priced


def totals_of(priced: Priced, currency: str, reduced: Sequence[Draft] = ()) -> Totals:
    """What it comes to, less what a plan takes off. A published tariff always tells both views of tax."""
    net, gross = priced.excl_vat or Fraction(), priced.incl_vat or Fraction()
    if reduced:
        net = sum_of([net, *(each.excl_vat for each in reduced)])
        gross = sum_of([gross, *(each.excl_vat + each.vat for each in reduced)])
    net_minor, gross_minor = minor_of(net, currency), minor_of(gross, currency)
    return Totals(
        excl_vat=money_of(net, net_minor, currency),
        vat=money_of(gross - net, gross_minor - net_minor, currency),
        incl_vat=money_of(gross, gross_minor, currency),
    )


def drafts_of(priced: Priced) -> Sequence[Draft]:
    """The tariff's lines, and what its limits moved."""
    drafts = [_draft(line) for line in priced.lines]
    if priced.moved is not None:
        drafts += _drafts_of_limit(priced, priced.moved)
    return drafts


def rate(*, rating_id: str, relation: Relation, tariff: TariffVersion, facts: SessionFacts, time_zone: str) -> Rating:
    """The price in this relation, with its lines; their cents sum to the totals'."""
    return rated(Subject(rating_id, relation, facts, time_zone), tariff)


def asked_of(facts: SessionFacts, tariff: TariffVersion, time_zone: str, plan: PlanVersion) -> Sequence[AllowanceAsked]:
    """How much of each of the plan's allowances this session could use."""
    return wanted(drafts_of(priced_session(facts, tariff, time_zone)), plan, tariff.currency)


Chosen = Callable[[Sequence[Draft]], Entitlement]
"""What a plan grants, once the tariff's lines are known."""


def rated(subject: Subject, tariff: TariffVersion, entitled: Entitlement | Chosen | None = None) -> Rating:
    """Likewise, less what a plan takes off."""
    currency = tariff.currency
    whole = priced_whole(subject.facts, tariff, subject.time_zone)
    drafts = drafts_of(whole.priced)
    by = entitled(drafts) if callable(entitled) else entitled
    reduced = [] if by is None else reductions(drafts, by, currency)
    totals = totals_of(whole.priced, currency, reduced)
    drafts = [*drafts, *reduced] if reduced else drafts
    net_cents = shares_of(totals.excl_vat.rounded_minor, [each.excl_vat for each in drafts], currency)
    vat_cents = shares_of(totals.vat.rounded_minor, [each.vat for each in drafts], currency)
    cents = zip(drafts, net_cents, vat_cents, strict=True)
    return Rating(
        rating_id=subject.rating_id,
        relation=subject.relation,
        tariff_id=tariff.tariff_id,
        tariff_version=tariff.version,
        tariff_issuer_party_id=tariff.issuer_party_id,
        tariff_hash=tariff.content_hash,
        currency=currency,
        lines=tuple(_rated(draft, net, vat, currency) for draft, net, vat in cents),
        total_excl_vat=totals.excl_vat,
        total_vat=totals.vat,
        total_incl_vat=totals.incl_vat,
        rounding=_ROUNDING.format(currency),
        periods=tuple(periods_of(subject.facts, whole.tariff, whole.session)),
        plan=None if by is None else PlanApplied(terms=by.terms, month=by.month, draws=by.draws),
    )


def _rated(draft: Draft, net_minor: int, vat_minor: int, currency: str) -> RatedLine:
    permille = permille_of(draft.component)
    is_plain = permille is not None or not draft.component.taxes
    return RatedLine(
        type=draft.type,
        quantity=draft.quantity,
        unit_price=_price_of(draft.component),
        vat_permille=permille,
        excl_vat=money_of(draft.excl_vat, net_minor, currency),
        vat=money_of(draft.vat, vat_minor, currency),
        rule=draft.rule,
        scope=draft.scope,
        element=draft.place[0],
        component=draft.place[1],
        used=draft.used,
        restriction=draft.restriction,
        taxes=() if is_plain else taxes_of(draft.component),
    )


def permille_of(component: Component) -> int | None:
    """The VAT in thousandths, where it is one tax that thousandths can say."""
    if len(component.taxes) != 1 or component.taxes[0].percent_e8 % _PERMILLE_E8:
        return None
    return component.taxes[0].percent_e8 // _PERMILLE_E8


def taxes_of(component: Component) -> tuple[TaxRate, ...]:
    """Its taxes as the contracts tell them."""
    return tuple(
        TaxRate(
            name=tax.name,
            percent=Decimal(tax.percent_e8).scaleb(-8),
            account_number=tax.account_number,
        )
        for tax in component.taxes
    )


def _price_of(component: Component) -> Decimal:
    return Decimal(component.price_e8).scaleb(-8)


def _draft(line: Line) -> Draft:
    candidate = line.candidate
    return Draft(
        scope=_SCOPES[candidate.scope],
        type=candidate.component.type,
        place=(candidate.element, candidate.place),
        component=candidate.component,
        quantity=line.quantity,
        used=line.quantity_used,
        restriction=words_of(candidate.restrictions),
        rule=rule_of(line),
        excl_vat=line.excl_vat,
        vat=line.vat,
        billed=line.billed,
    )


def rule_of(line: Line) -> str:
    """How this line came about, in words a driver can follow."""
    candidate = line.candidate
    rule = _rule(candidate)
    if not _UNITS[candidate.component.type].small:
        return rule
    counted = "s reserved" if candidate.scope is Scope.RESERVATION else _UNITS[candidate.component.type].small
    rule = f"{rule}: {plain(line.used)} {counted}"
    if line.billed == line.used:
        return rule
    return f"{rule}, rounded up to {plain(line.billed)} by steps of {candidate.component.step_size}"


@lru_cache(maxsize=4_096)
def _rule(candidate: Candidate) -> str:
    """What is the same in every line of a component."""
    restriction = words_of(candidate.restrictions)
    price_told = f"{_price_of(candidate.component).normalize():f}"
    return f"{price_told} per {_UNITS[candidate.component.type].large}{f', {restriction}' if restriction else ''}"


def _drafts_of_limit(priced: Priced, moved: Moved) -> Iterator[Draft]:
    """What a limit moved, a line a rate of tax, in proportion to what each rate had."""
    parts: dict[int, list[Line]] = {}
    for line in priced.lines:
        parts.setdefault(line.candidate.component.tax_e10, []).append(line)
    net = sum_of([line.excl_vat for line in priced.lines])
    vat = sum_of([line.vat for line in priced.lines])
    for lines in parts.values():
        net_share = sum_of([line.excl_vat for line in lines]) / net if net else Fraction(1, len(parts))
        vat_share = sum_of([line.vat for line in lines]) / vat if vat else net_share
        excl_vat = moved.excl_vat * net_share
        yield _limit_draft(moved, lines[0].candidate.component, excl_vat, moved.vat * vat_share)
    if not parts:
        yield _limit_draft(moved, None, moved.excl_vat, moved.vat)


def _limit_draft(moved: Moved, like: Component | None, excl_vat: Fraction, vat: Fraction) -> Draft:
    price_e8 = round(excl_vat * E8)
    component = Component(type=TariffComponentType.FLAT, price_e8=price_e8, taxes=() if like is None else like.taxes)
    return Draft(
        scope=LineScope.PRICE_LIMIT,
        type=TariffComponentType.FLAT,
        place=NOWHERE,
        component=component,
        quantity=_ONE,
        used=None,
        restriction="",
        rule=f"{moved.bound.value} of the tariff",
        excl_vat=excl_vat,
        vat=vat,
    )
