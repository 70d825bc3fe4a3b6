"""A site with one station, a partner, and one session of 8.4 kWh and 20 minutes of parking."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from ev_contracts.assets import Connector, Evse, PartyRole, PartySnapshot, SiteSnapshot, StationSnapshot
from ev_contracts.common import (
    ChargingPeriod,
    CommercialModel,
    Money,
    Parties,
    Place,
    PriceComponent,
    RatedLine,
    Rating,
    Relation,
    RelationKind,
    RerateCause,
    SessionFacts,
    TariffComponentType,
    TariffVersion,
)
from ev_contracts.pricing import RunningCostComputed, SessionRated, SessionRerated
from ev_contracts.roaming import (
    CompleteHandshake,
    InvitePartner,
    PartnerEndpoint,
    PartnerInvited,
    PartnerRegistered,
    SendCdr,
    SessionStatus,
    TellSession,
)
from ev_contracts.sessions import SessionStarted

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
PARKED_FROM = NOON + timedelta(minutes=40)
ONE = NOON + timedelta(hours=1)
RATED = ONE + timedelta(minutes=1)
LATE = RATED + timedelta(days=1)
OPENED = datetime(2026, 1, 1, tzinfo=UTC)
EXPIRES = NOON + timedelta(days=7)

VOLT = PartySnapshot(
    party_id="NL-VLT", legal_name="Volt Charging B.V.", legal_entity_id="kvk-1", country="NL", roles=(PartyRole.CPO,),
    tenant="volt", currency="EUR", version=1,
)  # fmt: skip
CONNECTOR = Connector(
    connector_number=1, standard="IEC_62196_T2", max_power_w=11_000, max_voltage_v=230, max_amperage_a=16, dc=False
)
SITE = SiteSnapshot(
    site_id="utrecht-1", cpo_party_id="NL-VLT", name="Utrecht Centraal", address="Stationsplein 1", city="Utrecht",
    postal_code="3511 ED", country="NL", latitude="52.089444", longitude="5.110278", time_zone="Europe/Amsterdam",
    feeder_id="feeder-7", connection_id="ean-1", opened_at=OPENED, version=1,
)  # fmt: skip
STATION = StationSnapshot(
    station_id="VLT-0001", site_id="utrecht-1", cpo_party_id="NL-VLT", vendor="Alfen", model="Eve",
    evses=(Evse(evse_number=1, evse_id="NL*VLT*E1", connectors=(CONNECTOR,)),), retired=False, version=1,
)  # fmt: skip
PLACE = Place(
    site_id="utrecht-1", station_id="VLT-0001", evse_number=1, connector_number=1, evse_id="NL*VLT*E1",
    feeder_id="feeder-7", connection_id="ean-1", time_zone="Europe/Amsterdam", country="NL",
)  # fmt: skip
FACTS = SessionFacts(
    session_id="5f0c4f0a-8c1e-5d57-9b3e-2d9c1a7e4f10", started_at=NOON, ended_at=ONE, energy_wh=8_400,
    meter_start_wh=1_000, meter_stop_wh=9_400,
    periods=(
        ChargingPeriod(started_at=NOON, ended_at=PARKED_FROM, charging=True, energy_wh=8_400),
        ChargingPeriod(started_at=PARKED_FROM, ended_at=ONE, charging=False, energy_wh=0),
    ),
)  # fmt: skip
PARTIES = Parties(
    cpo_party_id="NL-VLT", emsp_party_id="NL-EMO", emsp_tenant="emo", commercial_contract_id="com-1",
    commercial_contract_version=1, commercial_model=CommercialModel.RESALE, driver_ref="driver-1", token_ref="token-1",
)  # fmt: skip
RESALE = Relation(
    kind=RelationKind.CPO_TO_EMSP, seller_party_id="NL-VLT", seller_tenant="volt", buyer_party_id="NL-EMO"
)
TARIFF = TariffVersion(
    tariff_id="day", version=3, issuer_party_id="NL-VLT", currency="EUR", valid_from=OPENED, content_hash="0" * 64,
    components=(
        PriceComponent(type=TariffComponentType.ENERGY, price=Decimal("0.40"), vat_permille=210, step_size=1),
        PriceComponent(type=TariffComponentType.PARKING_TIME, price=Decimal("3.00"), step_size=300),
    ),
)  # fmt: skip


def euro(amount: str, minor: int) -> Money:
    """An exact amount and what is billed of it."""
    return Money(amount=Decimal(amount), rounded_minor=minor, currency="EUR")


RATING = Rating(
    rating_id="rating-1", relation=RESALE, tariff_id="day", tariff_version=3, tariff_issuer_party_id="NL-VLT",
    tariff_hash="0" * 64, currency="EUR",
    lines=(
        RatedLine(
            type=TariffComponentType.ENERGY, quantity=Decimal("8.4"), unit_price=Decimal("0.40"), vat_permille=210,
            excl_vat=euro("3.36", 336), vat=euro("0.7056", 71), rule="8.4 kWh at 0.40",
        ),
        RatedLine(
            type=TariffComponentType.PARKING_TIME, quantity=Decimal("0.33333333"), unit_price=Decimal("3.00"),
            excl_vat=euro("1.00", 100), vat=euro("0", 0), rule="20 min at 3.00 per hour",
        ),
    ),
    total_excl_vat=euro("4.36", 436), total_vat=euro("0.7056", 71), total_incl_vat=euro("5.0656", 507),
)  # fmt: skip
SEND = SendCdr(
    at=RATED, cdr_id="cdr-1", partner_id="NL-VLT-NL-EMO", rating=RATING, facts=FACTS, place=PLACE, parties=PARTIES
)
CHEAPER = RATING.model_copy(
    update={
        "lines": (
            RATING.lines[0].model_copy(update={"excl_vat": euro("2.36", 236), "vat": euro("0.4956", 50)}),
            RATING.lines[1],
        ),
        "total_excl_vat": euro("3.36", 336), "total_vat": euro("0.4956", 50), "total_incl_vat": euro("3.8556", 386),
    }
)  # fmt: skip
SESSION_RERATED = SessionRerated(
    rating=CHEAPER, revision=1, cause=RerateCause.SESSION_CORRECTED, correction_id="correction-1",
    previous_tariff_version=3, difference_excl_vat=euro("-1.00", -100), difference_vat=euro("-0.21", -21),
    difference_incl_vat=euro("-1.21", -121), facts=FACTS, place=PLACE, parties=PARTIES, rerated_at=LATE,
)  # fmt: skip
"""A late reading took 2.5 kWh off."""
SESSION_RATED = SessionRated(rating=RATING, facts=FACTS, place=PLACE, parties=PARTIES, rated_at=RATED)

SESSION_STARTED = SessionStarted(
    session_id=FACTS.session_id, station_id="VLT-0001", transaction_id="t-1", ocpp_version="1.6", evse_number=1,
    connector_number=1, started_at=NOON, meter_start_wh=1_000, token_ref="token-1", token_status="Accepted",
    offline=False, place=PLACE, parties=PARTIES,
)  # fmt: skip
RUNNING = RunningCostComputed(
    session_id=FACTS.session_id, station_id="VLT-0001", relation=RESALE, tariff_id="day", tariff_version=3,
    energy_wh=2_100, total_excl_vat=euro("0.84", 84), total_incl_vat=euro("1.0164", 102),
    measured_at=NOON + timedelta(minutes=10),
)  # fmt: skip
BEGIN = TellSession(
    at=NOON, session_id=FACTS.session_id, partner_id="NL-VLT-NL-EMO", status=SessionStatus.ACTIVE, started_at=NOON,
    energy_wh=0, place=PLACE, parties=PARTIES,
)  # fmt: skip
COMPLETE_SESSION = TellSession(
    at=RATED, session_id=FACTS.session_id, partner_id="NL-VLT-NL-EMO", status=SessionStatus.COMPLETED,
    started_at=NOON, ended_at=ONE, energy_wh=8_400, total_excl_vat=RATING.total_excl_vat,
    total_incl_vat=RATING.total_incl_vat, place=PLACE, parties=PARTIES,
)  # fmt: skip

INVITE = InvitePartner(
    at=NOON, partner_id="NL-VLT-NL-EMO", party_id="NL-EMO", our_party_id="NL-VLT", token_a_sha256="a" * 64,
    token_a_expires_at=EXPIRES, allowed_hosts=("ocpi.emo.example",),
)  # fmt: skip
INVITED = PartnerInvited(
    partner_id="NL-VLT-NL-EMO", party_id="NL-EMO", our_party_id="NL-VLT", token_a_sha256="a" * 64,
    token_a_expires_at=EXPIRES, allowed_hosts=("ocpi.emo.example",), invited_at=NOON,
)  # fmt: skip
ENDPOINT = PartnerEndpoint(identifier="cdrs", role="RECEIVER", url="https://ocpi.emo.example/2.2.1/cdrs")
COMPLETE = CompleteHandshake(
    at=ONE, partner_id="NL-VLT-NL-EMO", token_c_sha256="c" * 64, token_b_sealed=b"sealed",
    versions_url="https://ocpi.emo.example/versions", country_code="NL", ocpi_party_id="EMO", endpoints=(ENDPOINT,),
)  # fmt: skip
REGISTERED = PartnerRegistered(
    partner_id="NL-VLT-NL-EMO", party_id="NL-EMO", our_party_id="NL-VLT", token_c_sha256="c" * 64,
    token_b_sealed=b"sealed", versions_url="https://ocpi.emo.example/versions", country_code="NL", ocpi_party_id="EMO",
    endpoints=(ENDPOINT,), registered_at=ONE,
)  # fmt: skip
