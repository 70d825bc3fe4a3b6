"""Each check of the money finds what it is for, and nothing in sound books."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from ev_actors.journal import Charged
from ev_checks.energy import energy_findings, gap_findings
from ev_checks.ledger import Ledger
from ev_checks.money import findings
from ev_contracts.billing import (
    Billed,
    Correction,
    EntryPosted,
    InvoiceIssued,
    InvoiceLine,
    InvoiceParty,
    NoteIssued,
    NoteKind,
    PostingLine,
    Side,
    TaxTotal,
    VatTotal,
)
from ev_contracts.common import (
    CommercialModel,
    Money,
    Parties,
    Place,
    RatedLine,
    Rating,
    Relation,
    RelationKind,
    RerateCause,
    SessionFacts,
    TariffComponentType,
)
from ev_contracts.pricing import SessionRated, SessionRerated, SessionUnratable
from ev_contracts.sessions import GapFilled, GapFound, SessionClosed

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
ONE = NOON + timedelta(hours=1)
ENERGY = TariffComponentType.ENERGY
PLACE = Place(
    site_id="s", station_id="VLT-1", evse_number=1, connector_number=1, evse_id="e", feeder_id="f", connection_id="c",
    time_zone="Europe/Amsterdam", country="NL",
)  # fmt: skip
FACTS = SessionFacts(
    session_id="session-1", started_at=NOON, ended_at=ONE, energy_wh=8_400, meter_start_wh=1_000, meter_stop_wh=9_400
)
PARTIES = Parties(
    cpo_party_id="NL-VLT", emsp_party_id="NL-EMO", emsp_tenant="emo", commercial_model=CommercialModel.RESALE
)
RESALE = Relation(
    kind=RelationKind.CPO_TO_EMSP, seller_party_id="NL-VLT", seller_tenant="volt", buyer_party_id="NL-EMO"
)
CLOSED = SessionClosed(
    session_id="session-1", station_id="VLT-1", transaction_id="1", rule="settled", closed_at=ONE, end_reason="Local",
    facts=FACTS, place=PLACE, parties=PARTIES,
)  # fmt: skip


def euro(minor: int) -> Money:
    return Money(amount=Decimal(minor) / 100, rounded_minor=minor, currency="EUR")


RATING = Rating(
    rating_id="rating-1", relation=RESALE, tariff_id="day", tariff_version=1, tariff_issuer_party_id="NL-VLT",
    tariff_hash="0", currency="EUR",
    lines=(
        RatedLine(
            type=ENERGY, quantity=Decimal("8.4"), unit_price=Decimal("0.4"), vat_permille=210, excl_vat=euro(336),
            vat=euro(71), rule="8.4 kWh at 0.4",
        ),
    ),
    total_excl_vat=euro(336), total_vat=euro(71), total_incl_vat=euro(407),
)  # fmt: skip
RATED = SessionRated(rating=RATING, facts=FACTS, place=PLACE, parties=PARTIES, rated_at=ONE)


def entry(side: str, *lines: tuple[str, Side, int]) -> EntryPosted:
    seller = side == "seller"
    return EntryPosted(
        entry_id=f"entry-{side}", book_tenant="volt" if seller else "emo",
        book_party_id="NL-VLT" if seller else "NL-EMO", session_id="session-1", rating_id="rating-1", relation=RESALE,
        model=CommercialModel.RESALE, booked_at=ONE, session_ended_at=ONE, currency="EUR",
        lines=tuple(
            PostingLine(account=account, side=which, amount_minor=amount, currency="EUR")
            for account, which, amount in lines
        ),
        net_minor=336, vat_minor=71, gross_minor=407, energy_wh=8_400, meter_start_wh=1_000, meter_stop_wh=9_400,
        started_at=NOON, place=PLACE, tariff_id="day", tariff_version=1,
    )  # fmt: skip


SOLD = entry("seller", ("receivable", Side.DEBIT, 407), ("revenue", Side.CREDIT, 336), ("vat-payable", Side.CREDIT, 71))
BOUGHT = entry(
    "buyer", ("purchase", Side.DEBIT, 336), ("vat-receivable", Side.DEBIT, 71), ("payable", Side.CREDIT, 407)
)
INVOICE = InvoiceIssued(
    invoice_number="NL-VLT-2026-000001", series="NL-VLT-2026", sequence=1, tenant="volt",
    seller=InvoiceParty(party_id="NL-VLT", legal_name="Volt", country="NL"),
    buyer=InvoiceParty(party_id="NL-EMO", legal_name="Emo", country="NL"), issued_at=ONE, currency="EUR",
    lines=(
        InvoiceLine(
            description="Energy", type=ENERGY, quantity=Decimal("8.4"), unit="kWh", unit_price=Decimal("0.4"),
            net_minor=336, vat_permille=210, vat_minor=71,
        ),
    ),
    vat_totals=(VatTotal(vat_permille=210, net_minor=336, vat_minor=71),), net_minor=336, vat_minor=71, gross_minor=407,
    tax_totals=(TaxTotal(name="VAT", percent=Decimal(21), net_minor=336, tax_minor=71),),
    session_id="session-1", rating_id="rating-1", tariff_id="day", tariff_version=1, started_at=NOON, ended_at=ONE,
    energy_wh=8_400, meter_start_wh=1_000, meter_stop_wh=9_400, site_id="s", evse_id="e",
)  # fmt: skip
SOUND: dict[str, object] = {
    "closed": [CLOSED], "rated": [RATED], "entries": [SOLD, BOUGHT], "invoices": [INVOICE],
    "legal_entities": {"NL-VLT": "kvk-1", "NL-EMO": "kvk-2"},
}  # fmt: skip


def rules(**changes: object) -> set[str]:
    return {finding.rule for finding in findings(Ledger(**{**SOUND, **changes}))}  # type: ignore[arg-type]


def test_nothing_is_found_in_sound_books() -> None:
    assert rules() == set()


OTHER_FACTS = FACTS.model_copy(update={"energy_wh": 1})
NO_LINES = RATING.model_copy(update={"lines": ()})
OTHER_PRICE = RATING.model_copy(update={"total_incl_vat": euro(408)})
TWO = INVOICE.model_copy(update={"rating_id": "rating-2", "sequence": 3, "invoice_number": "NL-VLT-2026-000003"})


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"closed": [CLOSED, CLOSED]}, "closed twice"),
        ({"rated": []}, "not rated"),
        ({"closed": []}, "rated without reason"),
        ({"rated": [RATED, RATED]}, "rated twice"),
        ({"rated": [RATED.model_copy(update={"facts": OTHER_FACTS})]}, "rated on other figures"),
        ({"rated": [RATED.model_copy(update={"rating": OTHER_PRICE})]}, "totals do not add up"),
        ({"rated": [RATED.model_copy(update={"rating": NO_LINES})]}, "lines do not give the totals"),
        ({"entries": [SOLD, SOLD, BOUGHT]}, "entry twice"),
        ({"entries": [SOLD]}, "not booked once"),
        ({"entries": [SOLD, BOUGHT, SOLD.model_copy(update={"rating_id": "x"})]}, "booked without reason"),
        ({"entries": [SOLD, BOUGHT.model_copy(update={"lines": BOUGHT.lines[1:]})]}, "books do not sum to zero"),
        ({"entries": [SOLD, BOUGHT.model_copy(update={"net_minor": 1})]}, "another amount in the books"),
        ({"entries": [SOLD, BOUGHT.model_copy(update={"gross_minor": 1})]}, "the two books differ"),
        ({"entries": [SOLD, BOUGHT.model_copy(update={"energy_wh": 1})]}, "other energy in the books"),
        ({"invoices": []}, "not invoiced as often as due"),
        ({"invoices": [INVOICE, INVOICE]}, "not invoiced as often as due"),
        ({"legal_entities": {"NL-VLT": "kvk-1", "NL-EMO": "kvk-1"}}, "not invoiced as often as due"),
        ({"invoices": [INVOICE, TWO]}, "invoiced without a rating"),
        ({"invoices": [INVOICE.model_copy(update={"gross_minor": 1})]}, "invoice differs from its rating"),
        ({"invoices": [INVOICE, TWO]}, "number out of order"),
    ],
)  # fmt: skip
def test_what_must_not_be_is_found(changes: dict[str, object], rule: str) -> None:
    assert rule in rules(**changes)


LATE = ONE + timedelta(days=1)
CORRECTION = Correction(revision=1, cause=RerateCause.SESSION_CORRECTED, correction_id="c-1")
LESS_FACTS = FACTS.model_copy(update={"energy_wh": 6_000, "meter_stop_wh": 7_000})
LESS = RATING.model_copy(
    update={
        "lines": (RATING.lines[0].model_copy(update={"excl_vat": euro(240), "vat": euro(50)}),),
        "total_excl_vat": euro(240), "total_vat": euro(50), "total_incl_vat": euro(290),
    }
)  # fmt: skip
RERATED = SessionRerated(
    rating=LESS, revision=1, cause=CORRECTION.cause, correction_id="c-1", previous_tariff_version=1,
    difference_excl_vat=euro(-96), difference_vat=euro(-21), difference_incl_vat=euro(-117), facts=LESS_FACTS,
    place=PLACE, parties=PARTIES, rerated_at=LATE,
)  # fmt: skip
BACK = {
    "correction": CORRECTION, "net_minor": -96, "vat_minor": -21, "gross_minor": -117, "energy_wh": -2_400,
    "meter_stop_wh": 7_000,
}  # fmt: skip


def reversed_lines(of: EntryPosted) -> tuple[PostingLine, ...]:
    """The difference of each account, on its other side."""
    amounts = {407: 117, 336: 96, 71: 21}
    other = {Side.DEBIT: Side.CREDIT, Side.CREDIT: Side.DEBIT}
    return tuple(
        line.model_copy(update={"side": other[line.side], "amount_minor": amounts[line.amount_minor]})
        for line in of.lines
    )


SOLD_LESS = SOLD.model_copy(update={**BACK, "entry_id": "entry-seller-1", "lines": reversed_lines(SOLD)})
BOUGHT_LESS = BOUGHT.model_copy(update={**BACK, "entry_id": "entry-buyer-1", "lines": reversed_lines(BOUGHT)})
BEFORE = Billed(revision=0, tariff_version=1, net_minor=336, vat_minor=71, gross_minor=407, energy_wh=8_400)
NOTE = NoteIssued(
    note_number="NL-VLT-N-2026-000001", series="NL-VLT-N-2026", sequence=1, kind=NoteKind.CREDIT_NOTE, tenant="volt",
    seller=INVOICE.seller, buyer=INVOICE.buyer, issued_at=LATE, currency="EUR", invoice_number="NL-VLT-2026-000001",
    correction=CORRECTION, before=BEFORE,
    after=BEFORE.model_copy(update={"revision": 1, "net_minor": 240, "vat_minor": 50, "gross_minor": 290}),
    tax_totals=(TaxTotal(name="VAT", percent=Decimal(21), net_minor=-96, tax_minor=-21),), net_minor=-96, vat_minor=-21,
    gross_minor=-117, session_id="session-1", rating_id="rating-1", tariff_id="day", started_at=NOON, ended_at=ONE,
    meter_start_wh=1_000, meter_stop_wh=7_000, site_id="s", evse_id="e",
)  # fmt: skip
CORRECTED: dict[str, object] = {
    "rerated": [RERATED], "entries": [SOLD, BOUGHT, SOLD_LESS, BOUGHT_LESS], "notes": [NOTE],
}  # fmt: skip


def test_nothing_is_found_in_sound_books_with_a_correction() -> None:
    assert rules(**CORRECTED) == set()


ELSEWHERE = BEFORE.model_copy(update={"net_minor": 436, "gross_minor": 507})


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"notes": []}, "not noted as often as due"),
        ({"notes": [NOTE, NOTE]}, "not noted as often as due"),
        ({"notes": [NOTE, NOTE]}, "number out of order"),
        ({"notes": []}, "invoice and notes are not the latest price"),
        ({"rerated": []}, "noted without reason"),
        ({"notes": [NOTE.model_copy(update={"invoice_number": "x"})]}, "a note on no such invoice"),
        ({"notes": [NOTE.model_copy(update={"gross_minor": -1})]}, "a note that does not add up"),
        ({"notes": [NOTE.model_copy(update={"tax_totals": ()})]}, "a note whose taxes do not sum to its VAT"),
        ({"notes": [NOTE.model_copy(update={"kind": NoteKind.DEBIT_NOTE})]}, "a note of the wrong kind"),
        ({"notes": [NOTE.model_copy(update={"before": ELSEWHERE})]}, "a note that begins elsewhere"),
        ({"entries": [SOLD, BOUGHT, SOLD_LESS]}, "not booked once"),
        ({"entries": [SOLD, BOUGHT, SOLD_LESS]}, "the two books differ"),
        ({"entries": [SOLD, BOUGHT, SOLD_LESS, BOUGHT_LESS], "rerated": []}, "booked without reason"),
        (
            {"entries": [SOLD, BOUGHT, SOLD_LESS, BOUGHT_LESS.model_copy(update={"net_minor": 0})]},
            "another amount in the books",
        ),
        (
            {"entries": [SOLD, BOUGHT, SOLD_LESS, BOUGHT_LESS.model_copy(update={"energy_wh": 0})]},
            "other energy in the books",
        ),
    ],
)
def test_what_must_not_be_of_a_correction_is_found(changes: dict[str, object], rule: str) -> None:
    assert rule in rules(**{**CORRECTED, **changes})


def test_a_session_without_a_tariff_is_held_not_lost() -> None:
    held = SessionUnratable(
        rating_id="rating-1", relation=RESALE, session_id="session-1", reason="no-tariff", at=ONE
    )  # fmt: skip
    assert rules(rated=[], entries=[], invoices=[], unratable=[held]) == set()


def seen(**changes: object) -> Charged:
    usual: dict[str, object] = {
        "station_id": "VLT-1", "ocpp_version": "1.6", "connector": 1, "id_tag": "04A1", "transaction_id": "1",
        "started_at": NOON, "ended_at": ONE, "meter_start_wh": 1_000, "meter_stop_wh": 9_400,
        "charging_ended_at": ONE, "reason": "Local",
    }  # fmt: skip
    return Charged(**{**usual, **changes})  # type: ignore[arg-type]


def test_charged_is_ended() -> None:
    assert energy_findings([seen()], [CLOSED]) == []


def test_energy_that_no_session_has_is_found_until_one_has_it() -> None:
    found = GapFound(
        gap_id="g", station_id="NLVOLT0001", evse_number=1, connector_number=1, cause="between-sessions", from_at=NOON,
        from_wh=9_400, to_at=NOON, to_wh=9_500, energy_wh=100, found_at=NOON,
    )  # fmt: skip
    filled = GapFilled(gap_id="g", station_id="NLVOLT0001", energy_wh=100, filled_at=NOON)
    assert [str(each.detail) for each in gap_findings([found])] == ["between-sessions, 100 Wh"]
    assert gap_findings([found, filled]) == []
    assert len(gap_findings([found, filled, found])) == 1


def test_what_only_one_side_has_is_found() -> None:
    lost = energy_findings([seen(), seen(meter_start_wh=9_400, meter_stop_wh=9_500)], [CLOSED])
    assert [each.rule for each in lost] == ["charged but not closed"]
    off_by_one = CLOSED.model_copy(update={"facts": FACTS.model_copy(update={"energy_wh": 8_401})})
    assert {each.rule for each in energy_findings([seen()], [off_by_one])} == {
        "charged but not closed",
        "closed but not charged",
    }
