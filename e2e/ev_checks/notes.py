"""Credit and debit notes: one for each change of a rating that was invoiced, and with its invoice they sum up."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator

from ev_checks.ledger import Finding, Ledger
from ev_contracts.billing import NoteIssued, NoteKind


def _noted_once(ledger: Ledger) -> Iterator[Finding]:
    """Each later word of pricing on what was invoiced has one note, and within one house there is none."""
    noted = Counter((each.rating_id, each.correction.revision) for each in ledger.notes)
    for told in ledger.rerated:
        wanted = 0 if ledger.one_entity(told.rating) else 1
        if (count := noted.pop((told.rating.rating_id, told.revision), 0)) != wanted:
            yield Finding("not noted as often as due", told.rating.rating_id, f"{count} times instead of {wanted}")
    for rating_id, revision in noted:
        yield Finding("noted without reason", rating_id, f"revision {revision}")


def _notes_name_their_invoice(ledger: Ledger) -> Iterator[Finding]:
    invoices = {each.rating_id: each for each in ledger.invoices}
    for note in ledger.notes:
        invoice = invoices.get(note.rating_id)
        if invoice is None or (note.invoice_number, note.tenant, note.buyer) != (
            invoice.invoice_number, invoice.tenant, invoice.buyer
        ):  # fmt: skip
            yield Finding("a note on no such invoice", note.note_number, note.invoice_number)


def _notes_add_up(ledger: Ledger) -> Iterator[Finding]:
    """What a note asks is what lies between before and after, by tax as well, and its kind says which way."""
    for note in ledger.notes:
        difference = (
            note.after.net_minor - note.before.net_minor,
            note.after.vat_minor - note.before.vat_minor,
            note.after.gross_minor - note.before.gross_minor,
        )
        if (note.net_minor, note.vat_minor, note.gross_minor) != difference or difference[0] + difference[1] != (
            difference[2]
        ):
            yield Finding("a note that does not add up", note.note_number)
        if sum(each.tax_minor for each in note.tax_totals) != note.vat_minor:
            yield Finding("a note whose taxes do not sum to its VAT", note.note_number)
        if note.gross_minor and note.kind is not _kind(note.gross_minor):
            yield Finding("a note of the wrong kind", note.note_number, note.kind)


def _kind(gross_minor: int) -> NoteKind:
    return NoteKind.CREDIT_NOTE if gross_minor < 0 else NoteKind.DEBIT_NOTE


def _invoice_and_notes_are_the_latest_price(ledger: Ledger) -> Iterator[Finding]:
    """Each note begins where the document before it ended; all together they are what is to be paid now."""
    notes: dict[str, list[NoteIssued]] = defaultdict(list)
    for note in ledger.notes:
        notes[note.rating_id].append(note)
    latest = ledger.latest()
    for invoice in ledger.invoices:
        billed = invoice.gross_minor
        for note in notes[invoice.rating_id]:
            if note.before.gross_minor != billed:
                yield Finding("a note that begins elsewhere", note.note_number)
            billed += note.gross_minor
        told = latest.get(invoice.rating_id)
        if told is not None and billed != told.rating.total_incl_vat.rounded_minor:
            yield Finding("invoice and notes are not the latest price", invoice.invoice_number, str(billed))


NOTE_CHECKS: tuple[Callable[[Ledger], Iterator[Finding]], ...] = (
    _noted_once,
    _notes_name_their_invoice,
    _notes_add_up,
    _invoice_and_notes_are_the_latest_price,
)
