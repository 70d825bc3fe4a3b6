"""What partners send us, parsed once; unknown fields are let through, as OCPI demands."""

from typing import Annotated, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

T = TypeVar("T")

Url = Annotated[str, StringConstraints(min_length=1, max_length=255)]
Token = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[\x21-\x7e]+$")]


class _Object(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class CredentialsRole(_Object):
    """One party that the platform speaks for."""

    role: str
    party_id: Annotated[str, StringConstraints(min_length=3, max_length=3)]
    country_code: Annotated[str, StringConstraints(min_length=2, max_length=2)]


class Credentials(_Object):
    """The credentials object of 2.2.1."""

    token: Token
    url: Url
    roles: Annotated[list[CredentialsRole], Field(min_length=1)]

    def speaks_for(self, party_id: str) -> bool:
        """Whether the party (`NL-EMO`) is among the roles as an EMSP or a hub."""
        return any(
            f"{each.country_code}-{each.party_id}".upper() == party_id.upper() and each.role.upper() in {"EMSP", "HUB"}
            for each in self.roles
        )


class Version(_Object):
    """One version the platform speaks."""

    version: str
    url: Url


class Endpoint(_Object):
    """One module of a version."""

    identifier: str
    role: str
    url: Url


class VersionDetails(_Object):
    """The modules of a version."""

    version: str
    endpoints: list[Endpoint]


class Envelope(_Object, Generic[T]):
    """OCPI's envelope around what was asked for; `data` may be absent on errors."""

    data: T | None = None
    status_code: int
    status_message: str | None = None


def first_fault(error: ValidationError) -> str:
    """Where and what, for the partner's eyes; never the value, which may be a token."""
    fault = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in fault["loc"]) or "body"
    return f"{where}: {fault['msg']}"
