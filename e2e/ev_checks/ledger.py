"""What stands on the log of a platform's money, as the checks are given it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from ev_contracts.billing import EntryPosted, EntryRefused, InvoiceIssued, NoteIssued
from ev_contracts.common import Rating, RelationKind
from ev_contracts.pricing import SessionRated, SessionRerated, SessionUnratable
from ev_contracts.sessions import GapFilled, GapFound, SessionClosed

Told = SessionRated | SessionRerated
"""What pricing said of a rating, first or later."""


class Finding(NamedTuple):
    """Something that must not be."""

    rule: str
    subject: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """What stands on the log, each kind in the order of its partitions' offsets."""

    closed: Sequence[SessionClosed] = ()
    gaps: Sequence[GapFound | GapFilled] = ()
    rated: Sequence[SessionRated] = ()
    rerated: Sequence[SessionRerated] = ()
    unratable: Sequence[SessionUnratable] = ()
    entries: Sequence[EntryPosted] = ()
    refused: Sequence[EntryRefused] = ()
    invoices: Sequence[InvoiceIssued] = ()
    notes: Sequence[NoteIssued] = ()
    legal_entities: Mapping[str, str] = field(default_factory=dict)
    """Party -> legal entity, as registered."""

    def one_entity(self, rating: Rating) -> bool:
        """Seller and buyer are one house: nothing is invoiced between them."""
        relation = rating.relation
        seller = self.legal_entities.get(relation.seller_party_id)
        return relation.buyer_party_id is not None and seller == self.legal_entities.get(relation.buyer_party_id, "")

    def latest(self) -> Mapping[str, Told]:
        """Each rating as pricing said it last."""
        told: dict[str, Told] = {each.rating.rating_id: each for each in self.rated}
        for each in sorted(self.rerated, key=lambda each: each.revision):
            told[each.rating.rating_id] = each
        return told


def books(rated: Told) -> Iterator[tuple[str, str]]:
    """Tenant and party of each book that this enters: the seller's, and the buyer's where it keeps one here."""
    relation = rated.rating.relation
    yield relation.seller_tenant, relation.seller_party_id
    if relation.kind is RelationKind.CPO_TO_EMSP and rated.parties.emsp_tenant and relation.buyer_party_id:
        yield rated.parties.emsp_tenant, relation.buyer_party_id
