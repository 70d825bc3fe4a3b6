"""The Authorities that the settings name: responders, roots and a provisioning service."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from charger_gateway.adapters.signing import kind_of
from charger_gateway.adapters.trust.contracts import Contracts, question_of
from charger_gateway.adapters.trust.csr import may_be_signed
from charger_gateway.adapters.trust.ocsp import Question
from charger_gateway.adapters.trust.provisioning import Provisioning
from charger_gateway.adapters.trust.responders import Responders
from charger_gateway.domain.certificates import ContractCertificate, ContractJudged
from ev_contracts.gateway import OcspEvidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """See Authorities."""

    signed_kinds: frozenset[str] = frozenset()
    responders: Responders | None = None
    contracts: Contracts | None = None
    provisioning: Provisioning | None = None

    def signs(self, certificate_type: str | None, csr: str, *, station_id: str) -> bool:
        """See Authorities."""
        return kind_of(certificate_type) in self.signed_kinds and may_be_signed(csr, station_id)

    async def contract_certificate(self, request: Mapping[str, Any]) -> ContractCertificate | None:
        """See Authorities."""
        return None if self.provisioning is None else await self.provisioning.fetch(request)

    async def certificate_status(self, request: Mapping[str, Any]) -> OcspEvidence | None:
        """See Authorities."""
        if self.responders is None:
            return None
        return await _asked(self.responders, question_of(request, request["responderURL"]))

    async def chain_status(self, requests: Sequence[Mapping[str, Any]]) -> Sequence[OcspEvidence] | None:
        """See Authorities. A revocation list is not fetched: such a question has no responder."""
        responders = self.responders
        if responders is None:
            return None
        questions = [
            question_of(one["certificateHashData"], one["urls"][0] if one["source"] == "OCSP" else None)
            for one in requests
        ]
        return await asyncio.gather(*(_asked(responders, one) for one in questions))

    async def contract_status(self, request: Mapping[str, Any]) -> ContractJudged | None:
        """See Authorities."""
        return None if self.contracts is None else await self.contracts.judge(request)

    async def company(self, vat_number: str) -> Mapping[str, Any] | None:  # noqa: ARG002 - keeps the port's signature
        """See Authorities. There is no client of a register of VAT numbers."""
        return None

    async def close(self) -> None:
        """See Authorities."""
        for part in (self.responders, self.provisioning):
            if part is not None:
                await part.close()


async def _asked(responders: Responders, question: Question | OcspEvidence) -> OcspEvidence:
    return question if isinstance(question, OcspEvidence) else await responders.ask(question)
