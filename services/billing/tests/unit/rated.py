"""One rated session as a driver would recognise it: 8.4 kWh at 0.40 and 20 minutes of parking, 21 % VAT."""

from datetime import UTC, datetime
from decimal import Decimal

from ev_contracts.assets import PartySnapshot
from ev_contracts.billing import (
    Billed,
    Correction,
    EntryWanted,
    InvoiceParty,
    InvoiceWanted,
    IssueInvoice,
    IssueNote,
    NoteWanted,
    PostEntry,
    TaxTotal,
)
from ev_contracts.common import (
    ChargingPeriod,
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
from ev_contracts.pricing import SessionRated, SessionRerated

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ONE = datetime(2026, 11, 20, 13, 0, tzinfo=UTC)
RATED = datetime(2026, 11, 20, 13, 1, tzinfo=UTC)

PLACE = Place(
    site_id="utrecht-1", station_id="VLT-0001", evse_number=1, connector_number=1, evse_id="NL*VLT*E1",
    feeder_id="feeder-7", connection_id="ean-1", time_zone="Europe/Amsterdam", country="NL",
)  # fmt: skip
FACTS = SessionFacts(
    session_id="session-1", started_at=NOON, ended_at=ONE, energy_wh=8_400, meter_start_wh=1_000, meter_stop_wh=9_400,
    periods=(ChargingPeriod(started_at=NOON, ended_at=ONE, charging=True, energy_wh=8_400),),
)  # fmt: skip
RESALE = Relation(
    kind=RelationKind.CPO_TO_EMSP, seller_party_id="NL-VLT", seller_tenant="volt", buyer_party_id="NL-EMO"
)
TO_DRIVER = Relation(
    kind=RelationKind.EMSP_TO_DRIVER, seller_party_id="NL-EMO", seller_tenant="emo", buyer_ref="driver-1"
)
DIRECT = Relation(kind=RelationKind.CPO_TO_DRIVER, seller_party_id="NL-VLT", seller_tenant="volt", buyer_ref="driver-1")


def euro(minor: int) -> Money:
    """Money that needed no rounding."""
    return Money(amount=Decimal(minor) / 100, rounded_minor=minor, currency="EUR")


def line(
    kind: TariffComponentType, quantity: str, price: str, net: int, vat: int, *, permille: int | None = 210
) -> RatedLine:
    """One priced dimension."""
    return RatedLine(
        type=kind, quantity=Decimal(quantity), unit_price=Decimal(price), vat_permille=permille,
        excl_vat=euro(net), vat=euro(vat), rule=f"{quantity} at {price}",
    )  # fmt: skip


ENERGY_LINE = line(TariffComponentType.ENERGY, "8.4", "0.40", 336, 71)
PARKING_LINE = line(TariffComponentType.PARKING_TIME, "0.3333", "3.00", 100, 0, permille=None)


def rating(
    relation: Relation = RESALE, lines: tuple[RatedLine, ...] = (ENERGY_LINE, PARKING_LINE), **totals: Money
) -> Rating:
    """The rating of the session; totals follow from the lines unless given."""
    net = sum(each.excl_vat.rounded_minor for each in lines)
    vat = sum(each.vat.rounded_minor for each in lines)
    return Rating(
        rating_id="rating-1", relation=relation, tariff_id="day", tariff_version=3, tariff_issuer_party_id="NL-VLT",
        tariff_hash="0" * 64, currency="EUR", lines=lines,
        **{"total_excl_vat": euro(net), "total_vat": euro(vat), "total_incl_vat": euro(net + vat), **totals},
    )  # fmt: skip


def parties(**changes: object) -> Parties:
    """The parties of a resale session whose owner gets 12.5 % of the operator's net revenue."""
    usual: dict[str, object] = {
        "cpo_party_id": "NL-VLT", "owner_party_id": "NL-OWN", "ownership_contract_id": "own-1",
        "ownership_contract_version": 1, "owner_share_permille": 125, "emsp_party_id": "NL-EMO", "emsp_tenant": "emo",
        "commercial_contract_id": "com-1", "commercial_contract_version": 1,
        "commercial_model": CommercialModel.RESALE, "driver_ref": "driver-1", "token_ref": "token-1",
    }  # fmt: skip
    return Parties.model_validate({**usual, **changes})


def post(**changes: object) -> PostEntry:
    """Post the resale session in the operator's book."""
    usual: dict[str, object] = {
        "at": RATED, "entry_id": "entry-1", "rating": rating(), "facts": FACTS, "place": PLACE, "parties": parties(),
        "same_legal_entity": False, "book_tenant": "volt", "side_of_book": "seller",
    }  # fmt: skip
    return PostEntry.model_validate({**usual, **changes})


VOLT = PartySnapshot(
    party_id="NL-VLT", legal_name="Volt Charging B.V.", legal_entity_id="kvk-1", country="NL", vat_number="NL1B01",
    tenant="volt", currency="EUR", version=1,
)  # fmt: skip
EMO = PartySnapshot(
    party_id="NL-EMO", legal_name="E-Mobility One B.V.", legal_entity_id="kvk-2", country="NL", vat_number="NL2B01",
    tenant="emo", currency="EUR", version=1,
)  # fmt: skip
OWN = PartySnapshot(
    party_id="NL-OWN", legal_name="Owner N.V.", legal_entity_id="kvk-3", country="NL", currency="EUR", version=1
)


def issue(**changes: object) -> IssueInvoice:
    """Invoice the resale session."""
    usual: dict[str, object] = {
        "at": RATED, "series": "NL-VLT-2026", "rating": rating(), "facts": FACTS, "place": PLACE,
        "seller": InvoiceParty(party_id="NL-VLT", legal_name="Volt Charging B.V.", country="NL", vat_number="NL1B01"),
        "buyer": InvoiceParty(party_id="NL-EMO", legal_name="E-Mobility One B.V.", country="NL", vat_number="NL2B01"),
    }  # fmt: skip
    return IssueInvoice.model_validate({**usual, **changes})


def vat_of(net: int, vat: int) -> TaxTotal:
    """The row of 21 % VAT in a tax table."""
    return TaxTotal(name="VAT", percent=Decimal(21), net_minor=net, tax_minor=vat)


BEFORE = Billed(
    revision=0, tariff_version=3, net_minor=436, vat_minor=71, gross_minor=507, energy_wh=8_400,
    tax_totals=(TaxTotal(net_minor=100, tax_minor=0), vat_of(336, 71)),
)  # fmt: skip
"""The session as it was billed first."""
VAT_PERCENT = Decimal(21)
LATE = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


def correction(revision: int = 1) -> Correction:
    """What a late meter reading made of the session."""
    return Correction(revision=revision, cause=RerateCause.SESSION_CORRECTED, correction_id=f"correction-{revision}")


def corrected(revision: int = 1, *, net: int, vat: int, **changes: object) -> PostEntry:
    """Post the session as it is after a correction of its energy."""
    energy = line(TariffComponentType.ENERGY, "8.4", "0.40", net, vat)
    now: dict[str, object] = {
        "at": LATE, "entry_id": f"entry-1-{revision}", "rating": rating(lines=(energy, PARKING_LINE)),
        "correction": correction(revision), "facts": FACTS.model_copy(update={"energy_wh": 8_400 + revision}),
    }  # fmt: skip
    return post(**{**now, **changes})


def note_wanted(of: PostEntry, before: Billed = BEFORE, number: str = "NL-VLT-2026-000001") -> NoteWanted:
    """What a corrected entry asks for."""
    carried = ("rating", "facts", "place", "parties", "correction", "at")
    return NoteWanted.model_validate(
        {**{name: getattr(of, name) for name in carried}, "before": before, "invoice_number": number}
    )


def issue_note(of: PostEntry, before: Billed = BEFORE) -> IssueNote:
    """The note on the session's invoice."""
    carried = ("rating", "facts", "place", "correction", "at")
    return IssueNote.model_validate(
        {
            **{name: getattr(of, name) for name in carried}, "series": "NL-VLT-N-2026", "before": before,
            "invoice_number": "NL-VLT-2026-000001", "seller": issue().seller, "buyer": issue().buyer,
        }
    )  # fmt: skip


def session_rerated(relation: Relation = RESALE, *, revision: int = 1, net: int, vat: int) -> SessionRerated:
    """What pricing says of the session after a correction."""
    facts = FACTS.model_copy(update={"energy_wh": 8_400 + revision})
    energy = line(TariffComponentType.ENERGY, "8.4", "0.40", net, vat)
    return SessionRerated(
        rating=rating(relation, lines=(energy, PARKING_LINE)), revision=revision, cause=RerateCause.SESSION_CORRECTED,
        correction_id=f"correction-{revision}", previous_tariff_version=3, difference_excl_vat=euro(net - 336),
        difference_vat=euro(vat - 71), difference_incl_vat=euro(net + vat - 407), facts=facts, place=PLACE,
        parties=parties(), rerated_at=LATE,
    )  # fmt: skip


def session_rated(relation: Relation = RESALE, **changes: object) -> SessionRated:
    """What pricing says of the session."""
    usual: dict[str, object] = {
        "rating": rating(relation), "facts": FACTS, "place": PLACE, "parties": parties(), "rated_at": RATED,
    }  # fmt: skip
    return SessionRated.model_validate({**usual, **changes})


def wanted(**changes: object) -> InvoiceWanted:
    """What the posting of the resale session in the operator's book asks for."""
    usual: dict[str, object] = {
        "rating": rating(), "facts": FACTS, "place": PLACE, "parties": parties(), "at": RATED,
    }  # fmt: skip
    return InvoiceWanted.model_validate({**usual, **changes})


def entry_wanted(**changes: object) -> EntryWanted:
    """Another try at the resale session in the operator's book."""
    of_post = post().model_dump(exclude={"same_legal_entity", "owner_same_legal_entity"})
    return EntryWanted.model_validate({**of_post, "attempt": 1, **changes})
