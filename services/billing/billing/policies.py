"""What a rated session asks of billing: an entry in each book, the invoice and its notes."""

import uuid
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import assert_never

from billing.domain.entry import BUYER, SELLER
from billing.ports import Facts, PartyBook
from chassis.decider import EventContext, To
from ev_contracts.assets import PartySnapshot
from ev_contracts.billing import (
    Correction,
    EntryWanted,
    InvoiceIssued,
    InvoiceParty,
    InvoiceWanted,
    IssueInvoice,
    IssueNote,
    NoteWanted,
    PostEntry,
    RecordInvoice,
)
from ev_contracts.common import RelationKind
from ev_contracts.pricing import SessionRated, SessionRerated
from ev_contracts.record import Record

_ENTRIES = uuid.UUID("6f2f3a52-6d0e-5f0a-9a3b-3f1f6a1c7e10")
"""Namespace of entry ids: uuid5 of rating, side and revision, so that a retry asks for the same entry."""


_Told = SessionRated | SessionRerated
_Rated = _Told | EntryWanted | InvoiceWanted | NoteWanted
"""What carries a rating with its facts, place and parties."""


def entries_of(event: Record, _context: EventContext, facts: Facts) -> Sequence[To]:
    """One PostEntry per book that the session enters; what is rated anew goes where the rating stands already."""
    if not isinstance(event, SessionRated | SessionRerated):
        return ()
    return [
        To(key=_entry_key(command.book_tenant, event.rating.rating_id, command.side_of_book), command=command)
        for command in _entries(event, facts.parties)
    ]


def entries_again(event: Record, context: EventContext, facts: Facts) -> Sequence[To]:
    """A held entry with the parties as they are known by now."""
    if not isinstance(event, EntryWanted):
        return ()
    command = _entry(event, facts.parties, event.side_of_book, event.book_tenant)
    return [To(key=context.key, command=command)]


def invoices_of(event: Record, _context: EventContext, facts: Facts) -> Sequence[To]:
    """The seller's invoice of what stands in its book, with the parties as they are known now."""
    if not isinstance(event, InvoiceWanted):
        return ()
    relation = event.rating.relation
    seller, buyer = _on_paper(event, facts.parties)
    # The year is that of the delivery in UTC, so a session of New Year's Eve that is rated later keeps its series.
    series = f"{relation.seller_party_id}-{event.facts.ended_at.year}"
    command = IssueInvoice(
        at=event.at, series=series, rating=event.rating, facts=event.facts, place=event.place,
        seller=seller, buyer=buyer,
    )  # fmt: skip
    return [To(key=f"{relation.seller_tenant}/{series}", command=command)]


def notes_of(event: Record, _context: EventContext, facts: Facts) -> Sequence[To]:
    """The seller's credit or debit note on an invoice whose rating has changed."""
    if not isinstance(event, NoteWanted):
        return ()
    relation = event.rating.relation
    seller, buyer = _on_paper(event, facts.parties)
    # Notes count in a series of their own, by the year in which they are due: the delivery may be long past.
    series = f"{relation.seller_party_id}-N-{event.at.year}"
    command = IssueNote(
        at=event.at, series=series, invoice_number=event.invoice_number, correction=event.correction,
        before=event.before, rating=event.rating, facts=event.facts, place=event.place, seller=seller, buyer=buyer,
    )  # fmt: skip
    return [To(key=f"{relation.seller_tenant}/{series}", command=command)]


def numbers_of(event: Record, _context: EventContext, _facts: None) -> Sequence[To]:
    """The invoice's number, to where the seller's entry stands."""
    if not isinstance(event, InvoiceIssued):
        return ()
    command = RecordInvoice(at=event.issued_at, rating_id=event.rating_id, invoice_number=event.invoice_number)
    return [To(key=_entry_key(event.tenant, event.rating_id, SELLER), command=command)]


def _entry_key(tenant: str, rating_id: str, side: str) -> str:
    """All entries of a rating in a book stand in one place, under the id of the first."""
    return f"{tenant}/{_entry_id(rating_id, side, 0)}"


def _entry_id(rating_id: str, side: str, revision: int) -> str:
    named = f"{rating_id}/{side}"
    return str(uuid.uuid5(_ENTRIES, f"{named}/{revision}" if revision else named))


def _entries(event: _Told, parties: PartyBook) -> Iterator[PostEntry]:
    yield _entry(event, parties, SELLER, event.rating.relation.seller_tenant)
    # A buyer who keeps no books with us (a roaming partner) books the purchase in its own system.
    if event.rating.relation.kind is RelationKind.CPO_TO_EMSP and event.parties.emsp_tenant:
        yield _entry(event, parties, BUYER, event.parties.emsp_tenant)


def _entry(event: _Told | EntryWanted, parties: PartyBook, side: str, tenant: str) -> PostEntry:
    correction = _correction(event)
    return PostEntry(
        at=_said_at(event),
        entry_id=_entry_id(event.rating.rating_id, side, correction.revision if correction else 0),
        rating=event.rating,
        facts=event.facts,
        place=event.place,
        parties=event.parties,
        same_legal_entity=_same_legal_entity(event, parties),
        owner_same_legal_entity=_owner_is_operator(event, parties),
        book_tenant=tenant,
        side_of_book=side,
        correction=correction,
    )


def _correction(event: _Told | EntryWanted) -> Correction | None:
    match event:
        case SessionRated():
            return None
        case SessionRerated():
            return Correction(revision=event.revision, cause=event.cause, correction_id=event.correction_id)
        case EntryWanted():
            return event.correction
        case _:
            assert_never(event)


def _said_at(event: _Told | EntryWanted) -> datetime:
    match event:
        case SessionRated():
            return event.rated_at
        case SessionRerated():
            return event.rerated_at
        case EntryWanted():
            return event.at
        case _:
            assert_never(event)


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


def _on_paper(event: InvoiceWanted | NoteWanted, parties: PartyBook) -> tuple[InvoiceParty, InvoiceParty]:
    """Seller and buyer as a document names them."""
    relation = event.rating.relation
    seller, buyer = parties.get(_key(relation.seller_party_id)), _buyer(event, parties)
    if seller is None or buyer is None:
        # Whoever posted knew both: this process is behind, and a start reads the parties to their end.
        raise LookupError(f"{relation.seller_party_id} or {relation.buyer_party_id} is not known here yet")
    return _party_on_invoice(seller), buyer


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
