"""What a rated session asks of billing: an entry in the seller's book, one in the buyer's, and the seller's invoice."""

import uuid
from collections.abc import Iterator, Sequence
from datetime import datetime

from billing.domain.entry import BUYER, SELLER
from billing.ports import Facts, PartyBook
from chassis.decider import EventContext, To
from ev_contracts.assets import PartySnapshot
from ev_contracts.billing import EntryWanted, InvoiceParty, InvoiceWanted, IssueInvoice, PostEntry
from ev_contracts.common import RelationKind
from ev_contracts.pricing import SessionRated
from ev_contracts.record import Record

_ENTRIES = uuid.UUID("6f2f3a52-6d0e-5f0a-9a3b-3f1f6a1c7e10")
"""Namespace of entry ids: uuid5 of rating and side, so that a retry asks for the same entry."""


_Rated = SessionRated | EntryWanted | InvoiceWanted
"""What carries a rating with its facts, place and parties."""


def entries_of(event: Record, _context: EventContext, facts: Facts) -> Sequence[To]:
    """One PostEntry per book that the session enters, keyed by that book's tenant."""
    if not isinstance(event, SessionRated):
        return ()
    return [
        To(key=f"{command.book_tenant}/{command.entry_id}", command=command)
        for command in _entries(event, facts.parties)
    ]


def entries_again(event: Record, context: EventContext, facts: Facts) -> Sequence[To]:
    """A held entry with the parties as they are known by now."""
    if not isinstance(event, EntryWanted):
        return ()
    return [To(key=context.key, command=_entry(event, facts.parties, event.side_of_book, event.book_tenant, event.at))]


def invoices_of(event: Record, _context: EventContext, facts: Facts) -> Sequence[To]:
    """The seller's invoice of what stands in its book, with the parties as they are known now."""
    if not isinstance(event, InvoiceWanted):
        return ()
    relation = event.rating.relation
    seller = facts.parties.get(_key(relation.seller_party_id))
    buyer = _buyer(event, facts.parties)
    if seller is None or buyer is None:
        # Whoever posted knew both: this process is behind, and a start reads the parties to their end.
        raise LookupError(f"{relation.seller_party_id} or {relation.buyer_party_id} is not known here yet")
    # The year is that of the delivery in UTC, so a session of New Year's Eve that is rated later keeps its series.
    series = f"{relation.seller_party_id}-{event.facts.ended_at.year}"
    command = IssueInvoice(
        at=event.at, series=series, rating=event.rating, facts=event.facts, place=event.place,
        seller=_party_on_invoice(seller), buyer=buyer,
    )  # fmt: skip
    return [To(key=f"{relation.seller_tenant}/{series}", command=command)]


def _entries(event: SessionRated, parties: PartyBook) -> Iterator[PostEntry]:
    yield _entry(event, parties, SELLER, event.rating.relation.seller_tenant, event.rated_at)
    # A buyer who keeps no books with us (a roaming partner) books the purchase in its own system.
    if event.rating.relation.kind is RelationKind.CPO_TO_EMSP and event.parties.emsp_tenant:
        yield _entry(event, parties, BUYER, event.parties.emsp_tenant, event.rated_at)


def _entry(event: _Rated, parties: PartyBook, side: str, tenant: str, at: datetime) -> PostEntry:
    return PostEntry(
        at=at,
        entry_id=str(uuid.uuid5(_ENTRIES, f"{event.rating.rating_id}/{side}")),
        rating=event.rating,
        facts=event.facts,
        place=event.place,
        parties=event.parties,
        same_legal_entity=_same_legal_entity(event, parties),
        owner_same_legal_entity=_owner_is_operator(event, parties),
        book_tenant=tenant,
        side_of_book=side,
    )


def _same_legal_entity(event: _Rated, parties: PartyBook) -> bool | None:
    """None where the seller or the buying party is not known."""
    relation = event.rating.relation
    seller = parties.get(_key(relation.seller_party_id))
    if relation.buyer_party_id is None:
        return None if seller is None else False
    buyer = parties.get(_key(relation.buyer_party_id))
    return None if seller is None or buyer is None else seller.legal_entity_id == buyer.legal_entity_id


def _owner_is_operator(event: _Rated, parties: PartyBook) -> bool:
    # An owner who is not registered shares no legal entity with anyone registered: the share is owed to him.
    if event.parties.owner_party_id is None:
        return False
    owner = parties.get(_key(event.parties.owner_party_id))
    operator = parties.get(_key(event.parties.cpo_party_id))
    return owner is not None and operator is not None and owner.legal_entity_id == operator.legal_entity_id


def _buyer(event: _Rated, parties: PartyBook) -> InvoiceParty | None:
    relation = event.rating.relation
    if relation.buyer_party_id is not None:
        known = parties.get(_key(relation.buyer_party_id))
        return None if known is None else _party_on_invoice(known)
    # Who the driver is stands in the vault alone; the page shows it to those who may know. The country is that of
    # the supply: electricity for a vehicle is taxed where it is charged.
    return InvoiceParty(ref=relation.buyer_ref, legal_name="Private customer", country=event.place.country)


def _party_on_invoice(party: PartySnapshot) -> InvoiceParty:
    return InvoiceParty(
        party_id=party.party_id, legal_name=party.legal_name, country=party.country, vat_number=party.vat_number
    )


def _key(party_id: str) -> str:
    return f"_/{party_id}"
