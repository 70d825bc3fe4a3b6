"""What callers may send: parsed once, into values that cannot be wrong."""

from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from ev_contracts.accounts import ChargingPlaces

PartyId = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}-[A-Z0-9]{3}$")]
Reference = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{1,64}$")]
GroupId = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{1,20}$")]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=255)]


PlaceId = Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,48}$")]
MOST_PLACES = 200
"""Of a token or a group; who needs more names sites."""


class Body(BaseModel):
    """An unknown field is a mistake of the caller, and said so."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class DriverBody(Body):
    """A driver of a service provider; name and email go to the vault and nowhere else."""

    emsp_party_id: PartyId
    name: Text
    email: Annotated[
        str, StringConstraints(strip_whitespace=True, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", max_length=254)
    ]


class TokenBody(Body):
    """A token of a driver here, or of a partner's customer: then `emsp_party_id` says whose."""

    # OCPI CiString(36); OCPP 1.6 reads 20 characters of it, 2.x 36.
    uid: Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,36}$")]
    token_type: Literal["RFID", "APP_USER", "AD_HOC_USER", "OTHER"] = "RFID"  # noqa: S105 - a kind, no secret
    driver_ref: Reference | None = None
    emsp_party_id: PartyId | None = None
    valid_until: Annotated[AwareDatetime, Field(description="Absent: until it is blocked.")] | None = None
    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")] | None = None

    @model_validator(mode="after")
    def _belongs_to_somebody(self) -> Self:
        if (self.driver_ref is None) == (self.emsp_party_id is None):
            raise ValueError("either driver_ref or emsp_party_id")
        return self


class BlockBody(Body):
    """Why the token is blocked."""

    reason: Text


class LimitBody(Body):
    """How many sessions may run at once; null: any number."""

    sessions_at_once: Annotated[int, Field(ge=1, le=10_000)] | None


class PlacesBody(Body):
    """Where sessions may start: EVSEs of these sites and these EVSEs, of these kinds; with nothing named, anywhere."""

    site_ids: Annotated[tuple[PlaceId, ...], Field(max_length=MOST_PLACES)] = ()
    evse_ids: Annotated[tuple[PlaceId, ...], Field(max_length=MOST_PLACES)] = ()
    allows_ac: bool = True
    allows_dc: bool = True

    @model_validator(mode="after")
    def _allows_something(self) -> Self:
        if not (self.allows_ac or self.allows_dc):
            raise ValueError("either kind of current, or both")
        return self

    def places(self) -> ChargingPlaces | None:
        """As the books have it; None where nothing is restricted."""
        places = ChargingPlaces(**self.model_dump())
        return None if places == ChargingPlaces() else places


class MemberBody(Body):
    """The token that joins the group."""

    token_ref: Reference


class SubscriptionBody(Body):
    """By which plan a driver buys; from now on unless a later moment is told."""

    subscription_id: Reference
    plan_id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,35}$")]
    valid_from: AwareDatetime | None = None


class EndBody(Body):
    """From when on no session is of the plan; now unless a later moment is told."""

    subscription_id: Reference
    ends_at: AwareDatetime | None = None
