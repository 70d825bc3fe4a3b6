"""What 1.6 has no words of its own for: certificates of vehicles, in envelopes to the station and back."""

from typing import Any

import orjson
import pytest

from charger_gateway.adapters.ocpp.commands import Outcome, outcome_of
from charger_gateway.adapters.ocpp.frames import CallResult
from charger_gateway.domain.actions import StationAction, requested
from ev_contracts.gateway import CertificateHash, InstalledCertificate, StationResponse

from .test_commands import Glass, example, only, said  # noqa: TID252 - tests are no package of the installation

VENDOR = "org.openchargealliance.iso15118pnc"
HASH = {"hashAlgorithm": "SHA256", "issuerNameHash": "9f2c", "issuerKeyHash": "51ab", "serialNumber": "1a2b"}
KNOWN = CertificateHash(hash_algorithm="SHA256", issuer_name_hash="9f2c", issuer_key_hash="51ab", serial_number="1a2b")
DELIVERY = example("DeliverSignedCertificate", certificate_chain="PEM", certificate_type="V2GCertificate")


def answered(command: StationAction, *answers: Any) -> Outcome:
    calls = said("1.6", command)
    assert isinstance(calls, tuple)
    pairs = [(call, CallResult(message_id="m", payload=one)) for call, one in zip(calls, answers, strict=True)]
    return outcome_of(requested(command), pairs, version="1.6", sealing=Glass())


def envelope(**inner: Any) -> dict[str, Any]:
    return {"status": "Accepted", "data": orjson.dumps(inner).decode()}


@pytest.mark.parametrize(
    ("command", "action", "payload"),
    [
        (DELIVERY, "CertificateSigned", {"certificateChain": "PEM", "certificateType": "V2GCertificate"}),
        (
            example("InstallCertificate", certificate="PEM", certificate_type="MORootCertificate"),
            "InstallCertificate",
            {"certificate": "PEM", "certificateType": "MORootCertificate"},
        ),
        (
            example("DeleteCertificate", certificate_type="MORootCertificate"),
            "DeleteCertificate",
            {"certificateHashData": HASH},
        ),
        (
            example("GetInstalledCertificateIds", certificate_types=("V2GRootCertificate", "V2GCertificateChain")),
            "GetInstalledCertificateIds",
            {"certificateType": ["V2GRootCertificate", "V2GCertificateChain"]},
        ),
        (
            example("TriggerStationMessage", message="SignV2GCertificate", evse_number=None),
            "TriggerMessage",
            {"requestedMessage": "SignV2GCertificate"},
        ),
    ],
)
def test_certificates_of_vehicles_go_in_an_envelope(command: StationAction, action: str, payload: Any) -> None:
    name, call = only("1.6", command)
    assert (name, call["vendorId"], call["messageId"]) == ("DataTransfer", VENDOR, action)
    assert orjson.loads(call["data"]) == payload


def test_the_stations_own_certificate_does_not() -> None:
    own = DELIVERY.model_copy(update={"certificate_type": "ChargingStationCertificate"})
    assert only("1.6", own) == ("CertificateSigned", {"certificateChain": "PEM"})


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (envelope(status="Accepted"), ("succeeded", "Accepted")),
        (envelope(status="Rejected"), ("refused", "Rejected")),
        (envelope(state="Fine"), ("refused", "unreadable-data")),
        ({"status": "Accepted", "data": "{"}, ("refused", "unreadable-data")),
        ({"status": "Accepted"}, ("refused", "unreadable-data")),
        ({"status": "UnknownVendorId"}, ("refused", "UnknownVendorId")),
    ],
)
def test_what_stands_in_the_envelope_is_the_outcome(answer: Any, expected: tuple[str, str]) -> None:
    found = answered(DELIVERY, answer)
    assert (found.outcome, found.answer) == expected


def test_roots_of_vehicles_and_others_are_asked_for_apart_and_told_together() -> None:
    command = example("GetInstalledCertificateIds", certificate_types=("CSMSRootCertificate", "V2GRootCertificate"))
    calls = said("1.6", command)
    assert isinstance(calls, tuple)
    assert [call.action for call in calls] == ["GetInstalledCertificateIds", "DataTransfer"]
    chain = {"certificateType": "V2GRootCertificate", "certificateHashData": HASH}
    found = answered(
        command,
        {"status": "Accepted", "certificateHashData": [HASH]},
        envelope(status="Accepted", certificateHashDataChain=[chain]),
    )
    assert found.response == StationResponse(
        certificates=tuple(
            InstalledCertificate(certificate_type=kind, certificate=KNOWN)
            for kind in ("CSMSRootCertificate", "V2GRootCertificate")
        )
    )
    none = answered(command, {"status": "NotFound"}, envelope(status="NotFound"))
    assert (none.outcome, none.answer) == ("succeeded", "NotFound")


def test_a_transfer_of_the_operators_own_stays_in_its_envelope() -> None:
    own = example("TransferData", vendor_id=VENDOR, message_id="CertificateSigned")
    found = answered(own, envelope(status="Rejected"))
    assert (found.outcome, found.answer) == ("succeeded", "Accepted")
    assert found.response is not None
