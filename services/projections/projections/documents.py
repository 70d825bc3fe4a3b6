"""What a list of documents says of an invoice or a note: one kind of row, so that its amounts sum to what is owed."""

from collections.abc import Mapping

from ev_contracts.billing import InvoiceIssued, NoteIssued

Document = InvoiceIssued | NoteIssued


def number_of(document: Document) -> str:
    """The number under which it was issued."""
    return document.invoice_number if isinstance(document, InvoiceIssued) else document.note_number


def amounts(document: Document) -> Mapping[str, object]:
    """Columns of the amounts; of a note they are the difference, below zero where it credits the buyer."""
    return document.model_dump(include={"session_id", "currency", "net_minor", "vat_minor", "gross_minor"})


def energy_of(document: Document) -> int:
    """The energy billed; of a note the difference."""
    if isinstance(document, InvoiceIssued):
        return document.energy_wh
    return document.after.energy_wh - document.before.energy_wh


def kind(document: Document) -> Mapping[str, object]:
    """Columns that tell a note from an invoice, and say which invoice it corrects."""
    if isinstance(document, InvoiceIssued):
        return {"kind": "INVOICE"}
    return {"kind": document.kind.value, "corrects": document.invoice_number}
