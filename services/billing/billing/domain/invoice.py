"""What an invoice says and which number it gets: each series counts from 1 without a gap."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from billing.domain.totals import fault_of
from chassis.decider import Decider, Refused
from ev_contracts.billing import InvoiceIssued, InvoiceLine, IssueInvoice, VatTotal
from ev_contracts.common import LineScope, RatedLine, Rating, TariffComponentType

_WORDS = {
    TariffComponentType.ENERGY: ("Energy", "kWh"),
    TariffComponentType.TIME: ("Charging time", "h"),
    TariffComponentType.PARKING_TIME: ("Parking time", "h"),
    TariffComponentType.FLAT: ("Session fee", "piece"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """A number series as it stands; `last` is the last sequence given out, 0 before the first invoice."""

    last: int = 0


def decide(command: IssueInvoice, state: Series) -> Sequence[InvoiceIssued] | Refused:
    """One invoice with the next number; that a rating is invoiced once rests on the position of the reaction."""
    reason = fault_of(command.rating) or _unknown_line(command.rating)
    if reason is not None:
        return Refused(reason=reason, detail=f"rating {command.rating.rating_id}")
    return [_issued(command, state.last + 1)]


def evolve(_state: Series, event: InvoiceIssued) -> Series:
    """The series has given out that number."""
    return Series(last=event.sequence)


def _unknown_line(rating: Rating) -> str | None:
    return None if all(line.type in _WORDS for line in rating.lines) else "unknown-component"


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
        lines=tuple(_line(line) for line in rating.lines),
        vat_totals=tuple(_vat_totals(rating.lines)),
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


def _line(line: RatedLine) -> InvoiceLine:
    words, unit = _words(line)
    return InvoiceLine(
        description=f"{words}: {line.rule}",
        type=line.type,
        quantity=line.quantity,
        unit=unit,
        unit_price=line.unit_price,
        net_minor=line.excl_vat.rounded_minor,
        vat_permille=line.vat_permille,
        vat_minor=line.vat.rounded_minor,
    )


def _words(line: RatedLine) -> tuple[str, str]:
    words, unit = _WORDS[line.type]
    match line.scope:
        case LineScope.RESERVATION:
            return ("Reservation fee" if line.type is TariffComponentType.FLAT else "Reservation"), unit
        case LineScope.PRICE_LIMIT:
            return "Price limit", unit
        case _:
            return words, unit


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


invoice: Decider[IssueInvoice, Series, InvoiceIssued] = Decider(initial=Series(), decide=decide, evolve=evolve)
