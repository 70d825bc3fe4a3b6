"""What a rating that changes adds to the books and to the invoice: differences, and nothing is ever edited."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import rated
from hypothesis import given
from hypothesis import strategies as st

from billing.domain import entry
from billing.domain.posting import posting
from chassis.testing import Scenario
from ev_contracts.billing import (
    EntryPosted,
    EntryRefused,
    InvoiceRecorded,
    InvoiceWanted,
    NoteHeld,
    NoteWanted,
    PostEntry,
    PostingLine,
    RecordInvoice,
    Side,
)

NUMBER = "NL-VLT-2026-000001"
INVOICED = RecordInvoice(at=rated.RATED, rating_id="rating-1", invoice_number=NUMBER)
RECORDED = InvoiceRecorded(rating_id="rating-1", invoice_number=NUMBER, at=rated.RATED)


def line(account: str, side: Side, amount: int, party: str | None = None) -> PostingLine:
    return PostingLine(account=account, side=side, amount_minor=amount, currency="EUR", party_id=party)


def decided(command: Any, state: Any) -> Sequence[Any]:
    """A reaction's no is an event, so there is always an answer."""
    events = posting.decide(command, state)
    assert isinstance(events, list)
    return events


def after(*commands: Any) -> tuple[Any, list[Any]]:
    """The state and all events, command upon command."""
    state: Any = posting.initial
    told = []
    for command in commands:
        for event in decided(command, state):
            state = posting.evolve(state, event)
            told.append(event)
    return state, told


def entries(told: Sequence[Any]) -> list[EntryPosted]:
    return [each for each in told if isinstance(each, EntryPosted)]


def test_a_lower_price_reverses_the_difference_and_asks_for_a_note() -> None:
    cheaper = rated.corrected(net=236, vat=50)
    state, _ = after(rated.post(), INVOICED)
    posted, wanted = decided(cheaper, state)

    assert isinstance(posted, EntryPosted)
    assert (posted.net_minor, posted.vat_minor, posted.gross_minor) == (-100, -21, -121)
    # 12.5 % of 336 is 42; 54 stood, so the owner gives 12 back.
    assert (posted.owner_share_minor, posted.energy_wh, posted.correction) == (-12, 1, rated.correction())
    assert posted.lines == (
        line("receivable", Side.CREDIT, 121, "NL-EMO"),
        line("revenue", Side.DEBIT, 100, "NL-EMO"),
        line("vat-payable", Side.DEBIT, 21),
        line("owner-share", Side.CREDIT, 12, "NL-OWN"),
        line("owner-payable", Side.DEBIT, 12, "NL-OWN"),
    )
    assert wanted == rated.note_wanted(cheaper)


def test_the_same_correction_twice_adds_nothing() -> None:
    cheaper = rated.corrected(net=236, vat=50)
    state, _ = after(rated.post(), INVOICED, cheaper)

    assert decided(cheaper, state) == []
    assert decided(rated.post(), state) == []
    assert decided(INVOICED, state) == []


def test_the_buyers_book_follows_without_a_note() -> None:
    of_buyer: dict[str, Any] = {"side_of_book": "buyer", "book_tenant": "emo"}
    _, told = after(rated.post(**of_buyer), rated.corrected(net=236, vat=50, **of_buyer))

    assert [type(each) for each in told] == [EntryPosted, EntryPosted]
    assert told[1].lines == (
        line("purchase", Side.CREDIT, 100, "NL-VLT"),
        line("vat-receivable", Side.CREDIT, 21),
        line("payable", Side.DEBIT, 121, "NL-VLT"),
    )


def test_a_note_waits_for_the_number_of_its_invoice() -> None:
    cheaper, dearer = rated.corrected(net=236, vat=50), rated.corrected(2, net=436, vat=92)
    state, told = after(rated.post(), cheaper, dearer)
    assert [type(each) for each in told] == [EntryPosted, InvoiceWanted, EntryPosted, NoteHeld, EntryPosted, NoteHeld]

    first, second, third = decided(INVOICED, state)
    assert first == RECORDED
    assert isinstance(second, NoteWanted)
    assert isinstance(third, NoteWanted)
    assert (second.before, second.rating) == (rated.BEFORE, cheaper.rating)
    assert (third.before.revision, third.before.gross_minor, third.rating) == (1, 386, dearer.rating)


def test_within_one_house_the_difference_is_allocated_without_a_note() -> None:
    _, told = after(rated.post(same_legal_entity=True), rated.corrected(net=236, vat=50, same_legal_entity=True))

    assert [type(each) for each in told] == [EntryPosted, EntryPosted]
    assert told[1].lines[:2] == (
        line("allocation", Side.CREDIT, 100, "NL-EMO"),
        line("revenue", Side.DEBIT, 100, "NL-EMO"),
    )


