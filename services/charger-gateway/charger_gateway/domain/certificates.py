"""Certificates that vehicles and stations ask for: what is kept of the question, and what the station is told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from charger_gateway.domain.notices import certificate_hash
from charger_gateway.domain.station import Heard, Translated, noticed, told
from charger_gateway.domain.values import Payload, iso, maybe, whole
from ev_contracts.gateway import (
    CertificateChainStatusRequested,
    CertificateStatusRequested,
    ChainStatusQuestion,
    ContractCertificateRequested,
)

NOT_AVAILABLE: Mapping[str, str] = {"reasonCode": "NotAvailable"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractCertificate:
    """What a provisioning service gave: EXI in base64, to be passed on unread."""

    exi_response: str
    remaining_contracts: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainStatus:
    """Good, Revoked, Unknown or Failed, and until when it holds (ISO 8601)."""

    status: str
    next_update: str


def contract_certificate(payload: Payload, heard: Heard, found: ContractCertificate | None) -> Translated:
    """The service's answer goes to the vehicle as it is; without one the vehicle is told Failed (M01, M02)."""
    requested = ContractCertificateRequested(
        **noticed(heard),
        action=payload["action"],
        schema_version=payload["iso15118SchemaVersion"],
        exi_characters=len(payload["exiRequest"]),
        most_chains=maybe(whole, payload, "maximumContractCertificateChains"),
        granted=found is not None,
    )
    if found is None:
        return told(requested, answer={"status": "Failed", "exiResponse": "", "statusInfo": NOT_AVAILABLE})
    answer: dict[str, object] = {"status": "Accepted", "exiResponse": found.exi_response}
    if found.remaining_contracts is not None:
        answer["remainingContracts"] = found.remaining_contracts
    return told(requested, answer=answer)


def certificate_status(payload: Payload, heard: Heard, ocsp_result: str | None) -> Translated:
    """The responder's signed answer is passed on whole; a status of our own making would prove nothing (M06)."""
    asked = payload["ocspRequestData"]
    requested = CertificateStatusRequested(
        **noticed(heard),
        certificate=certificate_hash(asked),
        responder_url=asked["responderURL"],
        answered=ocsp_result is not None,
    )
    if ocsp_result is None:
        return told(requested, answer={"status": "Failed", "statusInfo": NOT_AVAILABLE})
    return told(requested, answer={"status": "Accepted", "ocspResult": ocsp_result})


def chain_status(payload: Payload, heard: Heard, found: Sequence[ChainStatus] | None) -> Translated:
    """One answer for each certificate, in the order of the questions; Failed for all where nobody answers."""
    asked = payload["certificateStatusRequests"]
    requested = CertificateChainStatusRequested(
        **noticed(heard),
        questions=tuple(
            ChainStatusQuestion(
                certificate=certificate_hash(one["certificateHashData"]), source=one["source"], urls=tuple(one["urls"])
            )
            for one in asked
        ),
        answered=found is not None,
    )
    failed = ChainStatus(status="Failed", next_update=iso(heard.received_at))
    statuses = [
        {
            "certificateHashData": one["certificateHashData"],
            "source": one["source"],
            "status": answer.status,
            "nextUpdate": answer.next_update,
        }
        for one, answer in zip(asked, found or [failed] * len(asked), strict=True)
    ]
    return told(requested, answer={"certificateStatus": statuses})
