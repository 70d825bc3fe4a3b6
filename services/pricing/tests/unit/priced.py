"""A session of a driver in Amsterdam, closed, and the tariffs that price it."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from ev_contracts.common import (
    ChargingPeriod,
    CommercialModel,
    Parties,
    Place,
    PriceComponent,
    SessionFacts,
    TariffComponentType,
    TariffVersion,
)
from ev_contracts.pricing import AssignTariff, PublishTariff
from ev_contracts.sessions import SessionClosed

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
SESSION = "0f8fad5b-d9cb-569f-a165-70867728950e"

PLACE = Place(
    site_id="oosterdok",
    station_id="NLVOLT0001",
    evse_number=1,
    connector_number=1,
    evse_id="NL*VLT*E1",
    feeder_id="feeder-7",
    connection_id="connection-12",
    time_zone="Europe/Amsterdam",
    country="NL",
)
RESALE = Parties(
    cpo_party_id="NL-VLT",
    emsp_party_id="NL-EMO",
    emsp_tenant="emo",
    commercial_contract_id="trade-1",
    commercial_contract_version=1,
    commercial_model=CommercialModel.RESALE,
    driver_ref="driver-7",
    token_ref="token-7",
)
UNKNOWN_TOKEN = Parties(cpo_party_id="NL-VLT", commercial_model=CommercialModel.DIRECT)


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def component(kind: str, price: str, *, vat_permille: int | None = 210, step_size: int = 1) -> PriceComponent:
    return PriceComponent(
        type=TariffComponentType(kind), price=Decimal(price), vat_permille=vat_permille, step_size=step_size
    )


ENERGY = component("ENERGY", "0.35")
PARKING = component("PARKING_TIME", "1.20", step_size=300)
FLAT = component("FLAT", "0.25")


def facts(*periods: tuple[float, bool, int]) -> SessionFacts:
    """From noon: stretches of so many minutes, charging or not, with so many Wh."""
    cut, told = NOON, []
    for minutes, charging, energy_wh in periods:
        end = cut + timedelta(minutes=minutes)
        told.append(ChargingPeriod(started_at=cut, ended_at=end, charging=charging, energy_wh=energy_wh))
        cut = end
    energy_wh = sum(each.energy_wh for each in told)
    return SessionFacts(
        session_id=SESSION,
        started_at=NOON,
        ended_at=cut,
        energy_wh=energy_wh,
        meter_start_wh=1_000,
        meter_stop_wh=1_000 + energy_wh,
        periods=tuple(told),
    )


FACTS = facts((60, True, 11_000), (7, False, 0))


def version(*components: PriceComponent, number: int = 1, currency: str = "EUR") -> TariffVersion:
    return TariffVersion(
        tariff_id="wholesale",
        version=number,
        issuer_party_id="NL-VLT",
        currency=currency,
        components=components,
        valid_from=LONG_AGO,
        content_hash="0" * 64,
    )


def publish(*components: PriceComponent, **changes: object) -> PublishTariff:
    fields: dict[str, object] = {
        "at": NOON,
        "tariff_id": "wholesale",
        "issuer_party_id": "NL-VLT",
        "name": "Wholesale",
        "currency": "EUR",
        "components": components or (ENERGY, FLAT),
        "valid_from": LONG_AGO,
    }
    return PublishTariff(**{**fields, **changes})


def assign(**changes: object) -> AssignTariff:
    fields: dict[str, object] = {
        "at": NOON,
        "assignment_id": "wholesale-all",
        "tariff_id": "wholesale",
        "seller_party_id": "NL-VLT",
        "relation": "CPO_TO_EMSP",
        "valid_from": LONG_AGO,
    }
    return AssignTariff.model_validate({**fields, **changes})


def closed(session_facts: SessionFacts = FACTS, parties: Parties = RESALE) -> SessionClosed:
    return SessionClosed(
        session_id=session_facts.session_id,
        station_id=PLACE.station_id,
        transaction_id="771234561",
        rule="settled",
        closed_at=at(70),
        end_reason="Local",
        facts=session_facts,
        place=PLACE,
        parties=parties,
    )
