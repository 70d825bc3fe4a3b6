"""The entry that a rating asks of one book, or why it may not enter it."""

from billing.domain import entry
from billing.domain.totals import fault_of
from ev_contracts.billing import EntryPosted, EntryRefused, PostEntry

PARTY_UNKNOWN = "party-unknown"
"""The one reason that passes by itself: the registry may yet tell of the party."""


def fault_of_entry(command: PostEntry) -> str | None:
    """Why this may not enter the book, in kebab-case; None where it may."""
    relation, permille = command.rating.relation, command.parties.owner_share_permille
    if command.same_legal_entity is None:
        return PARTY_UNKNOWN
    if command.side_of_book not in (entry.SELLER, entry.BUYER):
        return "unknown-side-of-book"
    if command.side_of_book == entry.SELLER and command.book_tenant != relation.seller_tenant:
        return "not-the-sellers-book"
    if command.side_of_book == entry.BUYER and relation.buyer_party_id is None:
        return "buyer-keeps-no-books"
    if permille is not None and not 0 <= permille <= 1000:
        return "share-out-of-range"
    return fault_of(command.rating)


def entry_of(command: PostEntry) -> EntryPosted:
    """The rating as one entry, whole, as if nothing of it stood yet."""
    rating, facts, parties = command.rating, command.facts, command.parties
    relation = rating.relation
    share = entry.owner_share_minor(command)
    owner = parties if share is not None else None
    vat_minor = entry.taxed_vat_minor(command)
    # In the buyer's book the party is the buyer: a missing one was refused before.
    buyers_book = command.side_of_book == entry.BUYER and relation.buyer_party_id is not None
    return EntryPosted(
        entry_id=command.entry_id,
        book_tenant=command.book_tenant,
        book_party_id=relation.buyer_party_id if buyers_book and relation.buyer_party_id else relation.seller_party_id,
        session_id=facts.session_id,
        rating_id=rating.rating_id,
        relation=relation,
        model=parties.commercial_model,
        booked_at=command.at,
        session_ended_at=facts.ended_at,
        currency=rating.currency,
        lines=entry.lines_of(command),
        net_minor=rating.total_excl_vat.rounded_minor,
        vat_minor=vat_minor,
        gross_minor=rating.total_excl_vat.rounded_minor + vat_minor,
        owner_party_id=owner.owner_party_id if owner else None,
        owner_share_permille=owner.owner_share_permille if owner else None,
        owner_share_minor=share,
        ownership_contract_id=owner.ownership_contract_id if owner else None,
        ownership_contract_version=owner.ownership_contract_version if owner else None,
        energy_wh=facts.energy_wh,
        meter_start_wh=facts.meter_start_wh,
        meter_stop_wh=facts.meter_stop_wh,
        started_at=facts.started_at,
        place=command.place,
        tariff_id=rating.tariff_id,
        tariff_version=rating.tariff_version,
        correction=command.correction,
        same_legal_entity=command.same_legal_entity,
    )


def refused(command: PostEntry, reason: str) -> EntryRefused:
    """The "no", with all that another try needs where time may mend it."""
    no = EntryRefused(
        entry_id=command.entry_id,
        session_id=command.facts.session_id,
        reason=reason,
        at=command.at,
        correction=command.correction,
    )
    if reason != PARTY_UNKNOWN:
        return no
    needed = ("rating", "facts", "place", "parties", "book_tenant", "side_of_book")
    return no.model_copy(update={name: getattr(command, name) for name in needed})
