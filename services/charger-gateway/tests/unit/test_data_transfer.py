"""DataTransfer: registered vendors are understood, all others refused politely; Plug & Charge of 1.6 is registered."""

from typing import Any

import orjson
import pytest

from ev_contracts.gateway import CertificateSigningRequested, ContractCertificateRequested

from .saying import SAID, say  # noqa: TID252 - tests are no package of the installation

PNC = "org.openchargealliance.iso15118pnc"
HASHES = [
    {
        "hashAlgorithm": "SHA256",
        "issuerNameHash": "a1",
        "issuerKeyHash": "b2",
        "serialNumber": "c3",
        "responderURL": "http://ocsp.example/",
    }
]
INSTALL = {"iso15118SchemaVersion": "urn:iso:15118:2:2013:MsgDef", "action": "Install", "exiRequest": "gJgA"}


def plug_and_charge(action: str, request: Any) -> dict[str, Any]:
    return {"vendorId": PNC, "messageId": action, "data": orjson.dumps(request).decode()}


@pytest.mark.parametrize(
    ("payload", "status"),
    [
        ({"vendorId": "acme"}, "UnknownVendorId"),
        ({"vendorId": PNC}, "UnknownMessageId"),
        ({"vendorId": PNC, "messageId": "Dance", "data": "{}"}, "UnknownMessageId"),
        ({"vendorId": PNC, "messageId": "SignCertificate"}, "Rejected"),
        ({"vendorId": PNC, "messageId": "SignCertificate", "data": "{"}, "Rejected"),
        ({"vendorId": PNC, "messageId": "SignCertificate", "data": "{}"}, "Rejected"),
        ({"vendorId": PNC, "messageId": "Authorize", "data": "[]"}, "Rejected"),
    ],
)
def test_what_is_not_understood_is_refused_and_makes_nothing_true(payload: Any, status: str) -> None:
    said = say("1.6", "DataTransfer", payload)
    assert (said.answer, said.facts) == ({"status": status}, ())


@pytest.mark.parametrize("version", ["2.0.1", "2.1"])
def test_2_x_has_messages_of_its_own_for_what_1_6_wraps(version: str) -> None:
    assert say(version, "DataTransfer", {"vendorId": PNC}).answer == {"status": "UnknownVendorId"}


@pytest.mark.parametrize("token", ["CARD", {"idToken": "CARD", "type": "eMAID"}])
def test_a_contract_is_authorised_in_the_envelope(token: Any) -> None:
    said = say(
        "1.6", "DataTransfer", plug_and_charge("Authorize", {"idToken": token, "iso15118CertificateHashData": HASHES})
    )
    assert said.answer["status"] == "Accepted"
    assert orjson.loads(said.answer["data"]) == {
        "idTokenInfo": {"status": "Accepted"},
        "certificateStatus": "NoCertificateAvailable",
    }


def test_a_vehicles_certificate_is_asked_for_in_the_envelope() -> None:
    said = say("1.6", "DataTransfer", plug_and_charge("Get15118EVCertificate", INSTALL))
    assert orjson.loads(said.answer["data"])["status"] == "Failed"
    assert [fact.record for fact in said.facts] == [
        ContractCertificateRequested(
            **SAID,
            action="Install",
            schema_version="urn:iso:15118:2:2013:MsgDef",
            exi_characters=4,
            granted=False,
        )
    ]


def test_a_v2g_certificate_is_asked_for_in_the_envelope() -> None:
    request = {"csr": "PEM", "certificateType": "V2GCertificate"}
    said = say("1.6", "DataTransfer", plug_and_charge("SignCertificate", request))
    assert orjson.loads(said.answer["data"]) == {"status": "Rejected"}
    assert [fact.record for fact in said.facts] == [
        CertificateSigningRequested(
            **SAID,
            csr="PEM",
            certificate_type="V2GCertificate",
            accepted=False,
            by_certificate=False,
        )
    ]


def test_an_ocsp_question_is_asked_in_the_envelope() -> None:
    said = say("1.6", "DataTransfer", plug_and_charge("GetCertificateStatus", {"ocspRequestData": HASHES[0]}))
    assert orjson.loads(said.answer["data"])["status"] == "Failed"
