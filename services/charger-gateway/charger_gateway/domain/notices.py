"""Firmware, logs, security and reservations: what stations of every version say in one plain message."""

from charger_gateway.domain.station import Heard, Translated, noticed, told
from charger_gateway.domain.values import Payload, instant, long, maybe
from ev_contracts.gateway import (
    CertificateHash,
    CertificateSigningRequested,
    DiagnosticsStatusChanged,
    FirmwarePublicationChanged,
    FirmwareStatusChanged,
    LogStatusChanged,
    ReservationEndedAtStation,
    SecurityEventReported,
)


def firmware_status(payload: Payload, heard: Heard, *, signed: bool) -> Translated:
    """2.x knows the signed form only; 1.6 has a message of its own for it."""
    return told(
        FirmwareStatusChanged(
            **noticed(heard),
            status=payload["status"],
            request_id=maybe(long, payload, "requestId"),
            signed=signed,
            reason_code=_reason_code(payload),
        )
    )


def diagnostics_status(payload: Payload, heard: Heard) -> Translated:
    """1.6 only; 2.x tells logs of every kind in LogStatusNotification."""
    return told(DiagnosticsStatusChanged(**noticed(heard), status=payload["status"]))


def log_status(payload: Payload, heard: Heard) -> Translated:
    """How the upload that GetLog asked for stands."""
    return told(
        LogStatusChanged(
            **noticed(heard),
            status=payload["status"],
            request_id=maybe(long, payload, "requestId"),
            reason_code=_reason_code(payload),
        )
    )


def firmware_publication(payload: Payload, heard: Heard) -> Translated:
    """A local controller's word."""
    return told(
        FirmwarePublicationChanged(
            **noticed(heard),
            status=payload["status"],
            request_id=maybe(long, payload, "requestId"),
            locations=tuple(payload.get("location", ())),
            reason_code=_reason_code(payload),
        )
    )


def security_event(payload: Payload, heard: Heard) -> Translated:
    """What it means is for others to say; here it is only kept."""
    return told(
        SecurityEventReported(
            **noticed(heard),
            event_type=payload["type"],
            detail=payload.get("techInfo"),
            occurred_at=instant(payload, "timestamp"),
        )
    )


def sign_certificate(payload: Payload, heard: Heard, *, signs: bool) -> Translated:
    """Accepted only where somebody signs: a station that is promised a certificate waits for it."""
    root = payload.get("hashRootCertificate")
    requested = CertificateSigningRequested(
        **noticed(heard),
        csr=payload["csr"],
        certificate_type=payload.get("certificateType"),
        request_id=maybe(long, payload, "requestId"),
        root=None if root is None else certificate_hash(root),
        accepted=signs,
        by_certificate=heard.certificate_name is not None,
    )
    return told(requested, answer={"status": "Accepted" if signs else "Rejected"})


def certificate_hash(payload: Payload) -> CertificateHash:
    """What names a certificate in OCSP's way."""
    return CertificateHash(
        hash_algorithm=payload["hashAlgorithm"],
        issuer_name_hash=payload["issuerNameHash"],
        issuer_key_hash=payload["issuerKeyHash"],
        serial_number=payload["serialNumber"],
    )


def reservation_status(payload: Payload, heard: Heard) -> Translated:
    """The station's clock ended it, or its operator did; whose it was the ledger knows."""
    return told(
        ReservationEndedAtStation(
            **noticed(heard),
            reservation_id=long(payload, "reservationId"),
            cause=payload["reservationUpdateStatus"],
        )
    )


def _reason_code(payload: Payload) -> str | None:
    reason: Payload = payload.get("statusInfo", {})
    return reason.get("reasonCode")
