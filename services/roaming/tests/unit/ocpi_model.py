"""OCPI 2.2.1's objects as the specification has them, strictly: unknown fields and over-long strings are faults.

Written from the specification's tables, apart from the code under test, so that one can judge the other.
"""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

CiString2 = Annotated[str, StringConstraints(min_length=2, max_length=2)]
CiString3 = Annotated[str, StringConstraints(min_length=3, max_length=3)]
CiString36 = Annotated[str, StringConstraints(min_length=1, max_length=36, pattern=r"^[\x20-\x7e]+$")]
CiString39 = Annotated[str, StringConstraints(min_length=1, max_length=39, pattern=r"^[\x20-\x7e]+$")]
CiString48 = Annotated[str, StringConstraints(min_length=1, max_length=48, pattern=r"^[\x20-\x7e]+$")]
String10 = Annotated[str, StringConstraints(min_length=1, max_length=10)]
String45 = Annotated[str, StringConstraints(min_length=1, max_length=45)]
String100 = Annotated[str, StringConstraints(min_length=1, max_length=100)]
String255 = Annotated[str, StringConstraints(min_length=1, max_length=255)]
Alpha3 = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
DateTime = Annotated[str, StringConstraints(max_length=25, pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z?$")]
Latitude = Annotated[str, StringConstraints(pattern=r"^-?[0-9]{1,2}\.[0-9]{5,7}$")]
Longitude = Annotated[str, StringConstraints(pattern=r"^-?[0-9]{1,3}\.[0-9]{5,7}$")]
Number = Annotated[Decimal, Field(decimal_places=4)]
Standard = Literal[
    "CHADEMO", "DOMESTIC_E", "DOMESTIC_F", "DOMESTIC_G", "IEC_62196_T1", "IEC_62196_T1_COMBO", "IEC_62196_T2",
    "IEC_62196_T2_COMBO", "IEC_62196_T3A", "IEC_62196_T3C", "TESLA_R", "TESLA_S",
]  # fmt: skip
Format = Literal["SOCKET", "CABLE"]
PowerType = Literal["AC_1_PHASE", "AC_2_PHASE", "AC_2_PHASE_SPLIT", "AC_3_PHASE", "DC"]
DimensionType = Literal["ENERGY", "PARKING_TIME", "RESERVATION_TIME", "TIME"]
EvseStatus = Literal[
    "AVAILABLE", "BLOCKED", "CHARGING", "INOPERATIVE", "OUTOFORDER", "PLANNED", "REMOVED", "RESERVED", "UNKNOWN"
]
TokenType = Literal["AD_HOC_USER", "APP_USER", "OTHER", "RFID"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class GeoLocation(_Strict):
    """Class GeoLocation."""

    latitude: Latitude
    longitude: Longitude


class BusinessDetails(_Strict):
    """Class BusinessDetails, without the logo's own fields."""

    name: String100
    website: str | None = None
    logo: dict[str, object] | None = None


class Connector(_Strict):
    """Object Connector."""

    id: CiString36
    standard: Standard
    format: Format
    power_type: PowerType
    max_voltage: int
    max_amperage: int
    max_electric_power: int | None = None
    tariff_ids: list[CiString36] = []
    last_updated: DateTime


class Evse(_Strict):
    """Object EVSE."""

    uid: CiString36
    evse_id: CiString48 | None = None
    status: EvseStatus
    capabilities: list[str] = []
    connectors: Annotated[list[Connector], Field(min_length=1)]
    floor_level: Annotated[str, StringConstraints(max_length=4)] | None = None
    physical_reference: Annotated[str, StringConstraints(max_length=16)] | None = None
    parking_restrictions: list[str] = []
    last_updated: DateTime


class Location(_Strict):
    """Object Location."""

    country_code: CiString2
    party_id: CiString3
    id: CiString36
    publish: bool
    name: String255 | None = None
    address: String45
    city: String45
    postal_code: String10 | None = None
    country: Alpha3
    coordinates: GeoLocation
    parking_type: str | None = None
    evses: list[Evse] = []
    operator: BusinessDetails | None = None
    time_zone: String255
    last_updated: DateTime


class PriceComponent(_Strict):
    """Class PriceComponent."""

    type: Literal["ENERGY", "FLAT", "PARKING_TIME", "TIME"]
    price: Number
    vat: Number | None = None
    step_size: int


class TariffElement(_Strict):
    """Class TariffElement, without restrictions."""

    price_components: Annotated[list[PriceComponent], Field(min_length=1)]


class Tariff(_Strict):
    """Object Tariff, what a CDR needs of it."""

    country_code: CiString2
    party_id: CiString3
    id: CiString36
    currency: Alpha3
    elements: Annotated[list[TariffElement], Field(min_length=1)]
    last_updated: DateTime


class Price(_Strict):
    """Class Price."""

    excl_vat: Number
    incl_vat: Number | None = None


class CdrToken(_Strict):
    """Class CdrToken."""

    country_code: CiString2
    party_id: CiString3
    uid: CiString36
    type: TokenType
    contract_id: CiString36


class CdrLocation(_Strict):
    """Class CdrLocation."""

    id: CiString36
    name: String255 | None = None
    address: String45
    city: String45
    postal_code: String10 | None = None
    country: Alpha3
    coordinates: GeoLocation
    evse_uid: CiString36
    evse_id: CiString48
    connector_id: CiString36
    connector_standard: Standard
    connector_format: Format
    connector_power_type: PowerType


class CdrDimension(_Strict):
    """Class CdrDimension."""

    type: DimensionType
    volume: Number


class ChargingPeriod(_Strict):
    """Class ChargingPeriod."""

    start_date_time: DateTime
    dimensions: Annotated[list[CdrDimension], Field(min_length=1)]
    tariff_id: CiString36 | None = None


class Cdr(_Strict):
    """Object CDR."""

    country_code: CiString2
    party_id: CiString3
    id: CiString39
    start_date_time: DateTime
    end_date_time: DateTime
    session_id: CiString36 | None = None
    cdr_token: CdrToken
    auth_method: Literal["AUTH_REQUEST", "COMMAND", "WHITELIST"]
    cdr_location: CdrLocation
    currency: Alpha3
    tariffs: list[Tariff] = []
    charging_periods: Annotated[list[ChargingPeriod], Field(min_length=1)]
    total_cost: Price
    total_fixed_cost: Price | None = None
    total_energy: Number
    total_energy_cost: Price | None = None
    total_time: Number
    total_time_cost: Price | None = None
    total_parking_time: Number | None = None
    total_parking_cost: Price | None = None
    credit: bool | None = None
    credit_reference_id: CiString39 | None = None
    last_updated: DateTime


class Session(_Strict):
    """Object Session."""

    country_code: CiString2
    party_id: CiString3
    id: CiString36
    start_date_time: DateTime
    end_date_time: DateTime | None = None
    kwh: Number
    cdr_token: CdrToken
    auth_method: Literal["AUTH_REQUEST", "COMMAND", "WHITELIST"]
    authorization_reference: CiString36 | None = None
    location_id: CiString36
    evse_uid: CiString36
    connector_id: CiString36
    meter_id: String255 | None = None
    currency: Alpha3
    charging_periods: list[ChargingPeriod] = []
    total_cost: Price | None = None
    status: Literal["ACTIVE", "COMPLETED", "INVALID", "PENDING", "RESERVATION"]
    last_updated: DateTime


class CredentialsRole(_Strict):
    """Class CredentialsRole."""

    role: Literal["CPO", "EMSP", "HUB", "NAP", "NSP", "OTHER", "SCSP"]
    business_details: BusinessDetails
    party_id: CiString3
    country_code: CiString2


class Credentials(_Strict):
    """Object Credentials."""

    token: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    url: str
    roles: Annotated[list[CredentialsRole], Field(min_length=1)]
