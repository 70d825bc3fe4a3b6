"""What roaming needs to know of others, in its own words."""

from typing import Protocol

from ev_contracts.roaming import PartnerSnapshot
from roaming.domain.cdr_json import CdrToken


class PartnerBook(Protocol):
    """Our partners as they stand."""

    def registered(self, *, tenant: str, our_party_id: str, party_id: str) -> PartnerSnapshot | None:
        """The tenant's partner whose handshake is done; None where there is none."""
        ...


class Facts(Protocol):
    """What the reactions look at beside the event."""

    @property
    def partners(self) -> PartnerBook:
        """Who gets CDRs and is told of sessions."""
        ...


class Pace(Protocol):
    """How often a partner is told of a session that runs."""

    @property
    def session_pause_s(self) -> int:
        """The least time between two states."""
        ...


class TokenVault(Protocol):
    """Where the uid behind a token reference is kept; every question is audited there."""

    async def token(self, token_ref: str) -> CdrToken:
        """What a CDR must say of the token. Raises TokenUnknownError, or the transport's error where nobody answers."""
        ...


class TokenUnknownError(LookupError):
    """The vault has no such token (any more)."""
