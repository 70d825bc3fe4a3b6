"""What a credit or debit note says: the invoice it corrects, before and now, and the difference that is to be paid."""

from billing.domain.lines import lines_in_words
from billing.domain.taxes import tax_difference, tax_totals
from ev_contracts.billing import Billed, IssueNote, NoteIssued, NoteKind
from ev_contracts.common import Rating


def billed(rating: Rating, *, revision: int, energy_wh: int) -> Billed:
    """What a rating comes to, as the next note will call it."""
    return Billed(
        revision=revision,
        tariff_version=rating.tariff_version,
        net_minor=rating.total_excl_vat.rounded_minor,
        vat_minor=rating.total_vat.rounded_minor,
        gross_minor=rating.total_incl_vat.rounded_minor,
        energy_wh=energy_wh,
        tax_totals=tax_totals(rating.lines),
    )


def note_issued(command: IssueNote, sequence: int) -> NoteIssued:
    """The note with that number."""
    rating, facts, before = command.rating, command.facts, command.before
    after = billed(rating, revision=command.correction.revision, energy_wh=facts.energy_wh)
    net, gross = after.net_minor - before.net_minor, after.gross_minor - before.gross_minor
    return NoteIssued(
        note_number=f"{command.series}-{sequence:06d}",
        series=command.series,
        sequence=sequence,
        kind=_kind(net, gross),
        tenant=rating.relation.seller_tenant,
        seller=command.seller,
        buyer=command.buyer,
        issued_at=command.at,
        currency=rating.currency,
        invoice_number=command.invoice_number,
        correction=command.correction,
        before=before,
        after=after,
        lines=lines_in_words(rating),
        tax_totals=tax_difference(after.tax_totals, before.tax_totals),
        net_minor=net,
        vat_minor=after.vat_minor - before.vat_minor,
        gross_minor=gross,
        session_id=facts.session_id,
        rating_id=rating.rating_id,
        tariff_id=rating.tariff_id,
        started_at=facts.started_at,
        ended_at=facts.ended_at,
        meter_start_wh=facts.meter_start_wh,
        meter_stop_wh=facts.meter_stop_wh,
        site_id=command.place.site_id,
        evse_id=command.place.evse_id,
    )


def _kind(net_minor: int, gross_minor: int) -> NoteKind:
    """Where only the tax within the same gross amount differs, the net amount says whose note it is."""
    return NoteKind.CREDIT_NOTE if (gross_minor, net_minor) < (0, 0) else NoteKind.DEBIT_NOTE
