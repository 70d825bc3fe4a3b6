"""The Authorities of an installation that has none: no question has an answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from charger_gateway.domain.certificates import ContractCertificate, ContractJudged
from ev_contracts.gateway import OcspEvidence


# ruff: noqa: ARG002 - keeps the port's signatures
@dataclass(frozen=True, slots=True, kw_only=True)
class NoAuthorities:
    """See Authorities."""

    def signs(self, certificate_type: str | None, csr: str, *, station_id: str) -> bool:
        """See Authorities."""
        return False

    async def contract_certificate(self, request: Mapping[str, Any]) -> ContractCertificate | None:
        """See Authorities."""
        return None

    async def certificate_status(self, request: Mapping[str, Any]) -> OcspEvidence | None:
        """See Authorities."""
        return None

    async def chain_status(self, requests: Sequence[Mapping[str, Any]]) -> Sequence[OcspEvidence] | None:
        """See Authorities."""
        return None

    async def contract_status(self, request: Mapping[str, Any]) -> ContractJudged | None:
        """See Authorities."""
        return None

    async def company(self, vat_number: str) -> Mapping[str, Any] | None:
        """See Authorities."""
        return None

    async def close(self) -> None:
        """See Authorities."""
