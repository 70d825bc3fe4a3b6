"""Numbers without gaps, and what an invoice says."""

from decimal import Decimal

import rated

from billing.domain.invoice import invoice
from chassis.testing import Scenario
from ev_contracts.billing import InvoiceIssued, InvoiceLine, IssueInvoice, LineTax, TaxTotal, VatTotal
from ev_contracts.common import LineScope, TariffComponentType

FIRST = InvoiceIssued(
    invoice_number="NL-VLT-2026-000001", series="NL-VLT-2026", sequence=1, tenant="volt",
    seller=rated.issue().seller, buyer=rated.issue().buyer, issued_at=rated.RATED, currency="EUR",
    lines=(
        InvoiceLine(
            description="Energy: 8.4 at 0.40", type=TariffComponentType.ENERGY, quantity=rated.ENERGY_LINE.quantity,
            unit="kWh", unit_price=rated.ENERGY_LINE.unit_price, net_minor=336, vat_permille=210, vat_minor=71,
            taxes=(LineTax(name="VAT", percent=Decimal(21), tax_minor=71),),
        ),
        InvoiceLine(
            description="Parking time: 0.3333 at 3.00", type=TariffComponentType.PARKING_TIME,
            quantity=rated.PARKING_LINE.quantity, unit="h", unit_price=rated.PARKING_LINE.unit_price, net_minor=100,
            vat_permille=None, vat_minor=0,
        ),
    ),
    vat_totals=(
        VatTotal(vat_permille=None, net_minor=100, vat_minor=0), VatTotal(vat_permille=210, net_minor=336, vat_minor=71)
    ),
    net_minor=436, vat_minor=71, gross_minor=507, session_id="session-1", rating_id="rating-1", tariff_id="day",
    tariff_version=3, started_at=rated.NOON, ended_at=rated.ONE, energy_wh=8_400, meter_start_wh=1_000,
    meter_stop_wh=9_400, site_id="utrecht-1", evse_id="NL*VLT*E1",
    tax_totals=(TaxTotal(net_minor=100, tax_minor=0), rated.vat_of(336, 71)),
)  # fmt: skip


def numbered(number: int) -> InvoiceIssued:
    return FIRST.model_copy(update={"sequence": number, "invoice_number": f"NL-VLT-2026-{number:06d}"})


def test_the_first_invoice_of_a_series_is_number_one() -> None:
    Scenario(invoice).when(rated.issue()).then(FIRST)


def test_numbers_go_on_without_a_gap_even_after_a_refusal() -> None:
    wrong: IssueInvoice = rated.issue(rating=rated.rating(total_vat=rated.euro(1)))
    after_two = Scenario(invoice).given(FIRST, numbered(2))

    after_two.when(wrong).then_refused("totals-do-not-add-up")
    after_two.when(rated.issue()).then(numbered(3)).when(rated.issue()).then(numbered(4))


def test_a_rating_that_does_not_add_up_gets_no_number() -> None:
    Scenario(invoice).when(rated.issue(rating=rated.rating(total_incl_vat=rated.euro(1)))).then_refused(
        "totals-do-not-add-up"
    )


def test_a_component_without_words_gets_no_number() -> None:
    odd = rated.ENERGY_LINE.model_copy(update={"type": TariffComponentType.UNKNOWN})
    Scenario(invoice).when(rated.issue(rating=rated.rating(lines=(odd,)))).then_refused("unknown-component")


def test_no_vat_and_vat_of_zero_are_kept_apart() -> None:
    zero_rated = rated.line(TariffComponentType.FLAT, "1", "1.00", 100, 0, permille=0)
    events = invoice.decide(rated.issue(rating=rated.rating(lines=(zero_rated, rated.PARKING_LINE))), invoice.initial)

    assert isinstance(events, list)
    assert isinstance(events[0], InvoiceIssued)
    assert events[0].vat_totals == (
        VatTotal(vat_permille=None, net_minor=100, vat_minor=0),
        VatTotal(vat_permille=0, net_minor=100, vat_minor=0),
    )


def test_what_is_no_use_of_the_session_is_called_what_it_is() -> None:
    flat = rated.ENERGY_LINE.model_copy(update={"type": TariffComponentType.FLAT})
    lines = tuple(flat.model_copy(update={"scope": scope}) for scope in LineScope if scope is not LineScope.UNKNOWN)
    decided = invoice.decide(rated.issue(rating=rated.rating(lines=lines)), invoice.initial)
    assert isinstance(decided, list)
    (issued,) = decided
    assert [line.description.partition(":")[0] for line in issued.lines] == [
        *("Session fee", "Reservation fee", "Price limit", "Discount", "Included")
    ]
