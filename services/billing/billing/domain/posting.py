"""When a rated session enters a book: once, balanced, or held for review with the reason."""

from collections.abc import Sequence
from dataclasses import dataclass

from billing.domain import entry
from billing.domain.totals import fault_of
from chassis.decider import Decider, Refused
from ev_contracts.billing import EntryPosted, EntryRefused, PostEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class Absent:
    """Nothing stands in the book yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """The entry stands; an entry is never changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """The rating could not be posted."""

    reason: str


State = Absent | Posted | Held
Event = EntryPosted | EntryRefused


def decide(command: PostEntry, state: State) -> Sequence[Event] | Refused:
    """A "no" is an event here: the command comes from a reaction and nobody waits for an answer."""
    if not isinstance(state, Absent):
        return []
    reason = _fault_of(command)
    if reason is not None:
        return [_refused(command, reason)]
    posted = _posted(command)
    return [_refused(command, "does-not-balance")] if entry.imbalance(posted.lines) else [posted]


def evolve(_state: State, event: Event) -> State:
    """The state after the event."""
    return Posted() if isinstance(event, EntryPosted) else Held(reason=event.reason)


def _fault_of(command: PostEntry) -> str | None:
    relation, permille = command.rating.relation, command.parties.owner_share_permille
    if command.same_legal_entity is None:
        return "party-unknown"
    if command.side_of_book not in (entry.SELLER, entry.BUYER):
        return "unknown-side-of-book"
    if command.side_of_book == entry.SELLER and command.book_tenant != relation.seller_tenant:
        return "not-the-sellers-book"
    if command.side_of_book == entry.BUYER and relation.buyer_party_id is None:
        return "buyer-keeps-no-books"
    if permille is not None and not 0 <= permille <= 1000:
        return "share-out-of-range"
    return fault_of(command.rating)


def _posted(command: PostEntry) -> EntryPosted:
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
    )


def _refused(command: PostEntry, reason: str) -> EntryRefused:
    return EntryRefused(entry_id=command.entry_id, session_id=command.facts.session_id, reason=reason, at=command.at)


posting: Decider[PostEntry, State, Event] = Decider(
    initial=Absent(), decide=decide, evolve=evolve, is_terminal=lambda state: not isinstance(state, Absent)
)
