"""Corrections in, differences and notes out, on the real log: once each, and they sum to the latest price."""

from collections import Counter

import rated
from stage import ENTRIES, INVOICES, RATINGS, World, rating, world

from billing.domain.entry import imbalance
from billing.settings import Settings
from chassis.testing import Seen, running
from ev_contracts.billing import InvoiceIssued, NoteIssued, NoteKind
from ev_contracts.pricing import SessionRerated

PRICES = ((236, 50), (536, 113), (336, 71))
"""Cheaper, dearer, and back to the first price."""


def corrections(number: int, seller: str) -> list[SessionRerated]:
    """What pricing says of that session after each correction."""
    first = rating(number, seller)
    relation = first.rating.relation
    told = [
        rated.session_rerated(relation, revision=revision, net=net, vat=vat)
        for revision, (net, vat) in enumerate(PRICES, start=1)
    ]
    return [
        each.model_copy(
            update={
                "rating": each.rating.model_copy(update={"rating_id": first.rating.rating_id}),
                "facts": each.facts.model_copy(update={"session_id": first.facts.session_id}),
            }
        )
        for each in told
    ]


async def correct(it: World, numbers: range) -> None:
    """Every one of these sessions is corrected three times in both relations."""
    for number in numbers:
        for event in (*corrections(number, "cpo"), *corrections(number, "emsp")):
            key = f"{event.rating.relation.seller_tenant}/{event.rating.rating_id}"
            await it.say(RATINGS, key, event)


def check(entries: list[Seen], documents: list[Seen], sessions: int) -> None:
    """Three more entries a book and notes a rating, each after the one before; all sums are the first price again."""
    assert all(imbalance(each.record.lines) == {} for each in entries)
    assert len({each.record.entry_id for each in entries}) == len(entries) == 12 * sessions
    gross: Counter[str] = Counter()
    for entry in entries:
        gross[f"{entry.record.book_tenant}/{entry.record.rating_id}"] += entry.record.gross_minor
    assert set(gross.values()) == {507}
    owed: Counter[str] = Counter()
    for document in documents:
        owed[document.record.rating_id] += document.record.gross_minor
    assert set(owed.values()) == {507}
    invoices = {each.record.rating_id: each.record for each in documents if isinstance(each.record, InvoiceIssued)}
    for series in ("NL-VLT-N-2026", "NL-EMO-N-2026"):
        notes = [each.record for each in documents if each.record.series == series]
        assert [each.sequence for each in notes] == list(range(1, 3 * sessions + 1))
        for invoice in invoices.values():
            own = [each for each in notes if each.rating_id == invoice.rating_id]
            assert {each.invoice_number for each in own} <= {invoice.invoice_number}
            assert [each.kind for each in own] in (
                [],
                [NoteKind.CREDIT_NOTE, NoteKind.DEBIT_NOTE, NoteKind.CREDIT_NOTE],
            )
            assert all(isinstance(each, NoteIssued) and each.before.revision + 1 == each.after.revision for each in own)


async def test_corrections_are_booked_and_noted_once_across_restarts_and_repeats(settings: Settings) -> None:
    async with world(settings) as first:
        async with running(first.service):
            await first.rate(range(4))
            # The first corrections come before the invoices have their numbers.
            await correct(first, range(2))
            await first.counted(INVOICES, 5)
        await correct(first, range(2, 4))
        await first.forget_positions("posting", "invoicing", "noting", "invoice-number")
    async with world(settings) as second, running(second.service):
        await second.rate(range(4, 5))
        await correct(second, range(4, 5))
        entries = await second.counted(ENTRIES, 60)
        documents = await second.counted(INVOICES, 40)
        check(entries, documents, 5)
        assert (len(entries), len(documents)) == (60, 40)
