"""The Authorities of an installation that has none but, perhaps, a station CA: every other question has no answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from charger_gateway.domain.certificates import ChainStatus, ContractCertificate


# ruff: noqa: ARG002 - keeps the port's signatures
@dataclass(frozen=True, slots=True, kw_only=True)
class NoAuthorities:
    """See Authorities."""

    signs: bool = False

    async def contract_certificate(self, request: Mapping[str, Any]) -> ContractCertificate | None:
        """See Authorities."""
        return None

    async def certificate_status(self, request: Mapping[str, Any]) -> str | None:
        """See Authorities."""
        return None

    async def chain_status(self, requests: Sequence[Mapping[str, Any]]) -> Sequence[ChainStatus] | None:
        """See Authorities."""
        return None

    async def contract_status(self, request: Mapping[str, Any]) -> str | None:
        """See Authorities."""
        return None

    async def company(self, vat_number: str) -> Mapping[str, Any] | None:
        """See Authorities."""
        return None
