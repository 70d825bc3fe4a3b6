"""Judges vehicles' contract certificates (ISO 15118): their chain, whose they are, and whether they are revoked."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Literal

from cryptography import x509
from cryptography.x509.oid import NameOID

from charger_gateway.adapters.trust.chains import Fault, Path, may_sign, path_of
from charger_gateway.adapters.trust.ocsp import Question
from charger_gateway.adapters.trust.responders import Responders
from charger_gateway.adapters.trust.roots import Roots
from charger_gateway.domain.certificates import ContractJudged
from charger_gateway.domain.notices import certificate_hash
from chassis.clock import Clock
from ev_contracts.gateway import OcspEvidence

_STATUS = {
    Fault.EXPIRED: "CertificateExpired",
    Fault.NOT_YET: "CertChainError",
    Fault.SIGNATURE: "SignatureError",
    Fault.ROOT: "CertChainError",
}
_CHECK_DIGIT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Contracts:
    """By the roots of mobility operators and V2G that the operator trusts, and by OCSP."""

    roots: Roots
    responders: Responders
    clock: Clock
    policy: Literal["required", "soft"]
    """What becomes of a certificate of which no responder says anything: `soft` lets it pass."""

    async def judge(self, request: Mapping[str, Any]) -> ContractJudged:
        """By an Authorize request of OCPP; raises nothing."""
        if "certificate" not in request:
            # The station has the chain and checked it (C07): what is left is whether it was revoked since.
            asked = request["iso15118CertificateHashData"]
            return await self._unless_revoked([_question(one) for one in asked], by_chain=False)
        path = self._path(request["certificate"])
        if isinstance(path, ContractJudged):
            return path
        if not _is_of(path[0], request["idToken"]["idToken"]):
            return self._refused("NoCertificateAvailable", "another-contract")
        return await self._unless_revoked([Question.about(*pair) for pair in pairwise(path)], by_chain=True)

    def _path(self, pem: str) -> Path | ContractJudged:
        try:
            leaf, *others = x509.load_pem_x509_certificates(pem.encode())
        except ValueError:
            return self._refused("CertChainError", "unreadable")
        path = path_of(leaf, others, self.roots.trusted(), self.clock.now())
        if isinstance(path, Fault):
            return self._refused(_STATUS[path], path.value)
        if len(path) == 1 or may_sign(leaf, 0):
            return self._refused("CertChainError", "not-a-contract")
        return path

    def _refused(self, status: str, why: str) -> ContractJudged:
        return ContractJudged(status=status, why=why, by_chain=True, policy=self.policy)

    async def _unless_revoked(self, questions: Sequence[Question | OcspEvidence], *, by_chain: bool) -> ContractJudged:
        evidence = await asyncio.gather(*(self._evidence(one) for one in questions))
        outcomes = {one.outcome for one in evidence}
        judged = ContractJudged(status="Accepted", by_chain=by_chain, policy=self.policy, evidence=tuple(evidence))
        if "revoked" in outcomes:
            return replace(judged, status="CertificateRevoked", why="revoked")
        if outcomes == {"good"} or self.policy == "soft":
            return judged
        return replace(judged, status="NoCertificateAvailable", why="revocation-unknown")

    async def _evidence(self, question: Question | OcspEvidence) -> OcspEvidence:
        return question if isinstance(question, OcspEvidence) else await self.responders.ask(question)


def _question(asked: Mapping[str, Any]) -> Question | OcspEvidence:
    return question_of(asked, asked["responderURL"])


def question_of(asked: Mapping[str, Any], responder_url: str | None) -> Question | OcspEvidence:
    """The question that OCPP's hash data put; evidence that there is none where they are no hashes."""
    certificate = certificate_hash(asked)
    question = Question.read(certificate, responder_url)
    if question is not None:
        return question
    return OcspEvidence(certificate=certificate, responder_url=responder_url, outcome="not-a-question")


def _is_of(leaf: x509.Certificate, token: str) -> bool:
    """Whether the certificate's name is the token's eMAID; hyphens and the check digit are as one likes them."""
    names = [_plain(str(one.value)) for one in leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    if len(names) != 1:
        return False
    short, long = sorted((names[0], _plain(token)), key=len)
    return bool(short) and long.startswith(short) and len(long) - len(short) <= _CHECK_DIGIT


def _plain(emaid: str) -> str:
    return emaid.replace("-", "").upper()
