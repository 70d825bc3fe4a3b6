"""Rows on certificates of others (OCPP 2.0.1 part 2, block M)."""

from base64 import b64decode

from cryptography.x509 import ocsp

from conformance.cases import SHALL
from conformance.pem import HASH
from conformance.station import ACCEPTED, Payload
from conformance.v201.charger import Charger


@SHALL.case("M04.FR.07", "A certificate is deleted by the hash algorithm that the station reported it with.")
async def same_algorithm(charger: Charger) -> None:
    told = {**HASH, "hashAlgorithm": "SHA384", "issuerNameHash": "a1" * 48, "issuerKeyHash": "b2" * 48}
    chain = [{"certificateType": "V2GRootCertificate", "certificateHashData": told}]
    found = {"status": "Accepted", "certificateHashDataChain": chain}
    _, said = await charger.obeys("get-installed-certificate-ids", {}, "GetInstalledCertificateIds", found)
    (reported,) = said["response"]["certificates"]
    sent, _ = await charger.obeys("delete-certificate", {"certificate": reported["certificate"]}, "DeleteCertificate")
    assert sent["certificateHashData"] == told


async def _asks(charger: Charger) -> Payload:
    operator = charger.stand.operator
    answer: Payload = await charger.says(
        "GetCertificateStatus", {"ocspRequestData": operator.hash_of(operator.between, operator.root)}
    )
    return answer


@SHALL.case("M06.FR.01", "A question about a certificate's status is answered.")
async def answered(charger: Charger) -> None:
    assert (await _asks(charger))["status"] in {"Accepted", "Failed"}


@SHALL.case("M06.FR.02", "A status that was fetched is Accepted.")
async def fetched(charger: Charger) -> None:
    assert (await _asks(charger))["status"] == ACCEPTED["status"]


@SHALL.case("M06.FR.03", "A status that was fetched stands in the answer.")
async def told(charger: Charger) -> None:
    operator = charger.stand.operator
    contract = operator.contract("NLEMOC00000009")
    operator.revoked.add(contract.certificate.serial_number)
    question = operator.hash_of(contract, operator.between)
    answer = await charger.says("GetCertificateStatus", {"ocspRequestData": question})
    said = ocsp.load_der_ocsp_response(b64decode(answer["ocspResult"]))
    assert said.certificate_status is ocsp.OCSPCertStatus.REVOKED


@SHALL.case("M06.FR.04", "A status that could not be fetched is Failed.")
async def not_fetched(charger: Charger) -> None:
    operator = charger.stand.operator
    question = operator.hash_of(operator.contract("NLEMOC00000008"), operator.between)
    operator.how = "broken"
    try:
        answer = await charger.says("GetCertificateStatus", {"ocspRequestData": question})
    finally:
        operator.how = "honest"
    assert answer["status"] == "Failed"
    assert "ocspResult" not in answer


@SHALL.case("M06.FR.08", "A status is an OCSP response in DER.")
async def der(charger: Charger) -> None:
    said = ocsp.load_der_ocsp_response(b64decode((await _asks(charger))["ocspResult"], validate=True))
    assert said.response_status is ocsp.OCSPResponseStatus.SUCCESSFUL
