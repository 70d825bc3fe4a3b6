"""What a station tells later of a command that it accepted, and which word is the last."""

from collections.abc import Mapping
from dataclasses import dataclass

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
    RequestCustomerInformation,
    ResetStation,
    TriggerStationMessage,
    UpdateFirmware,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Follow:
    """The notification that is waited for; without a number the station's next word of that kind is meant."""

    kind: str
    request_id: int | None = None


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
    "signing": {"Installed": True, "NotInstalled": False, "Refused": False, "Rejected": False},
}
_Reports = (
    GetBaseReport
    | GetReport
    | GetMonitoringReport
    | GetChargingProfiles
    | GetDisplayMessages
    | RequestCustomerInformation
    | GetDerControl
)
_SIGNING = frozenset({"SignChargePointCertificate", "SignChargingStationCertificate"})


def follow_of(command: StationAction) -> Follow | None:
    """What follows a command; None where its answer is all."""
    match command:
        case UpdateFirmware():
            return _numbered("firmware", command.command_id, command.request_id)
        case GetLog():
            return _numbered("log", command.command_id, command.request_id)
        case GetDiagnostics():
            return Follow(kind="diagnostics")
        case PublishFirmware():
            return _numbered("publication", command.command_id, command.request_id)
        case ResetStation():
            return Follow(kind="boot")
        case TriggerStationMessage() if command.message in _SIGNING:
            return Follow(kind="signing")
        case _ if isinstance(command, _Reports):
            return _numbered("report", command.command_id, command.request_id)
        case _:
            return None


def _numbered(kind: str, command_id: str, request_id: int | None) -> Follow:
    return Follow(kind=kind, request_id=remote_start_number(command_id) if request_id is None else request_id)


def is_last(kind: str, status: str) -> bool:
    """Whether nothing more follows a word."""
    return status in _LAST.get(kind, {})


def is_good(kind: str, status: str) -> bool:
    """Whether a word is a good one; what is not the last is."""
    return _LAST.get(kind, {}).get(status, True)
