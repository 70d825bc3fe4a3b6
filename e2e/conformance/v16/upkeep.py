"""Firmware, diagnostics, logs, certificates, passwords and TLS (OCPP 1.6 and its security whitepaper)."""

import pytest
from websockets.exceptions import InvalidStatus

from conformance.cases import V16
from conformance.pem import HASH, ROOT, signing_request
from conformance.profiles import (
    a_password_rotates,
    another_certificate_is_refused,
    comes_in_by,
    is_refused_by,
    the_gateway_proves_itself,
    the_registry_is_told,
    the_station_proves_itself,
)
from conformance.seeding import SECRET
from conformance.station import ACCEPTED, Payload, now
from conformance.v16.point import Point

_FIRMWARE: Payload = {"location": "https://files.example/fw.bin", "retrieveDate": "2026-11-26T12:00:00Z"}
_LOG: Payload = {"logType": "SecurityLog", "requestId": 79, "log": {"remoteLocation": "https://files.example/logs"}}


async def _firmware(point: Point, *statuses: str) -> None:
    await point.told("UpdateFirmware", _FIRMWARE, {})
    for status in statuses:
        assert await point.says("FirmwareStatusNotification", {"status": status}) == {}


async def _diagnostics(point: Point, *statuses: str) -> None:
    wanted = {"location": "https://files.example/diagnostics"}
    await point.told("GetDiagnostics", wanted, {"fileName": "diagnostics.zip"})
    for status in statuses:
        assert await point.says("DiagnosticsStatusNotification", {"status": status}) == {}


async def _signed_firmware(point: Point, request: int, *statuses: str) -> None:
    firmware = {
        "location": "https://files.example/fw.bin",
        "retrieveDateTime": now(),
        "signingCertificate": ROOT,
        "signature": "c2lnbmF0dXJl",
    }
    await point.told("SignedUpdateFirmware", {"requestId": request, "firmware": firmware})
    for status in statuses:
        taken = await point.says("SignedFirmwareStatusNotification", {"status": status, "requestId": request})
        assert taken == {}


async def _event(point: Point, kind: str) -> None:
    assert await point.says("SecurityEventNotification", {"type": kind, "timestamp": now()}) == {}


async def _installs(point: Point, kind: str) -> None:
    await point.told("InstallCertificate", {"certificateType": kind, "certificate": ROOT})
    answer = {"status": "Accepted", "certificateHashData": [HASH]}
    await point.told("GetInstalledCertificateIds", {"certificateType": kind}, answer)


@V16.case("TC_044_1_CSMS", "A firmware is fetched and installed; each step is taken.")
async def firmware(point: Point) -> None:
    await _firmware(point, "Downloading", "Downloaded", "Installing", "Installed")
    await point.boots()


@V16.case("TC_044_2_CSMS", "A firmware cannot be fetched; the failure is taken.")
async def firmware_not_fetched(point: Point) -> None:
    await _firmware(point, "Downloading", "DownloadFailed")


@V16.case("TC_044_3_CSMS", "A firmware cannot be installed; the failure is taken.")
async def firmware_not_installed(point: Point) -> None:
    await _firmware(point, "Downloading", "Downloaded", "Installing", "InstallationFailed")


@V16.case("TC_045_1_CSMS", "Diagnostics are asked for and uploaded; each step is taken.")
async def diagnostics(point: Point) -> None:
    await _diagnostics(point, "Uploading", "Uploaded")


@V16.case("TC_045_2_CSMS", "Diagnostics cannot be uploaded; the failure is taken.")
async def diagnostics_failed(point: Point) -> None:
    await _diagnostics(point, "Uploading", "UploadFailed")


@V16.case("TC_073_CSMS", "A new password that the station took is the only one from then on.")
async def new_password(point: Point) -> None:
    new = "ffeeddccbbaa99887766554433221100ffeeddcc"
    await a_password_rotates(point, new)
    await point.told("ChangeConfiguration", {"key": "AuthorizationKey", "value": new})
    await the_registry_is_told(point, new)
    await point.disconnect()
    await comes_in_by(point, new)
    await point.disconnect()
    await is_refused_by(point, SECRET)


