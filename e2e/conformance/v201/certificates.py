"""Block M: certificates that are installed, found, deleted, checked, and those of vehicles (OCPP 2.0.1)."""

from base64 import b64decode

from cryptography.x509 import ocsp

from conformance.cases import V201
from conformance.pem import HASH, ROOT
from conformance.station import Payload
from conformance.v201.asking import asked, status
from conformance.v201.charger import Charger

_ISO2 = "urn:iso:15118:2:2013:MsgDef"


def _installs(number: str, kind: str) -> None:
    wanted = {"certificateType": kind, "certificate": ROOT}
    asked(f"M_{number}", f"A {kind} is installed.", "InstallCertificate", wanted)


_installs("01", "CSMSRootCertificate")
_installs("02", "ManufacturerRootCertificate")
_installs("03", "V2GRootCertificate")
_installs("04", "MORootCertificate")
_BAD = {"certificateType": "CSMSRootCertificate", "certificate": ROOT}
asked(
    "M_05",
    "A certificate that cannot be stored.",
    "InstallCertificate",
    _BAD,
    answer=status("Failed"),
    outcome="refused",
)


def _finds(number: str, says: str, wanted: list[str], found: list[str] | None = None) -> None:
    chain = [{"certificateType": kind, "certificateHashData": HASH} for kind in found or wanted]
    payload: Payload = {"certificateType": wanted} if wanted else {}
    answer: Payload = {"status": "Accepted", "certificateHashDataChain": chain}
    asked(f"M_{number}", f"What is installed: {says}.", "GetInstalledCertificateIds", payload, answer=answer)


_finds("12", "the roots of the CSMS", ["CSMSRootCertificate"])
_finds("13", "the roots of the manufacturer", ["ManufacturerRootCertificate"])
_finds("14", "the V2G roots", ["V2GRootCertificate"])
_finds("15", "the V2G chain", ["V2GCertificateChain"])
_finds("16", "the roots of mobility operators", ["MORootCertificate"])
_finds("17", "two kinds", ["CSMSRootCertificate", "ManufacturerRootCertificate"])
_finds("18", "all kinds", [], ["CSMSRootCertificate", "V2GRootCertificate"])
asked(
    "M_19",
    "What is installed: nothing of the kind.",
    "GetInstalledCertificateIds",
    {"certificateType": ["MORootCertificate"]},
    answer=status("NotFound"),
)
_DELETED = {"certificateHashData": HASH}
asked("M_20", "A certificate is deleted by the hash that the station told.", "DeleteCertificate", _DELETED)
asked(
    "M_21",
    "A certificate that cannot be deleted.",
    "DeleteCertificate",
    _DELETED,
    answer=status("Failed"),
    outcome="refused",
)


@V201.case("TC_M_24_CSMS", "The state of a certificate is asked of its issuer and told.")
async def certificate_status(charger: Charger) -> None:
    operator = charger.stand.operator
    wanted = {"ocspRequestData": operator.hash_of(operator.between, operator.root)}
    answer = await charger.says("GetCertificateStatus", wanted)
    assert answer["status"] == "Accepted"
    told = ocsp.load_der_ocsp_response(b64decode(answer["ocspResult"]))
    assert told.serial_number == operator.between.certificate.serial_number
    assert told.certificate_status is ocsp.OCSPCertStatus.GOOD


async def _vehicle(charger: Charger, action: str) -> None:
    wanted = {"iso15118SchemaVersion": _ISO2, "action": action, "exiRequest": "gJgC"}
    answer = await charger.says("Get15118EVCertificate", wanted)
    assert answer["status"] == "Accepted"
    assert b64decode(answer["exiResponse"]).startswith(b"\x80\x98")
    assert charger.stand.pool.wishes[-1] == wanted


@V201.case("TC_M_26_CSMS", "A vehicle's contract certificate is fetched and told.")
async def vehicle_installs(charger: Charger) -> None:
    await _vehicle(charger, "Install")


@V201.case("TC_M_28_CSMS", "A vehicle's contract certificate is renewed and told.")
async def vehicle_updates(charger: Charger) -> None:
    await _vehicle(charger, "Update")
