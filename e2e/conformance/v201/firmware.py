"""Block L: firmware, signed, cancelled, published to others (OCPP 2.0.1)."""

from conformance.cases import V201
from conformance.pem import ROOT
from conformance.station import Payload, now
from conformance.v201.asking import asked, status
from conformance.v201.charger import Charger

_FETCHED = ("Downloading", "Downloaded")
_VERIFIED = (*_FETCHED, "SignatureVerified")
_CHECKSUM = "0123456789abcdef0123456789abcdef"


def _update(number: int) -> Payload:
    firmware = {
        "location": "https://files.example/fw.bin",
        "retrieveDateTime": now(),
        "signingCertificate": ROOT,
        "signature": "c2lnbmF0dXJl",
    }
    return {"requestId": number, "firmware": firmware}


def _told(number: int, *statuses: str) -> list[tuple[str, Payload]]:
    return [("FirmwareStatusNotification", {"status": word, "requestId": number}) for word in statuses]


def _updated(number: str, says: str, *statuses: str, event: str | None = None, answer: str = "Accepted") -> None:
    steps = _told(int(number), *statuses)
    if event is not None:
        steps.append(("SecurityEventNotification", {"type": event, "timestamp": now()}))
    outcome = "succeeded" if answer.startswith("Accepted") else "refused"
    wanted = _update(int(number))
    asked(f"L_{number}", says, "UpdateFirmware", wanted, *steps, answer=status(answer), outcome=outcome)


_updated(
    "01",
    "A firmware is fetched, verified and installed.",
    *_VERIFIED,
    "Installing",
    "Installed",
    event="FirmwareUpdated",
)
_updated(
    "02", "A firmware waits for its time to be installed.", *_VERIFIED, "InstallScheduled", "Installing", "Installed"
)
_updated(
    "03", "A firmware waits for its time to be fetched.", "DownloadScheduled", *_VERIFIED, "Installing", "Installed"
)
_CERTIFICATE = "InvalidFirmwareSigningCertificate"
_updated("04", "A firmware signed under a revoked certificate.", answer="RevokedCertificate", event=_CERTIFICATE)
_updated("05", "A firmware signed under a certificate that is none.", answer="InvalidCertificate", event=_CERTIFICATE)
_updated("06", "A firmware with a wrong signature.", *_FETCHED, "InvalidSignature", event="InvalidFirmwareSignature")
_updated("07", "A firmware that cannot be fetched.", "Downloading", "DownloadFailed")
_updated("08", "A firmware that is not what it should be.", *_VERIFIED, "Installing", "InstallVerificationFailed")
_updated("09", "A firmware that cannot be installed.", *_VERIFIED, "Installing", "InstallationFailed")


@V201.case("TC_L_10_CSMS", "A second firmware cancels the first.")
async def cancels(charger: Charger) -> None:
    await charger.told("UpdateFirmware", _update(10))
    for action, payload in _told(10, "Downloading"):
        assert await charger.says(action, payload) == {}
    await charger.told("UpdateFirmware", _update(110), status("AcceptedCanceled"))
    for action, payload in _told(110, *_VERIFIED, "Installing", "Installed"):
        assert await charger.says(action, payload) == {}


@V201.case("TC_L_11_CSMS", "A firmware that is being installed cannot be cancelled.")
async def cannot_cancel(charger: Charger) -> None:
    await charger.told("UpdateFirmware", _update(11))
    for action, payload in _told(11, *_VERIFIED, "Installing"):
        assert await charger.says(action, payload) == {}
    await charger.told("UpdateFirmware", _update(111), status("Rejected"), "refused")


@V201.case("TC_L_13_CSMS", "A firmware waits for the running session to end.")
async def waits_for_the_session(charger: Charger) -> None:
    running = await charger.charges()
    await charger.told("UpdateFirmware", _update(13))
    for action, payload in _told(13, *_VERIFIED, "InstallScheduled"):
        assert await charger.says(action, payload) == {}
    await running.ends("StopAuthorized", "Local")
    for action, payload in _told(13, "Installing", "Installed"):
        assert await charger.says(action, payload) == {}


def _published(number: str, says: str, *statuses: str) -> None:
    request = {"location": "https://files.example/fw.bin", "checksum": _CHECKSUM, "requestId": int(number)}
    steps: list[tuple[str, Payload]] = []
    for word in statuses:
        location = {"location": ["http://controller.example/fw.bin"]} if word == "Published" else {}
        steps.append(("PublishFirmwareStatusNotification", {"status": word, "requestId": int(number), **location}))
    asked(f"L_{number}", says, "PublishFirmware", request, *steps)


_published("17", "A firmware is published to others.", *_FETCHED, "ChecksumVerified", "Published")
_published("19", "A firmware whose checksum is wrong is not published.", *_FETCHED, "InvalidChecksum")
_published("20", "A firmware cannot be published.", *_FETCHED, "ChecksumVerified", "PublishFailed")
_published("24", "A firmware to be published cannot be fetched.", "Downloading", "DownloadFailed")
for _number, _says, _word in (
    ("21", "A published firmware is taken back.", "Unpublished"),
    ("22", "There is none to take back.", "NoFirmware"),
    ("23", "It is being fetched by others.", "DownloadOngoing"),
):
    _outcome = "succeeded" if _word == "Unpublished" else "refused"
    asked(f"L_{_number}", _says, "UnpublishFirmware", {"checksum": _CHECKSUM}, answer=status(_word), outcome=_outcome)
