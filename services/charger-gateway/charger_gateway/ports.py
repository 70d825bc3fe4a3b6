"""What the gateway needs of the world, in its own words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from charger_gateway.domain.station import TokenVerdict


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownStation:
    """What is known of an identity: whose it is and how it proves itself. `secret_hmac` None: no credential in force."""

    station_id: str
    tenant: str
    secret_hmac: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StationShape:
    """What the registry says of a station; all of it absent while the registration is on its way."""

    cpo_party_id: str | None = None
    connectors: Sequence[tuple[int, int]] = ()


class Directory(Protocol):
    """Local state of what a station waits for: it answers at once, also while the rest of the platform is down."""

    def station(self, station_id: str) -> KnownStation | None:
        """The identity; None where nobody registered it."""
        ...

    def shape(self, tenant: str, station_id: str) -> StationShape:
        """EVSEs, connectors and operator."""
        ...

    def judge(self, uid_hmac: str, *, cpo_party_id: str | None, at: datetime) -> TokenVerdict:
        """What a station of this operator is told of a token."""
        ...
