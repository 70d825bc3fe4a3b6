"""A rated session as an OCPI 2.2.1 CDR: the figures are the invoice's, so that CDR and invoice are one bill."""

from dataclasses import dataclass
from decimal import Decimal

from ev_contracts.assets import Connector, SiteSnapshot
from ev_contracts.common import (
    LineScope,
    Place,
    PricedPeriod,
    RatedLine,
    TariffComponentType,
    TariffElement,
    TariffVersion,
)
from ev_contracts.roaming import CdrSendRequested
from roaming.domain.cdr_periods import began_at, hours, period_objects, periods_of, times_of
from roaming.domain.cdr_tariff import tariff_object
from roaming.domain.ocpi import address_words, connector_words, date_time, evse_uid, number, party_of

_COST_FIELD = {
    TariffComponentType.ENERGY: "total_energy_cost",
    TariffComponentType.TIME: "total_time_cost",
    TariffComponentType.PARKING_TIME: "total_parking_cost",
    TariffComponentType.FLAT: "total_fixed_cost",
}
_RESERVATION_COST = "total_reservation_cost"
_COST_FIELDS = (*_COST_FIELD.values(), _RESERVATION_COST)
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
    nearest: tuple[TariffElement, ...] = ()
    differences: tuple[str, ...] = ()


def cdr_of(request: CdrSendRequested, facts: CdrFacts) -> dict[str, object]:
    """The CDR object. `auth_method` is WHITELIST: our stations are answered from our own list of tokens."""
    rating, session = request.rating, request.facts
    country_code, party_id = party_of(rating.relation.seller_party_id)
    periods = periods_of(rating, session)
    # In what the price differs from the tariff told, OCPI having no words for it.
    remark = "; ".join(facts.differences)
    return {
        "country_code": country_code,
        "party_id": party_id,
        "id": request.cdr_id,
        "start_date_time": date_time(began_at(periods, session)),
        "end_date_time": date_time(session.ended_at),
        "session_id": session.session_id,
        # Only a rating for an EMSP becomes a CDR, so the buyer is a party.
        "cdr_token": token_object(rating.relation.buyer_party_id or "", facts.token),
        "auth_method": "WHITELIST",
        "cdr_location": _location(request.place, facts),
        "currency": rating.currency,
        "tariffs": [tariff_object(facts.tariff, facts.nearest)],
        "charging_periods": list(period_objects(periods, rating.tariff_id)),
        **_totals(request, periods),
        **({"remark": remark[:255]} if remark else {}),
        **_credit(request),
        "last_updated": date_time(request.requested_at),
    }


def _credit(request: CdrSendRequested) -> dict[str, object]:
    if request.credit_reference_id is None:
        return {}
    return {"credit": True, "credit_reference_id": request.credit_reference_id}


def token_object(buyer_party_id: str, token: CdrToken) -> dict[str, object]:
    """OCPI's CdrToken; the buyer's token is of its own country and party."""
    country_code, party_id = party_of(buyer_party_id)
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


def _totals(request: CdrSendRequested, periods: tuple[PricedPeriod, ...]) -> dict[str, object]:
    """Totals; a cost per dimension stands only where the tariff has that dimension (absent is not 0).

    A minimum or maximum price moves the total alone.
    """
    rating, session = request.rating, request.facts
    times = times_of(periods, session)
    # A Credit CDR copies everything of the CDR that it takes back and negates the total cost alone (2.2.1, mod_cdrs).
    sign = -1 if request.credit_reference_id else 1
    net, gross = rating.total_excl_vat.rounded_minor, rating.total_incl_vat.rounded_minor
    totals: dict[str, object] = {"total_cost": price(rating.currency, sign * net, sign * gross)}
    for field in _COST_FIELDS:
        lines = [line for line in rating.lines if _field_of(line) == field]
        if lines:
            net = sum(line.excl_vat.rounded_minor for line in lines)
            totals[field] = price(rating.currency, net, net + sum(line.vat.rounded_minor for line in lines))
    totals["total_energy"] = number(Decimal(session.energy_wh) / 1000)
    totals["total_time"] = hours(times.session)
    totals["total_parking_time"] = hours(times.parked)
    return totals


def _field_of(line: RatedLine) -> str | None:
    match line.scope:
        case LineScope.RESERVATION:
            return _RESERVATION_COST
        case LineScope.PRICE_LIMIT:
            return None
        case _:
            return _COST_FIELD.get(line.type)


def price(currency: str, net_minor: int, gross_minor: int) -> dict[str, object]:
    """OCPI's Price, in major units."""
    digits = 0 if currency in _NO_MINOR_UNIT else 3 if currency in _THOUSANDTHS else 2
    return {
        "excl_vat": number(Decimal(net_minor).scaleb(-digits)),
        "incl_vat": number(Decimal(gross_minor).scaleb(-digits)),
    }
