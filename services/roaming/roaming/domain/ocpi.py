"""What all OCPI 2.2.1 objects of ours share: status codes, times, numbers, party ids, the words for a connector."""

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from enum import IntEnum

from ev_contracts.assets import Connector, SiteSnapshot
from roaming.domain.countries import alpha_3

VERSION = "2.2.1"

JsonObject = Mapping[str, object]
"""Strings, integers, booleans, Decimals, lists and objects; the edge writes Decimals as JSON numbers."""

_ALWAYS_A_CABLE = frozenset(
    {"CHADEMO", "IEC_62196_T1", "IEC_62196_T1_COMBO", "IEC_62196_T2_COMBO", "TESLA_R", "TESLA_S"}
)
_FOUR_PLACES = Decimal("0.0001")
_UID_LENGTH = 36
_UIDS = uuid.UUID("2f0b8a8e-6c58-5a46-9a2e-3f1c5f0d7b64")
"""Namespace of uids that would be too long."""


class Status(IntEnum):
    """OCPI status codes that we say or understand."""

    OK = 1000
    CLIENT_ERROR = 2000
    INVALID_PARAMETERS = 2001
    UNKNOWN_LOCATION = 2003
    SERVER_ERROR = 3000
    UNUSABLE_API = 3001
    UNSUPPORTED_VERSION = 3002
    MISSING_ENDPOINTS = 3003


def date_time(moment: datetime) -> str:
    """OCPI DateTime: UTC with `Z`; milliseconds only where there are any (at most 25 characters)."""
    in_utc = moment.astimezone(UTC)
    text = in_utc.isoformat(timespec="milliseconds" if in_utc.microsecond else "seconds")
    return text.removesuffix("+00:00") + "Z"


def number(value: Decimal) -> Decimal:
    """OCPI numbers have 4 decimals."""
    rounded = value.quantize(_FOUR_PLACES, rounding=ROUND_HALF_EVEN).normalize()
    # normalize() writes 100 as 1E+2.
    return rounded.quantize(Decimal(1)) if rounded == rounded.to_integral_value() else rounded


def party_of(party_id: str) -> tuple[str, str]:
    """Country code and OCPI party id of ours: `NL-VLT` is (`NL`, `VLT`)."""
    country_code, _, ocpi_party_id = party_id.partition("-")
    return country_code, ocpi_party_id


def evse_uid(station_id: str, evse_number: int) -> str:
    """Our EVSE's uid in OCPI: it never changes, whatever its eMI3 id becomes."""
    uid = f"{station_id}-{evse_number}"
    # OCPP allows 48 characters for a station, OCPI 36 for an EVSE.
    return uid if len(uid) <= _UID_LENGTH else str(uuid.uuid5(_UIDS, uid))


def address_words(site: SiteSnapshot) -> dict[str, object]:
    """What Location and CdrLocation say of the place, cut to OCPI's lengths."""
    return {
        "name": site.name[:255],
        "address": site.address[:45],
        "city": site.city[:45],
        "postal_code": site.postal_code[:10],
        "country": alpha_3(site.country),
        "coordinates": {"latitude": site.latitude, "longitude": site.longitude},
    }


def connector_words(connector: Connector) -> dict[str, object]:
    """standard, format and power_type.

    The registry knows no format: an outlet is a SOCKET unless its standard only exists with a fixed cable or the
    current is direct. The number of phases follows from power, voltage and current.
    """
    cable = connector.dc or connector.standard in _ALWAYS_A_CABLE
    return {
        "standard": connector.standard,
        "format": "CABLE" if cable else "SOCKET",
        "power_type": "DC" if connector.dc else _ac_power_type(connector),
    }


def _ac_power_type(connector: Connector) -> str:
    # One phase carries V x A; three carry 3 V A by the phase voltage, or 1.73 V A by the voltage between phases.
    one_phase_va = connector.max_voltage_v * connector.max_amperage_a
    return "AC_1_PHASE" if connector.max_power_w * 10 < one_phase_va * 15 else "AC_3_PHASE"
