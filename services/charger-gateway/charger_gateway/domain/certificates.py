"""Certificates that vehicles and stations ask for: what is kept of the question, and what the station is told."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from charger_gateway.domain.notices import certificate_hash
from charger_gateway.domain.station import STATION_EVENTS, Fact, Heard, TokenVerdict, Translated, noticed, told
from charger_gateway.domain.values import Payload, iso, maybe, whole
from ev_contracts.gateway import (
    CertificateChainStatusRequested,
    CertificateStatusRequested,
    ChainStatusQuestion,
    ContractCertificateJudged,
    ContractCertificateRequested,
    OcspEvidence,
)

NOT_AVAILABLE: Mapping[str, str] = {"reasonCode": "NotAvailable"}
_UNPROVEN = "NoCertificateAvailable"
_CANCELLED = frozenset({"Blocked", "Expired", "Invalid", "Unknown"})
"""Of a token whose contract is over (C07.FR.13); one that is good elsewhere or later is no such (C07.FR.14)."""
_TOKEN_WORDS = {"CertificateExpired": "Expired"}
_PROVEN = frozenset({"good", "revoked", "unknown"})
_COUNTS_CONTRACTS = "2.1"
_MOST_EXI = {"2.1": 17_000}
_MOST_EXI_BEFORE_21 = 5_600
"""Characters that an answer can carry."""
_MOST_OCSP = 5_500
"""Characters of an OCSP answer in base64 that 2.0.1 can carry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractCertificate:
    """What a provisioning service gave: EXI in base64, to be passed on unread."""

    exi_response: str
    remaining_contracts: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractJudged:
    """What a contract certificate is worth, in OCPP's words (certificateStatus), why, and by which evidence."""

    status: str
    by_chain: bool
    why: str | None = None
    policy: str | None = None
    evidence: tuple[OcspEvidence, ...] = ()


def with_contract(answered: Translated, judged: ContractJudged | None, heard: Heard, *, uid_hmac: str) -> Translated:
    """An Authorize and its certificate's verdict, which is kept; where nobody judges, nobody vouches for it (C07)."""
    if judged is None:
        return replace(answered, answer={**answered.answer, "certificateStatus": _UNPROVEN})
    if judged.status == "Accepted" and answered.answer["idTokenInfo"]["status"] in _CANCELLED:
        judged = replace(judged, status="ContractCancelled", why="token-not-accepted")
    answer = {**answered.answer, "certificateStatus": judged.status}
    kept = ContractCertificateJudged(
        **noticed(heard),
        uid_hmac=uid_hmac,
        status=judged.status,
        why=judged.why,
        by_chain=judged.by_chain,
        policy=judged.policy,
        evidence=judged.evidence,
    )
    return replace(answered, answer=answer, facts=(*answered.facts, Fact(topic=STATION_EVENTS, record=kept)))


def limited_by(verdict: TokenVerdict, judged: ContractJudged | None) -> TokenVerdict:
    """A token is worth no more than the certificate that was shown for it."""
    if judged is None or judged.status == "Accepted" or not verdict.accepted:
        return verdict
    return replace(verdict, status=_TOKEN_WORDS.get(judged.status, "Invalid"))


def contract_certificate(payload: Payload, heard: Heard, found: ContractCertificate | None) -> Translated:
    """The service's answer goes to the vehicle as it is; without one the vehicle is told Failed (M01, M02)."""
    granted = found is not None and len(found.exi_response) <= _MOST_EXI.get(heard.version, _MOST_EXI_BEFORE_21)
    requested = ContractCertificateRequested(
        **noticed(heard),
        action=payload["action"],
        schema_version=payload["iso15118SchemaVersion"],
        exi_characters=len(payload["exiRequest"]),
        most_chains=maybe(whole, payload, "maximumContractCertificateChains"),
        granted=granted,
    )
    if found is None or not granted:
        reason = NOT_AVAILABLE if found is None else {"reasonCode": "TooLarge"}
        return told(requested, answer={"status": "Failed", "exiResponse": "", "statusInfo": reason})
    answer: dict[str, object] = {"status": "Accepted", "exiResponse": found.exi_response}
    if found.remaining_contracts is not None and heard.version == _COUNTS_CONTRACTS:
        answer["remainingContracts"] = found.remaining_contracts
    return told(requested, answer=answer)


def certificate_status(payload: Payload, heard: Heard, found: OcspEvidence | None) -> Translated:
    """The responder's signed answer is passed on whole; a status of our own making would prove nothing (M06)."""
    asked = payload["ocspRequestData"]
    result = None if found is None else _passed_on(found)
    requested = CertificateStatusRequested(
        **noticed(heard),
        certificate=certificate_hash(asked),
        responder_url=asked["responderURL"],
        answered=result is not None,
        evidence=() if found is None else (found,),
    )
    if result is None:
        return told(requested, answer={"status": "Failed", "statusInfo": _reason(found)})
    return told(requested, answer={"status": "Accepted", "ocspResult": result})


def _passed_on(found: OcspEvidence) -> str | None:
    if found.outcome not in _PROVEN or found.answer is None:
        return None
    encoded = b64encode(found.answer).decode()
    return encoded if len(encoded) <= _MOST_OCSP else None


_REASONS = {
    "good": "TooLarge",
    "revoked": "TooLarge",
    "unknown": "TooLarge",
    "not-agreed": "NotAgreed",
    "not-a-question": "InvalidHash",
    "unreachable": "Unreachable",
    "no-issuer": "UnknownIssuer",
}


def _reason(found: OcspEvidence | None) -> Mapping[str, str]:
    return NOT_AVAILABLE if found is None else {"reasonCode": _REASONS.get(found.outcome, "NotProven")}


_CHAIN_WORDS = {"good": "Good", "revoked": "Revoked", "unknown": "Unknown"}


def chain_status(payload: Payload, heard: Heard, found: Sequence[OcspEvidence] | None) -> Translated:
    """One answer for each certificate, in the order of the questions; Failed where nobody answers."""
    asked = payload["certificateStatusRequests"]
    evidence = tuple(found or ())
    requested = CertificateChainStatusRequested(
        **noticed(heard),
        questions=tuple(
            ChainStatusQuestion(
                certificate=certificate_hash(one["certificateHashData"]), source=one["source"], urls=tuple(one["urls"])
            )
            for one in asked
        ),
        answered=any(one.outcome in _PROVEN for one in evidence),
        evidence=evidence,
    )
    statuses = [
        {
            "certificateHashData": one["certificateHashData"],
            "source": one["source"],
            "status": "Failed" if answer is None else _CHAIN_WORDS.get(answer.outcome, "Failed"),
            "nextUpdate": iso((answer.next_update_at if answer is not None else None) or heard.received_at),
        }
        for one, answer in zip(asked, evidence or [None] * len(asked), strict=True)
    ]
    return told(requested, answer={"certificateStatus": statuses})
