"""A session that a partner buys as an OCPI 2.2.1 Session: its last figure is the CDR's."""

from decimal import Decimal

from ev_contracts.roaming import SessionPushRequested
from roaming.domain.cdr_json import CdrToken, price, token_object
from roaming.domain.ocpi import date_time, evse_uid, number, party_of


def session_of(request: SessionPushRequested, token: CdrToken, currency: str) -> dict[str, object]:
    """The whole object, as PUT replaces it; `currency` is used where there is no price yet."""
    country_code, party_id = party_of(request.parties.cpo_party_id)
    place = request.place
    return {
        "country_code": country_code,
        "party_id": party_id,
        "id": request.session_id,
        "start_date_time": date_time(request.started_at),
        **({"end_date_time": date_time(request.ended_at)} if request.ended_at else {}),
        "kwh": number(Decimal(request.energy_wh) / 1000),
        "cdr_token": token_object(request.parties.emsp_party_id or "", token),
        "auth_method": "WHITELIST",
        "location_id": place.site_id,
        "evse_uid": evse_uid(place.station_id, place.evse_number),
        "connector_id": str(place.connector_number),
        "currency": request.total_excl_vat.currency if request.total_excl_vat else currency,
        **_cost(request),
        "status": request.status.value,
        "last_updated": date_time(request.requested_at),
    }


def _cost(request: SessionPushRequested) -> dict[str, object]:
    net, gross = request.total_excl_vat, request.total_incl_vat
    if net is None or gross is None:
        return {}
    return {"total_cost": price(net.currency, net.rounded_minor, gross.rounded_minor)}
