"""What an invoice says and which number it and each note gets: each series counts from 1 without a gap."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import assert_never

from billing.domain.lines import lines_in_words, unknown_line
from billing.domain.note import note_issued
from billing.domain.taxes import tax_totals
from billing.domain.totals import fault_of
from chassis.decider import Decider, Refused
from ev_contracts.billing import InvoiceIssued, IssueInvoice, IssueNote, NoteIssued, VatTotal
from ev_contracts.common import RatedLine

Command = IssueInvoice | IssueNote
Event = InvoiceIssued | NoteIssued


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """A number series as it stands; `last` is the last sequence given out, 0 before the first document."""

    last: int = 0


def decide(command: Command, state: Series) -> Sequence[Event] | Refused:
    """One document with the next number; that it is issued once rests on the position of the reaction."""
    reason = fault_of(command.rating) or unknown_line(command.rating)
    if reason is not None:
        return Refused(reason=reason, detail=f"rating {command.rating.rating_id}")
    match command:
        case IssueInvoice():
            return [_issued(command, state.last + 1)]
        case IssueNote():
            return [note_issued(command, state.last + 1)]
        case _:
            assert_never(command)


def evolve(_state: Series, event: Event) -> Series:
    """The series has given out that number."""
    return Series(last=event.sequence)


def _issued(command: IssueInvoice, sequence: int) -> InvoiceIssued:
    rating, facts = command.rating, command.facts
    return InvoiceIssued(
        invoice_number=f"{command.series}-{sequence:06d}",
        series=command.series,
        sequence=sequence,
        tenant=rating.relation.seller_tenant,
        seller=command.seller,
        buyer=command.buyer,
        issued_at=command.at,
        currency=rating.currency,
        lines=lines_in_words(rating),
        vat_totals=tuple(_vat_totals(rating.lines)),
        tax_totals=tax_totals(rating.lines),
        net_minor=rating.total_excl_vat.rounded_minor,
        vat_minor=rating.total_vat.rounded_minor,
        gross_minor=rating.total_incl_vat.rounded_minor,
        session_id=facts.session_id,
        rating_id=rating.rating_id,
        tariff_id=rating.tariff_id,
        tariff_version=rating.tariff_version,
        started_at=facts.started_at,
        ended_at=facts.ended_at,
        energy_wh=facts.energy_wh,
        meter_start_wh=facts.meter_start_wh,
        meter_stop_wh=facts.meter_stop_wh,
        site_id=command.place.site_id,
        evse_id=command.place.evse_id,
    )


def _vat_totals(lines: Sequence[RatedLine]) -> Iterator[VatTotal]:
    """One total per rate, ascending; what bears no VAT comes first and is kept apart from a rate of zero."""
    rates = sorted({line.vat_permille for line in lines}, key=lambda rate: -1 if rate is None else rate)
    for rate in rates:
        of_rate = [line for line in lines if line.vat_permille == rate]
        yield VatTotal(
            vat_permille=rate,
            net_minor=sum(line.excl_vat.rounded_minor for line in of_rate),
            vat_minor=sum(line.vat.rounded_minor for line in of_rate),
        )


invoice: Decider[Command, Series, Event] = Decider(initial=Series(), decide=decide, evolve=evolve)
