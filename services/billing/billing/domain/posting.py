"""When a rated session enters a book: balanced, each change of its rating as a difference, or held with the reason."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import assert_never

from billing.domain import entry
from billing.domain.entering import PARTY_UNKNOWN, entry_of, fault_of_entry, refused
from billing.domain.standing import Standing, as_billed, billed_with, difference, standing_with
from chassis.decider import Deadline, Decider, pause_before
from ev_contracts.billing import (
    Correction,
    EntryPosted,
    EntryRefused,
    EntryWanted,
    InvoiceRecorded,
    InvoiceWanted,
    NoteHeld,
    NoteWanted,
    PostEntry,
    PostingDeadlinePassed,
    RecordInvoice,
)
from ev_contracts.common import Parties, Place, Rating, SessionFacts

_FIRST_TRY = timedelta(seconds=60)
_RAREST_TRY = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Absent:
    """Nothing stands in the book yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """Entries stand; they are never changed, only followed by the difference to what the rating is now."""

    standing: Standing


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
    correction: Correction | None
    attempt: int
    tried_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """The rating could not be posted; `wanted` where time may mend that, `standing` where an earlier one was."""

    reason: str
    revision: int = 0
    wanted: Wanted | None = None
    standing: Standing | None = None


State = Absent | Posted | Held
Command = PostEntry | PostingDeadlinePassed | RecordInvoice
Event = EntryPosted | EntryRefused | EntryWanted | InvoiceWanted | NoteHeld | NoteWanted | InvoiceRecorded


def decide(command: Command, state: State) -> Sequence[Event]:
    """A "no" is an event here: the command comes from a reaction and nobody waits for an answer."""
    match command:
        case PostEntry():
            return _post(command, state) if _is_news(command, state) else []
        case PostingDeadlinePassed():
            return _try_again(command, state)
        case RecordInvoice():
            return _record(command, _standing(state))
        case _:
            assert_never(command)


def _is_news(command: PostEntry, state: State) -> bool:
    """The book follows pricing's latest word: an older one, or the same once more, adds nothing."""
    revision = _revision(command.correction)
    match state:
        case Absent():
            return True
        case Held():
            return revision > state.revision or (revision == state.revision and state.wanted is not None)
        case Posted():
            return revision > state.standing.revision
        case _:
            assert_never(state)


def _post(command: PostEntry, state: State) -> Sequence[Event]:
    standing = _standing(state)
    entered = _entered(command, standing)
    if isinstance(entered, EntryPosted):
        return [entered, *(_invoice(command) if standing is None else _note(command, entered, standing))]
    told = (state.reason, state.revision) if isinstance(state, Held) else None
    return [] if told == (entered.reason, _revision(command.correction)) else [entered]


def _entered(command: PostEntry, standing: Standing | None) -> EntryPosted | EntryRefused:
    if standing is not None and standing.same_legal_entity is not None:
        # What was invoiced stays invoiced, what was allocated stays allocated, whoever merges in between.
        command = command.model_copy(update={"same_legal_entity": standing.same_legal_entity})
    reason = fault_of_entry(command)
    if reason is not None:
        return refused(command, reason)
    whole = entry_of(command)
    posted = whole if standing is None else difference(whole, standing)
    return refused(command, "does-not-balance") if entry.imbalance(posted.lines) else posted


def _invoice(command: PostEntry) -> Sequence[InvoiceWanted]:
    """What stands in the seller's book is invoiced, so once; not within one legal entity (domain rule 6)."""
    if command.side_of_book != entry.SELLER or command.same_legal_entity:
        return []
    return [InvoiceWanted.model_validate({**_rated(command), "at": command.at})]


def _note(command: PostEntry, posted: EntryPosted, standing: Standing) -> Sequence[NoteWanted | NoteHeld]:
    """What was invoiced is put right by a note, which waits until the invoice has its number."""
    if not standing.is_invoiced or not (posted.net_minor or posted.gross_minor):
        return []
    said = {**_rated(command), "correction": command.correction, "before": as_billed(standing), "at": command.at}
    if standing.invoice_number is None:
        return [NoteHeld.model_validate(said)]
    return [NoteWanted.model_validate({**said, "invoice_number": standing.invoice_number})]


def _rated(command: PostEntry) -> dict[str, object]:
    return {"rating": command.rating, "facts": command.facts, "place": command.place, "parties": command.parties}


def _record(command: RecordInvoice, standing: Standing | None) -> Sequence[InvoiceRecorded | NoteWanted]:
    """The notes that waited for the number follow it, the oldest first."""
    if standing is None or standing.invoice_number is not None:
        return []
    number = command.invoice_number
    return [
        InvoiceRecorded(rating_id=command.rating_id, invoice_number=number, at=command.at),
        *(
            NoteWanted.model_validate({**dict(held), "invoice_number": number, "at": command.at})
            for held in standing.waiting
        ),
    ]


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
            correction=held.correction,
            attempt=held.attempt + 1,
            at=command.at,
        )
    ]


def evolve(state: State, event: Event) -> State:
    """The state after the event."""
    match event:
        case EntryPosted():
            return Posted(standing=standing_with(_standing(state), event))
        case EntryRefused():
            revision = _revision(event.correction)
            return Held(reason=event.reason, revision=revision, wanted=_held(event), standing=_standing(state))
        case EntryWanted():
            return _wanted_again(state, event)
        case InvoiceWanted() | NoteHeld() | NoteWanted() | InvoiceRecorded():
            standing = _standing(state)
            return state if standing is None else _standing_changed(state, _told(standing, event))
        case _:
            assert_never(event)


def _told(standing: Standing, event: InvoiceWanted | NoteHeld | NoteWanted | InvoiceRecorded) -> Standing:
    match event:
        case InvoiceWanted():
            return billed_with(standing, event)
        case NoteHeld():
            return replace(billed_with(standing, event), waiting=(*standing.waiting, event))
        case InvoiceRecorded():
            # The notes that waited are told in the same breath.
            return replace(standing, invoice_number=event.invoice_number, waiting=())
        case NoteWanted():
            is_latest = event.correction.revision == standing.revision
            return billed_with(standing, event) if is_latest else standing
        case _:
            assert_never(event)


def _standing(state: State) -> Standing | None:
    return None if isinstance(state, Absent) else state.standing


def _standing_changed(state: State, standing: Standing) -> State:
    return state if isinstance(state, Absent) else replace(state, standing=standing)


def _revision(correction: Correction | None) -> int:
    """0 is the rating as it was first."""
    return correction.revision if correction else 0


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
        correction=event.correction,
        attempt=0,
        tried_at=event.at,
    )


def deadlines(state: State) -> Sequence[Deadline]:
    """An entry that waits for a party is tried again, ever more rarely but for ever."""
    if not isinstance(state, Held) or state.wanted is None:
        return []
    pause = pause_before(state.wanted.attempt, first=_FIRST_TRY, longest=_RAREST_TRY)
    return [Deadline(name="try-again", due_at=state.wanted.tried_at + pause)]


posting: Decider[Command, State, Event] = Decider(initial=Absent(), decide=decide, evolve=evolve, deadlines=deadlines)
