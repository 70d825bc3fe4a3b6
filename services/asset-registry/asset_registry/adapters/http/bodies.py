"""What callers may send: parsed once, into values that cannot be wrong."""

from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from ev_contracts.assets import ComponentKind, GrantScope, PartyRole
from ev_contracts.common import CommercialModel


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError("no such time zone") from error
    return name


def _not_unknown(value: str) -> str:
    if value == "UNKNOWN":
        raise ValueError("UNKNOWN is what readers see of a newer word; it cannot be said")
    return value


PartyId = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}-[A-Z0-9]{3}$")]
Tenant = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]
AssetId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,35}$")]
# OCPP allows 48 characters; the colon and the slash would break Basic authentication and the URL.
StationId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9*\-_=+|@.]{1,48}$")]
EvseId = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}\*?[A-Z0-9]{3}\*?E[A-Z0-9*]{1,30}$")]
# OCPP 2.0.1 BasicAuthPassword: 16 to 40 characters; a 1.6 AuthorizationKey is 40 hexadecimal digits.
Secret = Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{16,40}$")]
# SubjectPublicKeyInfo, as PEM or as hexadecimal DER, or a bare hexadecimal curve point, as meters print it.
PublicKey = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True,
        max_length=4_096,
        pattern=r"^(([0-9A-Fa-f]{2}){32,}|-----BEGIN PUBLIC KEY-----[A-Za-z0-9+/=\s]+-----END PUBLIC KEY-----)$",
    ),
]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=255)]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
Latitude = Annotated[str, StringConstraints(pattern=r"^-?[0-9]{1,2}\.[0-9]{5,7}$")]
Longitude = Annotated[str, StringConstraints(pattern=r"^-?[0-9]{1,3}\.[0-9]{5,7}$")]
RegisterWh = Annotated[int, Field(ge=0, lt=10**12)]
ConnectorStandard = Literal[
    "CHADEMO",
    "DOMESTIC_E",
    "DOMESTIC_F",
    "DOMESTIC_G",
    "IEC_62196_T1",
    "IEC_62196_T1_COMBO",
    "IEC_62196_T2",
    "IEC_62196_T2_COMBO",
    "IEC_62196_T3A",
    "IEC_62196_T3C",
    "TESLA_R",
    "TESLA_S",
]


class Body(BaseModel):
    """An unknown field is a mistake of the caller, and said so."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class PartyBody(Body):
    """A party of the platform."""

    party_id: PartyId
    legal_name: Text
    legal_entity_id: Text
    country: Country
    vat_number: Text | None = None
    roles: Annotated[tuple[Annotated[PartyRole, AfterValidator(_not_unknown)], ...], Field(min_length=1, max_length=4)]
    tenant: Tenant | None = None
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]


class GrantBody(Body):
    """A scope that the tenant opens to the party in the path."""

    scope: Annotated[GrantScope, AfterValidator(_not_unknown)]
    scope_id: Text


class SiteBody(Body):
    """A site and its grid connection."""

    site_id: AssetId
    cpo_party_id: PartyId
    name: Text
    address: Text
    city: Text
    postal_code: Text
    country: Country
    latitude: Latitude
    longitude: Longitude
    time_zone: Annotated[str, AfterValidator(_known_zone)]
    feeder_id: AssetId
    connection_id: AssetId
    dso_party_id: PartyId | None = None
    grid_limit_w: Annotated[int, Field(gt=0)] | None = None


class ConnectorBody(Body):
    """A connector of an EVSE; OCPI's words."""

    connector_number: Annotated[int, Field(ge=1, le=99)]
    standard: ConnectorStandard
    max_power_w: Annotated[int, Field(gt=0, le=10_000_000)]
    max_voltage_v: Annotated[int, Field(gt=0, le=2_000)]
    max_amperage_a: Annotated[int, Field(gt=0, le=5_000)]
    dc: bool


class EvseBody(Body):
    """One charging place."""

    evse_number: Annotated[int, Field(ge=1, le=999)]
    evse_id: EvseId
    connectors: Annotated[tuple[ConnectorBody, ...], Field(min_length=1, max_length=8)]


class StationBody(Body):
    """A station; `secret` only when it moves here from another system and keeps its own."""

    station_id: StationId
    site_id: AssetId
    cpo_party_id: PartyId
    vendor: Text
    model: Text
    serial_number: Text | None = None
    evses: Annotated[tuple[EvseBody, ...], Field(min_length=1, max_length=64)]
    secret: Secret | None = None


class CredentialBody(Body):
    """The next credential; without `secret` one is made. The security profile is raised and never lowered."""

    secret: Secret | None = None
    security_profile: Annotated[int, Field(ge=1, le=3)] | None = None


class RetirementBody(Body):
    """Why the station leaves."""

    reason: Text


class OwnershipBody(Body):
    """Who owns what stands on these sites, and his share of the CPO's net revenue."""

    contract_id: AssetId
    cpo_party_id: PartyId
    owner_party_id: PartyId
    site_ids: Annotated[tuple[AssetId, ...], Field(min_length=1, max_length=500)]
    share_permille: Annotated[int, Field(ge=0, le=1000)]
    valid_from: AwareDatetime


class CommercialBody(Body):
    """How a CPO and a service provider trade."""

    contract_id: AssetId
    cpo_party_id: PartyId
    emsp_party_id: PartyId
    model: Annotated[CommercialModel, AfterValidator(_not_unknown)]
    valid_from: AwareDatetime


class ComponentBody(Body):
    """A part of a station; calibration, key and the form of what it signs are a meter's."""

    kind: Annotated[ComponentKind, AfterValidator(_not_unknown)]
    serial_number: Text
    vendor: Text | None = None
    model: Text | None = None
    owner_party_id: PartyId | None = None
    warranty_ends_at: AwareDatetime | None = None
    calibration_ends_at: AwareDatetime | None = None
    public_key: PublicKey | None = None
    signature_format: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:-]{1,50}$")] | None = None


class FittingBody(Body):
    """A component put into its place; EVSE 0 is the station, connector 0 the whole EVSE."""

    component: ComponentBody
    evse_number: Annotated[int, Field(ge=0, le=999)] = 0
    connector_number: Annotated[int, Field(ge=0, le=99)] = 0
    fitted_at: AwareDatetime
    register_wh: RegisterWh | None = None
    export_register_wh: RegisterWh | None = None


class RemovalBody(Body):
    """A component taken out."""

    fitting_number: Annotated[int, Field(ge=1)]
    removed_at: AwareDatetime
    reason: Text
    register_wh: RegisterWh | None = None
    export_register_wh: RegisterWh | None = None


class SwapBody(Body):
    """A component put in the place of another, at once; the registers of both as the technician read them."""

    fitting_number: Annotated[int, Field(ge=1)]
    component: ComponentBody
    swapped_at: AwareDatetime
    reason: Text
    removed_register_wh: RegisterWh | None = None
    removed_export_register_wh: RegisterWh | None = None
    register_wh: RegisterWh | None = None
    export_register_wh: RegisterWh | None = None
