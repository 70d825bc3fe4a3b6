"""What accounts needs from outside, in its own words: the one place that knows who somebody is."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class DriverEntry:
    """A person behind a driver reference. Personal data: never logged, never in a record."""

    driver_ref: str
    tenant: str
    emsp_party_id: str
    name: str
    email: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenEntry:
    """The clear uid behind a token reference. Personal data: never logged, never in a record."""

    token_ref: str
    uid_hmac: str
    tenant: str
    emsp_party_id: str
    token_type: str
    driver_ref: str | None
    uid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """One line of the audit: who did or tried what, when, and how it ended."""

    at: datetime
    caller: str
    act: str
    subject: str
    outcome: str


class Vault(Protocol):
    """Keeps personal data under a key per subject; destroying that key erases the person."""

    async def keep_driver(self, entry: DriverEntry) -> bool:
        """True if new. What is kept under the reference already stays as it is."""
        ...

    async def keep_token(self, entry: TokenEntry) -> tuple[TokenEntry, bool]:
        """The entry kept under this uid's HMAC, and whether it is new: a uid has one reference for ever."""
        ...

    async def driver(self, driver_ref: str) -> DriverEntry | None:
        """The person, or None where nobody is kept (or no longer) under the reference."""
        ...

    async def token(self, token_ref: str) -> TokenEntry | None:
        """The uid, or None where none is kept (or no longer) under the reference."""
        ...

    async def forget(self, subject: str) -> None:
        """Destroy a driver with his key and tokens, or one token; forgetting twice is once."""
        ...

    async def note(self, access: Access) -> None:
        """Append to the audit; on disk when it returns."""
        ...
