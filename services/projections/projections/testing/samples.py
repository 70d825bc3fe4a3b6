"""Who and what the story is about, and its longer records made from a few figures; for tests."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from ev_contracts.billing import (
    Billed,
    Correction,
    InvoiceIssued,
    InvoiceLine,
    InvoiceParty,
    NoteIssued,
    NoteKind,
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
from ev_contracts.pricing import RunningCostComputed, SessionRerated
from ev_contracts.record import Record
from ev_contracts.sessions import EnergyDelivered

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
ONE = NOON + timedelta(hours=1)
STATION, SESSION, INVOICE, BOUGHT = "VLT-001", "ses-1", "NL-VLT-2026-000001", "NL-EMO-2026-000001"
NOTE, BOUGHT_NOTE = "NL-VLT-N-2026-000001", "NL-EMO-N-2026-000001"

PLACE = Place(
    site_id="site-1",
    station_id=STATION,
    evse_number=1,
    connector_number=1,
    evse_id="NL*VLT*E001*1",
    feeder_id="feeder-7",
    connection_id="ean-1",
    time_zone="Europe/Amsterdam",
    country="NL",
)
PARTIES = Parties(
    cpo_party_id="NL-VLT",
    owner_party_id="NL-OWN",
    ownership_contract_id="own-1",
    ownership_contract_version=1,
    owner_share_permille=300,
    emsp_party_id="NL-EMO",
    emsp_tenant="emo",
    commercial_contract_id="com-1",
    commercial_contract_version=1,
    commercial_model=CommercialModel.RESALE,
    driver_ref="drv-dana",
    token_ref="tok-1",  # noqa: S106 - a reference, no secret
)
FACTS = SessionFacts(
    session_id=SESSION,
    started_at=NOON,
    ended_at=ONE,
    energy_wh=8_400,
    meter_start_wh=1_000,
    meter_stop_wh=9_400,
    periods=(),
)
TO_EMSP = Relation(
    kind=RelationKind.CPO_TO_EMSP,
    seller_party_id="NL-VLT",
    seller_tenant="volt",
    buyer_party_id="NL-EMO",
    buyer_ref=None,
)
TO_DRIVER = Relation(
    kind=RelationKind.EMSP_TO_DRIVER,
    seller_party_id="NL-EMO",
    seller_tenant="emo",
    buyer_party_id=None,
    buyer_ref="drv-dana",
)


def money(minor: int) -> Money:
    return Money(amount=Decimal(minor) / 100, rounded_minor=minor, currency="EUR")


def rating(relation: Relation, net: int, vat: int) -> Rating:
    line = RatedLine(
        type=TariffComponentType.ENERGY,
        quantity=Decimal("8.4"),
        unit_price=Decimal("0.5"),
        vat_permille=210,
        excl_vat=money(net),
        vat=money(vat),
        rule="energy",
    )
    return Rating(
        rating_id=f"rat-{relation.kind.value}",
        relation=relation,
        tariff_id="tar-1",
        tariff_version=1,
        tariff_issuer_party_id=relation.seller_party_id,
        tariff_hash="h",
        currency="EUR",
        lines=(line,),
        total_excl_vat=money(net),
        total_vat=money(vat),
        total_incl_vat=money(net + vat),
    )


def invoice(number: str, tenant: str, *, buyer: InvoiceParty, net: int, vat: int) -> InvoiceIssued:
    line = InvoiceLine(
        description="Energy",
        type=TariffComponentType.ENERGY,
        quantity=Decimal("8.4"),
        unit="kWh",
        unit_price=Decimal("0.5"),
        net_minor=net,
        vat_permille=210,
        vat_minor=vat,
    )
    return InvoiceIssued(
        invoice_number=number,
        series=number.rpartition("-")[0],
        sequence=1,
        tenant=tenant,
        seller=InvoiceParty(party_id=number[:6], ref=None, legal_name="Volt B.V.", country="NL", vat_number=None),
        buyer=buyer,
        issued_at=ONE,
        currency="EUR",
        lines=(line,),
        vat_totals=(VatTotal(vat_permille=210, net_minor=net, vat_minor=vat),),
        net_minor=net,
        vat_minor=vat,
        gross_minor=net + vat,
        session_id=SESSION,
        rating_id="rat",
        tariff_id="tar-1",
        tariff_version=1,
        started_at=NOON,
        ended_at=ONE,
        energy_wh=8_400,
        meter_start_wh=1_000,
        meter_stop_wh=9_400,
        site_id="site-1",
        evse_id=PLACE.evse_id,
    )


CORRECTION = Correction(revision=1, cause=RerateCause.SESSION_CORRECTED, correction_id="cor-1")


def rerated(relation: Relation, *, now: tuple[int, int], before: tuple[int, int]) -> SessionRerated:
    """The session at the corrected price; net and VAT."""
    net, vat = now
    return SessionRerated(
        rating=rating(relation, net, vat),
        revision=1,
        cause=CORRECTION.cause,
        correction_id=CORRECTION.correction_id,
        previous_tariff_version=1,
        difference_excl_vat=money(net - before[0]),
        difference_vat=money(vat - before[1]),
        difference_incl_vat=money(net + vat - sum(before)),
        facts=FACTS.model_copy(update={"energy_wh": 8_000}),
        place=PLACE,
        parties=PARTIES,
        rerated_at=ONE + timedelta(days=1),
    )


def note(number: str, invoiced: InvoiceIssued, *, net: int, vat: int) -> NoteIssued:
    """What makes the invoice into that price."""
    before = Billed(
        revision=0,
        tariff_version=1,
        net_minor=invoiced.net_minor,
        vat_minor=invoiced.vat_minor,
        gross_minor=invoiced.gross_minor,
        energy_wh=8_400,
    )
    after = before.model_copy(
        update={"revision": 1, "net_minor": net, "vat_minor": vat, "gross_minor": net + vat, "energy_wh": 8_000}
    )
    copied = {"tenant", "seller", "buyer", "currency", "invoice_number", "lines", "session_id", "rating_id", "site_id"}
    of_session = {"tariff_id", "started_at", "ended_at", "meter_start_wh", "meter_stop_wh", "evse_id"}
    return NoteIssued.model_validate(
        {
            **{name: getattr(invoiced, name) for name in copied | of_session},
            "note_number": number,
            "series": number.rpartition("-")[0],
            "sequence": 1,
            "kind": NoteKind.CREDIT_NOTE,
            "issued_at": ONE + timedelta(days=1),
            "correction": CORRECTION,
            "before": before,
            "after": after,
            "net_minor": net - before.net_minor,
            "vat_minor": vat - before.vat_minor,
            "gross_minor": net + vat - before.gross_minor,
        }
    )


def delivered(minute: int, energy_wh: int) -> EnergyDelivered:
    return EnergyDelivered(
        session_id=SESSION,
        station_id=STATION,
        evse_number=1,
        connector_number=1,
        measured_at=NOON + timedelta(minutes=minute),
        register_wh=1_000 + energy_wh,
        energy_wh=energy_wh,
        power_w=8_400,
        soc_percent=50,
        started_at=NOON,
        charging_s=60 * minute,
        parking_s=0,
        place=PLACE,
        parties=PARTIES,
    )


def running_cost(relation: Relation, excl: int, incl: int) -> RunningCostComputed:
    return RunningCostComputed(
        session_id=SESSION,
        station_id=STATION,
        relation=relation,
        tariff_id="tar-1",
        tariff_version=1,
        energy_wh=4_200,
        total_excl_vat=money(excl),
        total_incl_vat=money(incl),
        measured_at=NOON + timedelta(minutes=30),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An event on its topic; `version` None is a fact that no decider wrote."""

    topic: str
    key: str
    record: Record
    version: int | None = None
