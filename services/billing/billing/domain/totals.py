"""Whether a rating adds up: its lines give its totals, in one currency, in the minor unit that is posted."""

from collections.abc import Iterator

from ev_contracts.common import LineScope, Money, Rating, RelationKind

_BUYER_IS_A_PARTY = {
    RelationKind.CPO_TO_EMSP: True,
    RelationKind.EMSP_TO_DRIVER: False,
    RelationKind.CPO_TO_DRIVER: False,
}
_TAKE_BACK = frozenset({LineScope.PRICE_LIMIT, LineScope.DISCOUNT, LineScope.ALLOWANCE})


def fault_of(rating: Rating) -> str | None:
    """Why this rating may not enter the books, in kebab-case; None where it may."""
    relation = rating.relation
    if relation.kind not in _BUYER_IS_A_PARTY:
        return "unknown-relation"
    buyer = relation.buyer_party_id if _BUYER_IS_A_PARTY[relation.kind] else relation.buyer_ref
    if not buyer:
        return "no-buyer"
    if any(money.currency != rating.currency for money in _amounts(rating)):
        return "mixed-currencies"
    if any(money.rounded_minor < 0 for money in _never_negative(rating)):
        # A price below zero is a credit to the buyer: that is a credit note, never an invoice.
        return "negative-amount"
    net, vat, gross = (each.rounded_minor for each in _totals(rating))
    if net + vat != gross:
        return "totals-do-not-add-up"
    if (
        sum(line.excl_vat.rounded_minor for line in rating.lines),
        sum(line.vat.rounded_minor for line in rating.lines),
    ) != (net, vat):
        return "lines-do-not-give-the-totals"
    return None


def _totals(rating: Rating) -> tuple[Money, Money, Money]:
    return rating.total_excl_vat, rating.total_vat, rating.total_incl_vat


def _amounts(rating: Rating) -> Iterator[Money]:
    yield from _totals(rating)
    for line in rating.lines:
        yield line.excl_vat
        yield line.vat


def _never_negative(rating: Rating) -> Iterator[Money]:
    """All but what takes back: for a maximum price what was too much, for a plan what it discounts or includes."""
    yield from _totals(rating)
    for line in rating.lines:
        if line.scope not in _TAKE_BACK:
            yield line.excl_vat
            yield line.vat