def test_what_was_invoiced_gets_its_note_even_if_the_two_have_merged_meanwhile() -> None:
    _, told = after(rated.post(), INVOICED, rated.corrected(net=236, vat=50, same_legal_entity=True))

    assert entries(told)[1].gross_minor == -121
    assert isinstance(told[-1], NoteWanted)


def test_what_is_held_for_its_party_is_invoiced_at_the_corrected_price_without_a_note() -> None:
    unknown = rated.post(same_legal_entity=None)
    still = rated.corrected(net=236, vat=50, same_legal_entity=None)
    state, told = after(unknown, still)
    assert [type(each) for each in told] == [EntryRefused, EntryRefused]

    known = rated.corrected(net=236, vat=50)
    posted, invoice = decided(known, state)
    assert isinstance(posted, EntryPosted)
    assert (posted.gross_minor, posted.energy_wh) == (386, 8_401)
    assert invoice == rated.wanted(rating=known.rating, facts=known.facts, at=known.at)
    assert decided(rated.post(), state) == []


def test_a_correction_that_cannot_be_posted_is_held_and_what_stands_stays() -> None:
    negative = rated.corrected(net=-300, vat=0)
    refused = EntryRefused(
        entry_id="entry-1-1", session_id="session-1", reason="negative-amount", at=rated.LATE,
        correction=rated.correction(),
    )  # fmt: skip
    state, told = after(rated.post(), INVOICED, negative)
    assert told[-1] == refused
    Scenario(posting).given(*told).when(negative).then_nothing()

    (posted,) = decided(rated.corrected(2, net=336, vat=71), state)
    assert isinstance(posted, EntryPosted)
    assert (posted.lines, posted.gross_minor) == ((), 0)


def test_a_rating_held_for_a_fault_is_billable_once_it_is_corrected() -> None:
    wrong = rated.post(rating=rated.rating(total_incl_vat=rated.euro(1)))
    state, _ = after(wrong)
    right = rated.corrected(net=236, vat=50)
    posted, invoice = decided(right, state)

    assert isinstance(posted, EntryPosted)
    assert posted.gross_minor == 386
    assert isinstance(invoice, InvoiceWanted)


AMOUNTS = st.tuples(st.integers(0, 10**6), st.integers(0, 10**6))


@given(prices=st.lists(AMOUNTS, min_size=1, max_size=5), data=st.data())
def test_in_any_order_and_however_often_the_books_and_the_documents_sum_to_the_latest_price(
    prices: list[tuple[int, int]], data: st.DataObject
) -> None:
    first = rated.corrected(0, net=prices[0][0], vat=prices[0][1], correction=None)
    later = [rated.corrected(number, net=net, vat=vat) for number, (net, vat) in enumerate(prices) if number]
    commands = [*data.draw(st.permutations([first, *later] * 2)), INVOICED]
    # The invoice has its number at some time after it was asked for.
    commands.insert(data.draw(st.integers(1, len(commands))), INVOICED)
    _, told = after(*commands)

    net, vat = prices[-1]
    latest = rated.corrected(len(prices) - 1, net=net, vat=vat)
    posted = entries(told)
    assert all(entry.imbalance(each.lines) == {} for each in posted)
    assert balances(posted) == balances(entries(after(latest)[1]))
    assert sum(each.energy_wh for each in posted) == 8_400 + len(prices) - 1
    assert sum(each.owner_share_minor or 0 for each in posted) == entries(after(latest)[1])[0].owner_share_minor
    documents_sum_to(latest, told)


def balances(posted: Sequence[EntryPosted]) -> Counter[tuple[str, str | None]]:
    sums: Counter[tuple[str, str | None]] = Counter()
    for each in posted:
        for part in each.lines:
            signed = part.amount_minor if part.side is Side.DEBIT else -part.amount_minor
            sums[part.account, part.party_id] += signed
    return Counter({account: amount for account, amount in sums.items() if amount})


def documents_sum_to(latest: PostEntry, told: Sequence[Any]) -> None:
    """One invoice, and notes of which each begins where the document before it ended."""
    (invoiced,) = [each for each in told if isinstance(each, InvoiceWanted)]
    notes = [each for each in told if isinstance(each, NoteWanted)]
    gross = invoiced.rating.total_incl_vat.rounded_minor
    for note in notes:
        assert note.before.gross_minor == gross
        gross = note.rating.total_incl_vat.rounded_minor
    assert gross == latest.rating.total_incl_vat.rounded_minor
    assert len({note.correction.revision for note in notes}) == len(notes)
