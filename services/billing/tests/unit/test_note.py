"""What a credit or debit note says, and that its series has no gap either."""

import rated

from billing.domain.invoice import invoice
from chassis.testing import Scenario
from ev_contracts.billing import Billed, InvoiceLine, LineTax, NoteIssued, NoteKind
from ev_contracts.common import TariffComponentType

CHEAPER = rated.corrected(net=236, vat=50)
FIRST = NoteIssued(
    note_number="NL-VLT-N-2026-000001", series="NL-VLT-N-2026", sequence=1, kind=NoteKind.CREDIT_NOTE, tenant="volt",
    seller=rated.issue().seller, buyer=rated.issue().buyer, issued_at=rated.LATE, currency="EUR",
    invoice_number="NL-VLT-2026-000001", correction=rated.correction(), before=rated.BEFORE,
    after=Billed(
        revision=1, tariff_version=3, net_minor=336, vat_minor=50, gross_minor=386, energy_wh=8_401,
        tax_totals=(rated.BEFORE.tax_totals[0], rated.vat_of(236, 50)),
    ),
    lines=(
        InvoiceLine(
            description="Energy: 8.4 at 0.40", type=TariffComponentType.ENERGY, quantity=rated.ENERGY_LINE.quantity,
            unit="kWh", unit_price=rated.ENERGY_LINE.unit_price, net_minor=236, vat_permille=210, vat_minor=50,
            taxes=(LineTax(name="VAT", percent=rated.VAT_PERCENT, tax_minor=50),),
        ),
        InvoiceLine(
            description="Parking time: 0.3333 at 3.00", type=TariffComponentType.PARKING_TIME,
            quantity=rated.PARKING_LINE.quantity, unit="h", unit_price=rated.PARKING_LINE.unit_price, net_minor=100,
            vat_minor=0,
        ),
    ),
    tax_totals=(rated.vat_of(-100, -21),), net_minor=-100, vat_minor=-21, gross_minor=-121, session_id="session-1",
    rating_id="rating-1", tariff_id="day", started_at=rated.NOON, ended_at=rated.ONE, meter_start_wh=1_000,
    meter_stop_wh=9_400, site_id="utrecht-1", evse_id="NL*VLT*E1",
)  # fmt: skip


def kind_of(*, net: int, vat: int) -> NoteKind:
    decided = invoice.decide(rated.issue_note(rated.corrected(net=net, vat=vat)), invoice.initial)
    assert isinstance(decided, list)
    (note,) = decided
    assert isinstance(note, NoteIssued)
    return note.kind


def test_a_note_names_its_invoice_and_the_difference_to_what_was_billed() -> None:
    Scenario(invoice).when(rated.issue_note(CHEAPER)).then(FIRST)


def test_who_pays_more_gets_a_debit_note() -> None:
    assert kind_of(net=336, vat=72) is NoteKind.DEBIT_NOTE
    assert kind_of(net=336, vat=70) is NoteKind.CREDIT_NOTE


def test_where_only_the_tax_within_the_amount_differs_the_net_amount_decides() -> None:
    assert kind_of(net=335, vat=72) is NoteKind.CREDIT_NOTE
    assert kind_of(net=337, vat=70) is NoteKind.DEBIT_NOTE


def test_notes_are_numbered_without_a_gap_even_after_a_refusal() -> None:
    wrong = rated.issue_note(rated.corrected(net=-300, vat=0))
    second = FIRST.model_copy(update={"sequence": 2, "note_number": "NL-VLT-N-2026-000002"})
    after_one = Scenario(invoice).given(FIRST)

    after_one.when(wrong).then_refused("negative-amount")
    after_one.when(rated.issue_note(CHEAPER)).then(second)
