"""Which accounts a rated session touches in a book, by the contract's model; every result balances per currency.

| book | relation | debit | credit |
| --- | --- | --- | --- |
| seller | any | receivable (gross) | revenue (net), vat-payable (VAT) |
| buyer | CPO to EMSP | purchase (net), vat-receivable (VAT) | payable (gross) |
| seller, one legal entity | CPO to EMSP | allocation (net) | revenue (net) |
| buyer, one legal entity | CPO to EMSP | purchase (net) | allocation (net) |
| the CPO's, beside it | CPO sells | owner-share | owner-payable; allocation within one legal entity |
"""

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction

from ev_contracts.billing import PostEntry, PostingLine, Side
from ev_contracts.common import RelationKind

SELLER = "seller"
BUYER = "buyer"

_CPO_SELLS = (RelationKind.CPO_TO_EMSP, RelationKind.CPO_TO_DRIVER)


def lines_of(command: PostEntry) -> tuple[PostingLine, ...]:
    """The lines of the entry; amounts of zero are left out, so a free session has none."""
    book = _seller_lines(command) if command.side_of_book == SELLER else _buyer_lines(command)
    return tuple(line for line in (*book, *_owner_lines(command)) if line.amount_minor)


def owner_share_minor(command: PostEntry) -> int | None:
    """The owner's share of the net revenue in minor units, rounded half-even; None where no owner takes part here.

    Only the book of the CPO as seller carries it: the share is of the CPO's revenue, whoever bought.
    """
    permille = command.parties.owner_share_permille
    if command.side_of_book != SELLER or command.rating.relation.kind not in _CPO_SELLS:
        return None
    if command.parties.owner_party_id is None or permille is None:
        return None
    if command.parties.owner_party_id == command.parties.cpo_party_id:
        # An operator that owns the stations owes itself nothing.
        return None
    return round(Fraction(command.rating.total_excl_vat.rounded_minor * permille, 1000))


def taxed_vat_minor(command: PostEntry) -> int:
    """The VAT that is due: none between roles of one legal entity (domain rule 6)."""
    return 0 if command.same_legal_entity else command.rating.total_vat.rounded_minor


def imbalance(lines: Sequence[PostingLine]) -> dict[str, int]:
    """Debits minus credits per currency, only where they differ: empty means that the entry balances."""
    sums: Counter[str] = Counter()
    for line in lines:
        sums[line.currency] += line.amount_minor if line.side is Side.DEBIT else -line.amount_minor
    return {currency: amount for currency, amount in sums.items() if amount}


def _seller_lines(command: PostEntry) -> tuple[PostingLine, ...]:
    rating = command.rating
    net, buyer = rating.total_excl_vat.rounded_minor, rating.relation.buyer_party_id
    if command.same_legal_entity:
        return (_debit(command, "allocation", net, buyer), _credit(command, "revenue", net, buyer))
    return (
        _debit(command, "receivable", rating.total_incl_vat.rounded_minor, buyer),
        _credit(command, "revenue", net, buyer),
        _credit(command, "vat-payable", rating.total_vat.rounded_minor),
    )


def _buyer_lines(command: PostEntry) -> tuple[PostingLine, ...]:
    rating = command.rating
    net, seller = rating.total_excl_vat.rounded_minor, rating.relation.seller_party_id
    if command.same_legal_entity:
        return (_debit(command, "purchase", net, seller), _credit(command, "allocation", net, seller))
    return (
        _debit(command, "purchase", net, seller),
        _debit(command, "vat-receivable", rating.total_vat.rounded_minor),
        _credit(command, "payable", rating.total_incl_vat.rounded_minor, seller),
    )


def _owner_lines(command: PostEntry) -> tuple[PostingLine, ...]:
    share = owner_share_minor(command)
    if share is None:
        return ()
    owner = command.parties.owner_party_id
    owed = "allocation" if command.owner_same_legal_entity else "owner-payable"
    return (_debit(command, "owner-share", share, owner), _credit(command, owed, share, owner))


def _debit(command: PostEntry, account: str, amount_minor: int, party_id: str | None = None) -> PostingLine:
    return _line(command, account, Side.DEBIT, amount_minor, party_id)


def _credit(command: PostEntry, account: str, amount_minor: int, party_id: str | None = None) -> PostingLine:
    return _line(command, account, Side.CREDIT, amount_minor, party_id)


def _line(command: PostEntry, account: str, side: Side, amount_minor: int, party_id: str | None) -> PostingLine:
    return PostingLine(
        account=account, side=side, amount_minor=amount_minor, currency=command.rating.currency, party_id=party_id
    )
