"""What the ledger needs to know of others, in its own words."""

from datetime import datetime
from typing import Protocol

from ev_contracts.common import Parties, Place, SignedValue
from ev_contracts.sessions import TargetSnapshot
from session_ledger.domain.signed import Verdict


class Facts(Protocol):
    """The word of registry and accounts as far as it is known here; None is "not known yet", never "there is none"."""

    def place(self, tenant: str, station_id: str, evse_number: int, connector_number: int) -> Place | None:
        """Where a connector stands."""

    def site_of(self, tenant: str, station_id: str) -> str | None:
        """On which site a station stands."""

    def parties(
        self, tenant: str, station_id: str, token_ref: str | None, token_status: str, at: datetime
    ) -> Parties | None:
        """Who stands behind a session that began at `at` with this token; an unknown token leaves the EMSP out."""

    def target(self, session_id: str) -> tuple[str, TargetSnapshot] | None:
        """A running session's targets, and the key of its station's aggregate; None where it has none."""

    def verdict(self, key: str, evse_number: int | None, at: datetime, signed: SignedValue) -> Verdict:
        """What a signed record of a station (by its key) comes to, with the key of the meter that was fitted then."""
