"""What a station tells later of a command that it accepted, and which word is the last."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from charger_gateway.domain.actions import StationAction
from charger_gateway.domain.ids import remote_start_number
from ev_contracts.gateway import (
    GetBaseReport,
    GetChargingProfiles,
    GetDerControl,
    GetDiagnostics,
    GetDisplayMessages,
    GetLog,
    GetMonitoringReport,
    GetReport,
    PublishFirmware,
    RequestBatterySwap,
    RequestCustomerInformation,
    ResetStation,
    SendRawCall,
    TriggerStationMessage,
    UpdateFirmware,
)

OURS = "ev-file:"
"""How a place at our own file endpoint begins, in a command; the address is made when the call is put on the wire."""
FILE, ARRIVED, NOTHING_ARRIVED = "file", "Arrived", "NothingArrived"
"""The file endpoint's word on what a command had brought, and the desk's where a station says so and nothing came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Follow:
    """The notification that is waited for; without a number the station's next word of that kind is meant."""

    kind: str
    request_id: int | None = None
    brings: bool = False
    """Whether a file comes to our own endpoint: then a station's word that it came is believed once it did."""
    arrived: bool = False


_LAST: Mapping[str, Mapping[str, bool]] = {
    "firmware": {
        "Installed": True,
        "DownloadFailed": False,
        "InstallationFailed": False,
        "InstallVerificationFailed": False,
        "InvalidSignature": False,
        "CertificateVerificationFailed": False,
        "RevokedCertificate": False,
        "InvalidCertificate": False,
    },
    "log": {
        "Uploaded": True,
        "UploadFailure": False,
        "BadMessage": False,
        "NotSupportedOperation": False,
        "PermissionDenied": False,
        "AcceptedCanceled": False,
    },
    "diagnostics": {"Uploaded": True, "UploadFailed": False},
    "publication": {"Published": True, "DownloadFailed": False, "InvalidChecksum": False, "PublishFailed": False},
    "report": {"Complete": True, "Incomplete": False},
    "boot": {"Booted": True},
    "swap": {"BatteryOut": True, "BatteryOutTimeout": False},
    "signing": {"Installed": True, "NotInstalled": False, "Refused": False, "Rejected": False},
}
_NUMBERED: Mapping[type[StationAction], str] = {
    UpdateFirmware: "firmware",
    GetLog: "log",
    PublishFirmware: "publication",
    RequestBatterySwap: "swap",
    GetBaseReport: "report",
    GetReport: "report",
    GetMonitoringReport: "report",
    GetChargingProfiles: "report",
    GetDisplayMessages: "report",
    RequestCustomerInformation: "report",
    GetDerControl: "report",
}
"""What follows a command under its own number."""
_SIGNING = frozenset({"SignChargePointCertificate", "SignChargingStationCertificate", "SignV2GCertificate"})
_OF_RAW: Mapping[str, str] = {
    "UpdateFirmware": "firmware",
    "SignedUpdateFirmware": "firmware",
    "GetLog": "log",
    "GetDiagnostics": "diagnostics",
    "PublishFirmware": "publication",
    "Reset": "boot",
    "GetBaseReport": "report",
    "GetReport": "report",
    "GetMonitoringReport": "report",
    "GetChargingProfiles": "report",
    "GetDisplayMessages": "report",
    "CustomerInformation": "report",
    "GetDERControl": "report",
    "RequestBatterySwap": "swap",
}
"""What follows OCPP's own actions, by their names."""


def follow_of(command: StationAction) -> Follow | None:
    """What follows a command; None where its answer is all."""
    numbered = _NUMBERED.get(type(command))
    if numbered is not None:
        request_id: int | None = getattr(command, "request_id")  # noqa: B009 - each of the table has one
        number = remote_start_number(command.command_id) if request_id is None else request_id
        brings = isinstance(command, GetLog) and command.remote_location.startswith(OURS)
        return Follow(kind=numbered, request_id=number, brings=brings)
    match command:
        case GetDiagnostics():
            return Follow(kind="diagnostics", brings=command.remote_location.startswith(OURS))
        case ResetStation():
            return Follow(kind="boot")
        case TriggerStationMessage() if command.message in _SIGNING:
            return Follow(kind="signing")
        case SendRawCall() if command.ocpp_action in _OF_RAW:
            return Follow(kind=_OF_RAW[command.ocpp_action], request_id=command.request_id)
        case _:
            return None


def with_file(follow: Follow) -> Follow:
    """What it brings has come."""
    return replace(follow, arrived=True)


def is_last(kind: str, status: str) -> bool:
    """Whether nothing more follows a word."""
    return status in _LAST.get(kind, {})


def is_good(kind: str, status: str) -> bool:
    """Whether a word is a good one; what is not the last is."""
    return _LAST.get(kind, {}).get(status, True)
