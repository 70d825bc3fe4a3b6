"""When a rated session enters a book: once, balanced, or held with the reason until a later fact mends it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import assert_never

from billing.domain import entry
from billing.domain.totals import fault_of
from chassis.decider import Deadline, Decider, pause_before
from ev_contracts.billing import EntryPosted, EntryRefused, EntryWanted, InvoiceWanted, PostEntry, PostingDeadlinePassed
from ev_contracts.common import Parties, Place, Rating, SessionFacts

PARTY_UNKNOWN = "party-unknown"
"""The one reason that passes by itself: the registry may yet tell of the party."""

_FIRST_TRY = timedelta(seconds=60)
_RAREST_TRY = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Absent:
    """Nothing stands in the book yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """The entry stands; an entry is never changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """All that another try needs."""

    entry_id: str
    rating: Rating
    facts: SessionFacts
    place: Place
    parties: Parties
    book_tenant: str
    side_of_book: str
    attempt: int
    tried_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """The rating could not be posted; `wanted` where a later fact may mend that."""

    reason: str
    wanted: Wanted | None = None


State = Absent | Posted | Held
Command = PostEntry | PostingDeadlinePassed
Event = EntryPosted | EntryRefused | EntryWanted | InvoiceWanted


def decide(command: Command, state: State) -> Sequence[Event]:
    """A "no" is an event here: the command comes from a reaction and nobody waits for an answer."""
    match command:
        case PostEntry():
            return _post(command, state)
        case PostingDeadlinePassed():
            return _try_again(command, state)
        case _:
            assert_never(command)


def _post(command: PostEntry, state: State) -> Sequence[Event]:
    match state:
        case Absent() | Held(wanted=Wanted()):
            entered = _entered(command)
            if isinstance(entered, EntryPosted):
                return [entered, *_invoice(command)]
            is_told = isinstance(state, Held) and entered.reason == state.reason
            return [] if is_told else [entered]
        case Held() | Posted():
            return []
        case _:
            assert_never(state)


def _entered(command: PostEntry) -> EntryPosted | EntryRefused:
    reason = _fault_of(command)
    if reason is not None:
        return _refused(command, reason)
    posted = _posted(command)
    return _refused(command, "does-not-balance") if entry.imbalance(posted.lines) else posted


def _invoice(command: PostEntry) -> Sequence[InvoiceWanted]:
    """What stands in the seller's book is invoiced, so once; not within one legal entity (domain rule 6)."""
    if command.side_of_book != entry.SELLER or command.same_legal_entity:
        return []
    rated = {"rating": command.rating, "facts": command.facts, "place": command.place, "parties": command.parties}
    return [InvoiceWanted.model_validate({**rated, "at": command.at})]


def _try_again(command: PostingDeadlinePassed, state: State) -> Sequence[EntryWanted]:
    if not isinstance(state, Held) or state.wanted is None:
        return []
    held = state.wanted
    return [
        EntryWanted(
            entry_id=held.entry_id,
            rating=held.rating,
            facts=held.facts,
            place=held.place,
            parties=held.parties,
            book_tenant=held.book_tenant,
            side_of_book=held.side_of_book,
            attempt=held.attempt + 1,
            at=command.at,
        )
    ]


def evolve(state: State, event: Event) -> State:
    """The state after the event."""
    match event:
        case EntryPosted():
            return Posted()
        case EntryRefused():
            return Held(reason=event.reason, wanted=_held(event))
        case EntryWanted():
            return _wanted_again(state, event)
        case InvoiceWanted():
            return state
        case _:
            assert_never(event)


def _wanted_again(state: State, event: EntryWanted) -> State:
    if not isinstance(state, Held) or state.wanted is None:
        return state
    return replace(state, wanted=replace(state.wanted, attempt=event.attempt, tried_at=event.at))


def _held(event: EntryRefused) -> Wanted | None:
    if event.reason != PARTY_UNKNOWN or event.rating is None or event.facts is None or event.place is None:
        return None
    if event.parties is None or event.book_tenant is None or event.side_of_book is None:
        return None
    return Wanted(
        entry_id=event.entry_id,
        rating=event.rating,
        facts=event.facts,
        place=event.place,
        parties=event.parties,
        book_tenant=event.book_tenant,
        side_of_book=event.side_of_book,
        attempt=0,
        tried_at=event.at,
    )


def deadlines(state: State) -> Sequence[Deadline]:
    """An entry that waits for a party is tried again, ever more rarely but for ever."""
    if not isinstance(state, Held) or state.wanted is None:
        return []
    pause = pause_before(state.wanted.attempt, first=_FIRST_TRY, longest=_RAREST_TRY)
    return [Deadline(name="try-again", due_at=state.wanted.tried_at + pause)]


def _fault_of(command: PostEntry) -> str | None:
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
    refused = EntryRefused(entry_id=command.entry_id, session_id=command.facts.session_id, reason=reason, at=command.at)
    if reason != PARTY_UNKNOWN:
        return refused
    needed = ("rating", "facts", "place", "parties", "book_tenant", "side_of_book")
    return refused.model_copy(update={name: getattr(command, name) for name in needed})


posting: Decider[Command, State, Event] = Decider(initial=Absent(), decide=decide, evolve=evolve, deadlines=deadlines)
