"""Firmware, logs, security, certificates, reservations: each message is its own fact, in every version that has it."""

from typing import Any

import pytest

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
from ev_contracts.record import Record

from .saying import AT, NOON, SAID, facts, interpreter, say  # noqa: TID252 - tests are no package of the installation

V2 = ("2.0.1", "2.1")
REASON = {"statusInfo": {"reasonCode": "NoSpace"}}
TAMPER = {"type": "TamperDetectionActivated", "timestamp": AT, "techInfo": "cover"}
TAMPERED = SecurityEventReported(**SAID, event_type="TamperDetectionActivated", detail="cover", occurred_at=NOON)
ROOT = {"hashAlgorithm": "SHA256", "issuerNameHash": "a1", "issuerKeyHash": "b2", "serialNumber": "c3"}


@pytest.mark.parametrize(
    ("version", "action", "payload", "fact"),
    [
        (
            "1.6",
            "DiagnosticsStatusNotification",
            {"status": "UploadFailed"},
            DiagnosticsStatusChanged(**SAID, status="UploadFailed"),
        ),
        (
            "1.6",
            "FirmwareStatusNotification",
            {"status": "Installed"},
            FirmwareStatusChanged(**SAID, status="Installed", signed=False),
        ),
        (
            "1.6",
            "SignedFirmwareStatusNotification",
            {"status": "InvalidSignature", "requestId": 7},
            FirmwareStatusChanged(**SAID, status="InvalidSignature", request_id=7, signed=True),
        ),
        *[
            (
                version,
                "FirmwareStatusNotification",
                {"status": "SignatureVerified", "requestId": 7},
                FirmwareStatusChanged(**SAID, status="SignatureVerified", request_id=7, signed=True),
            )
            for version in V2
        ],
        (
            "2.1",
            "FirmwareStatusNotification",
            {"status": "InstallationFailed", "requestId": 7} | REASON,
            FirmwareStatusChanged(
                **SAID, status="InstallationFailed", request_id=7, signed=True, reason_code="NoSpace"
            ),
        ),
        *[
            (
                version,
                "LogStatusNotification",
                {"status": "Uploaded", "requestId": 8},
                LogStatusChanged(**SAID, status="Uploaded", request_id=8),
            )
            for version in ("1.6", *V2)
        ],
        *[(version, "SecurityEventNotification", TAMPER, TAMPERED) for version in ("1.6", *V2)],
        *[
            (
                version,
                "PublishFirmwareStatusNotification",
                {"status": "Published", "location": ["ftp://10.0.0.2/fw.bin"], "requestId": 9},
                FirmwarePublicationChanged(
                    **SAID, status="Published", request_id=9, locations=("ftp://10.0.0.2/fw.bin",)
                ),
            )
            for version in V2
        ],
        *[
            (
                version,
                "ReservationStatusUpdate",
                {"reservationId": 5, "reservationUpdateStatus": "Expired"},
                ReservationEndedAtStation(**SAID, reservation_id=5, cause="Expired"),
            )
            for version in V2
        ],
    ],
)
def test_a_message_is_its_own_fact(version: str, action: str, payload: Any, fact: Record) -> None:
    assert facts(version, action, payload) == [fact]


class Signs:
    """Authorities of which only the signing counts here."""

    def signs(self, _certificate_type: str | None, _csr: str, *, station_id: str) -> bool:  # noqa: ARG002
        return True


@pytest.mark.parametrize("version", ["1.6", *V2])
def test_without_anybody_who_signs_a_request_is_rejected_and_kept(version: str) -> None:
    said = say(version, "SignCertificate", {"csr": "PEM"})
    assert said.answer == {"status": "Rejected"}
    assert said.facts[0].record == CertificateSigningRequested(**SAID, csr="PEM", accepted=False, by_certificate=False)


def test_with_somebody_who_signs_it_is_accepted_and_its_request_is_known() -> None:
    payload = {"csr": "PEM", "certificateType": "V2GCertificate", "requestId": 3, "hashRootCertificate": ROOT}
    said = say("2.1", "SignCertificate", payload, by=interpreter(authorities=Signs()))
    assert said.answer == {"status": "Accepted"}
    assert said.facts[0].record == CertificateSigningRequested(
        **SAID,
        csr="PEM",
        by_certificate=False,
        certificate_type="V2GCertificate",
        request_id=3,
        root=CertificateHash(hash_algorithm="SHA256", issuer_name_hash="a1", issuer_key_hash="b2", serial_number="c3"),
        accepted=True,
    )