@V16.case("TC_074_CSMS", "The operator asks for a new certificate: the request is signed and sent.")
async def new_certificate(point: Point) -> None:
    await point.told("ExtendedTriggerMessage", {"requestedMessage": "SignChargePointCertificate"})
    assert await point.says("SignCertificate", {"csr": signing_request(point.station_id)}) == ACCEPTED
    point.answers["CertificateSigned"] = ACCEPTED
    assert "BEGIN CERTIFICATE" in (await point.was_asked("CertificateSigned"))["certificateChain"]


@V16.case("TC_075_1_CSMS", "A manufacturer's root certificate is installed and found again.")
async def manufacturer_root(point: Point) -> None:
    await _installs(point, "ManufacturerRootCertificate")


@V16.case("TC_075_2_CSMS", "A central system's root certificate is installed and found again.")
async def central_root(point: Point) -> None:
    await _installs(point, "CentralSystemRootCertificate")


@V16.case("TC_076_CSMS", "A certificate is deleted by the hash that the station reported.")
async def delete_certificate(point: Point) -> None:
    await _installs(point, "ManufacturerRootCertificate")
    await point.told("DeleteCertificate", {"certificateHashData": HASH})


@V16.case("TC_077_CSMS", "A certificate that is not the station's raises a security event.")
async def foreign_station_certificate(point: Point) -> None:
    assert await point.says("SignCertificate", {"csr": signing_request(point.station_id)}) == ACCEPTED
    point.answers["CertificateSigned"] = {"status": "Rejected"}
    await point.was_asked("CertificateSigned")
    await _event(point, "InvalidChargePointCertificate")


@V16.case("TC_078_CSMS", "A root certificate that is none is rejected and raises a security event.")
async def foreign_central_certificate(point: Point) -> None:
    wanted = {"certificateType": "CentralSystemRootCertificate", "certificate": ROOT}
    await point.told("InstallCertificate", wanted, {"status": "Rejected"}, "refused")
    await _event(point, "InvalidCentralSystemCertificate")


@V16.case("TC_079_CSMS", "The security log is asked for and uploaded; each step is taken.")
async def security_log(point: Point) -> None:
    await point.told("GetLog", _LOG, {"status": "Accepted", "filename": "security.log"})
    for status in ("Uploading", "Uploaded"):
        assert await point.says("LogStatusNotification", {"status": status, "requestId": 79}) == {}


@V16.case("TC_080_CSMS", "A signed firmware is fetched, verified and installed; each step is taken.")
async def signed_firmware(point: Point) -> None:
    await _signed_firmware(point, 80, "Downloading", "Downloaded", "SignatureVerified", "Installing", "Installed")
    await _event(point, "FirmwareUpdated")


@V16.case("TC_081_CSMS", "A firmware with a wrong signature is not installed, and a security event says why.")
async def wrongly_signed_firmware(point: Point) -> None:
    await _signed_firmware(point, 81, "Downloading", "Downloaded", "InvalidSignature")
    await _event(point, "InvalidFirmwareSignature")


@V16.case("TC_085_CSMS", "The right password opens a socket; a wrong one, or another's name, does not.", connects=False)
async def basic_authentication(point: Point) -> None:
    for wrong in ({"secret": "wrong"}, {"user": "OCTT0001X"}):
        with pytest.raises(InvalidStatus) as refused:
            await point.connect(**wrong)
        assert refused.value.response.status_code == 401
    await point.connect()
    await point.boots()


@V16.case("TC_086_CSMS", "The gateway proves itself by its certificate, over TLS.", connects=False)
async def gateways_certificate(point: Point) -> None:
    await the_gateway_proves_itself(point)


@V16.case("TC_087_CSMS", "The station proves itself by its certificate; another's is refused.", connects=False)
async def stations_certificate(point: Point) -> None:
    await another_certificate_is_refused(point)
    await the_station_proves_itself(point)
