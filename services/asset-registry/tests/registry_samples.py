"""One operator's network in Amsterdam, as callers of the registry write it."""

from datetime import UTC, datetime
from typing import Any

from ev_contracts.assets import StationRegistered


def party(party_id: str, role: str, tenant: str | None = None) -> dict[str, Any]:
    """A party that is a legal entity of its own."""
    return {
        "party_id": party_id,
        "legal_name": f"{party_id} B.V.",
        "legal_entity_id": f"NL-KVK-{party_id}",
        "country": "NL",
        "vat_number": "NL001234567B01",
        "roles": [role],
        "tenant": tenant,
        "currency": "EUR",
    }


VOLT = party("NL-VLT", "CPO", "volt")
AMPERE = party("NL-AMP", "CPO", "ampere")
GRID = party("NL-GRD", "DSO")
OWNER = party("NL-OWN", "OWNER")
EMSP = party("NL-EMO", "EMSP", "emo")
PARTIES = (VOLT, AMPERE, GRID, OWNER, EMSP)
MUSEUM: dict[str, Any] = {
    "site_id": "AMS-MUSEUM",
    "cpo_party_id": "NL-VLT",
    "name": "Museumplein",
    "address": "Museumplein 6",
    "city": "Amsterdam",
    "postal_code": "1071 DJ",
    "country": "NL",
    "latitude": "52.358416",
    "longitude": "4.881077",
    "time_zone": "Europe/Amsterdam",
    "feeder_id": "F-AMS-1",
    "connection_id": "C-AMS-1",
    "dso_party_id": "NL-GRD",
    "grid_limit_w": 110_000,
}
CONNECTOR: dict[str, Any] = {
    "connector_number": 1,
    "standard": "IEC_62196_T2",
    "max_power_w": 11_000,
    "max_voltage_v": 230,
    "max_amperage_a": 16,
    "dc": False,
}
CSV_HEADER = (
    "station_id,site_id,cpo_party_id,vendor,model,evse_number,evse_id,"
    "connector_number,standard,max_power_w,max_voltage_v,max_amperage_a,dc"
)

METER: dict[str, Any] = {
    "kind": "METER",
    "serial_number": "EMH-0012345678",
    "calibration_ends_at": "2034-12-31T23:00:00Z",
    "public_key": "04" + "ab" * 64,
    "signature_format": "OCMF",
}
FITTING: dict[str, Any] = {"component": METER, "evse_number": 1, "fitted_at": "2026-02-11T11:20:00Z", "register_wh": 0}
SWAP: dict[str, Any] = {
    "fitting_number": 1,
    "component": {**METER, "serial_number": "EMH-0099887766"},
    "swapped_at": "2026-03-03T08:10:00Z",
    "reason": "display broken",
    "removed_register_wh": 8_412_250,
    "register_wh": 10,
}


def station(station_id: str, party_id: str = "NL-VLT") -> dict[str, Any]:
    """A station with one AC socket on the museum's site."""
    return {
        "station_id": station_id,
        "site_id": "AMS-MUSEUM",
        "cpo_party_id": party_id,
        "vendor": "Alfen",
        "model": "Eve Single",
        "evses": [{"evse_number": 1, "evse_id": f"NL*VLT*E{station_id.upper()}*1", "connectors": [CONNECTOR]}],
    }


def csv_line(station_id: str) -> str:
    """The same station as a line under CSV_HEADER."""
    return f"{station_id},AMS-MUSEUM,NL-VLT,Alfen,Eve Single,1,NL*VLT*E{station_id},1,IEC_62196_T2,11000,230,16,false"


def station_registered(station_id: str) -> StationRegistered:
    """The same station as the log says it."""
    registered_at = datetime(2026, 2, 11, 11, tzinfo=UTC)
    return StationRegistered.model_validate({**station(station_id), "registered_at": registered_at})
