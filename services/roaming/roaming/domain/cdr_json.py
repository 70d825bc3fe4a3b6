"""A rated session as an OCPI 2.2.1 CDR: the figures are the invoice's, so that CDR and invoice are one bill."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from ev_contracts.assets import Connector, SiteSnapshot
from ev_contracts.common import (
    ChargingPeriod,
    Place,
    PriceComponent,
    Rating,
    SessionFacts,
    TariffComponentType,
    TariffVersion,
)
from ev_contracts.roaming import CdrSendRequested
from roaming.domain.ocpi import address_words, connector_words, date_time, evse_uid, number, party_of

_COST_FIELD = {
    TariffComponentType.ENERGY: "total_energy_cost",
    TariffComponentType.TIME: "total_time_cost",
    TariffComponentType.PARKING_TIME: "total_parking_cost",
    TariffComponentType.FLAT: "total_fixed_cost",
}
_NO_MINOR_UNIT = frozenset(
    [
        "BIF",
        "CLP",
        "DJF",
        "GNF",
        "ISK",
        "JPY",
        "KMF",
        "KRW",
        "PYG",
        "RWF",
        "UGX",
        "UYI",
        "VND",
        "VUV",
        "XAF",
        "XOF",
        "XPF",
    ]
)
_THOUSANDTHS = frozenset(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"])
"""ISO 4217: all other currencies have hundredths."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CdrToken:
    """What the vault says of the token that started the session; it leaves us only in this CDR."""

    uid: str
    type: str
    contract_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CdrFacts:
    """What a CDR says beside the rated session itself."""

    token: CdrToken
    site: SiteSnapshot
    connector: Connector
    tariff: TariffVersion


def cdr_of(request: CdrSendRequested, facts: CdrFacts) -> dict[str, object]:
    """The CDR object. `auth_method` is WHITELIST: our stations are answered from our own list of tokens."""
    rating, session = request.rating, request.facts
    country_code, party_id = party_of(rating.relation.seller_party_id)
    return {
        "country_code": country_code,
        "party_id": party_id,
        "id": request.cdr_id,
        "start_date_time": date_time(session.started_at),
        "end_date_time": date_time(session.ended_at),
        "session_id": session.session_id,
        "cdr_token": _token(rating, facts.token),
        "auth_method": "WHITELIST",
        "cdr_location": _location(request.place, facts),
        "currency": rating.currency,
        "tariffs": [_tariff(facts.tariff)],
        "charging_periods": [_period(period, rating.tariff_id) for period in _periods(session)],
        **_totals(request),
        "last_updated": date_time(request.requested_at),
    }


def _token(rating: Rating, token: CdrToken) -> dict[str, object]:
    # Only a rating for an EMSP becomes a CDR, so the buyer is a party; its token is of its own country and party.
    country_code, party_id = party_of(rating.relation.buyer_party_id or "")
    return {
        "country_code": country_code, "party_id": party_id, "uid": token.uid, "type": token.type,
        "contract_id": token.contract_id,
    }  # fmt: skip


def _location(place: Place, facts: CdrFacts) -> dict[str, object]:
    words = connector_words(facts.connector)
    return {
        "id": place.site_id,
        **address_words(facts.site),
        "evse_uid": evse_uid(place.station_id, place.evse_number),
        "evse_id": place.evse_id,
        "connector_id": str(place.connector_number),
        **{f"connector_{name}": word for name, word in words.items()},
    }


def _tariff(tariff: TariffVersion) -> dict[str, object]:
    country_code, party_id = party_of(tariff.issuer_party_id)
    return {
        "country_code": country_code, "party_id": party_id, "id": tariff.tariff_id, "currency": tariff.currency,
        "elements": [{"price_components": [_component(each) for each in tariff.components]}],
        "last_updated": date_time(tariff.valid_from),
    }  # fmt: skip


def _component(component: PriceComponent) -> dict[str, object]:
    shown: dict[str, object] = {
        "type": component.type.value, "price": number(component.price), "step_size": component.step_size
    }  # fmt: skip
    if component.vat_permille is not None:
        # No VAT and a rate of zero are two things in OCPI 2.2.1.
        shown["vat"] = number(Decimal(component.vat_permille) / 10)
    return shown


def _periods(session: SessionFacts) -> tuple[ChargingPeriod, ...]:
    """OCPI wants one period at least: a session without any is one that did not charge."""
    if session.periods:
        return session.periods
    whole = ChargingPeriod(
        started_at=session.started_at, ended_at=session.ended_at, charging=session.energy_wh > 0,
        energy_wh=session.energy_wh,
    )  # fmt: skip
    return (whole,)


def _period(period: ChargingPeriod, tariff_id: str) -> dict[str, object]:
    time = "TIME" if period.charging else "PARKING_TIME"
    dimensions = [{"type": time, "volume": _hours(period.ended_at - period.started_at)}]
    if period.charging or period.energy_wh:
        dimensions.insert(0, {"type": "ENERGY", "volume": _kwh(period.energy_wh)})
    return {"start_date_time": date_time(period.started_at), "dimensions": dimensions, "tariff_id": tariff_id}


def _totals(request: CdrSendRequested) -> dict[str, object]:
    """Totals; a cost per dimension stands only where the tariff has that dimension (absent is not 0)."""
    rating, session = request.rating, request.facts
    parked = sum(
        (each.ended_at - each.started_at for each in _periods(session) if not each.charging), start=timedelta()
    )
    totals: dict[str, object] = {
        "total_cost": _price(rating.currency, rating.total_excl_vat.rounded_minor, rating.total_incl_vat.rounded_minor)
    }
    for kind, field in _COST_FIELD.items():
        lines = [line for line in rating.lines if line.type is kind]
        if lines:
            net = sum(line.excl_vat.rounded_minor for line in lines)
            totals[field] = _price(rating.currency, net, net + sum(line.vat.rounded_minor for line in lines))
    totals["total_energy"] = _kwh(session.energy_wh)
    totals["total_time"] = _hours(session.ended_at - session.started_at)
    totals["total_parking_time"] = _hours(parked)
    return totals


def _price(currency: str, net_minor: int, gross_minor: int) -> dict[str, object]:
    digits = 0 if currency in _NO_MINOR_UNIT else 3 if currency in _THOUSANDTHS else 2
    return {
        "excl_vat": number(Decimal(net_minor).scaleb(-digits)),
        "incl_vat": number(Decimal(gross_minor).scaleb(-digits)),
    }


def _kwh(energy_wh: int) -> Decimal:
    return number(Decimal(energy_wh) / 1000)


def _hours(duration: timedelta) -> Decimal:
    return number(Decimal(duration // timedelta(milliseconds=1)) / 3_600_000)
