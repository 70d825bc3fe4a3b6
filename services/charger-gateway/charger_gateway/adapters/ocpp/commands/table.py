"""Which canonical command is which action in which version of OCPP; what is absent cannot be said there."""

from collections.abc import Mapping
from dataclasses import dataclass

from charger_gateway.adapters.ocpp.frames import V16, V21, V201

RAW = "SendRawCall"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """The action's name in 1.6 and in 2.x, and the first 2.x version that has it."""

    v16: str | None = None
    v2x: str | None = None
    since: str = V201

    def action(self, version: str) -> str | None:
        """Its name in a version; None where the version does not have it."""
        if version == V16:
            return self.v16
        return None if self.since == V21 and version == V201 else self.v2x


def _all(name: str) -> Said:
    return Said(v16=name, v2x=name)


def _v2x(name: str) -> Said:
    return Said(v2x=name)


def _v21(name: str) -> Said:
    return Said(v2x=name, since=V21)


ACTIONS: Mapping[str, Said] = {
    "StartTransactionRemotely": Said(v16="RemoteStartTransaction", v2x="RequestStartTransaction"),
    "StopTransactionRemotely": Said(v16="RemoteStopTransaction", v2x="RequestStopTransaction"),
    "TriggerStationMessage": _all("TriggerMessage"),
    "ResetStation": _all("Reset"),
    "CancelReservation": _all("CancelReservation"),
    "DeliverSignedCertificate": _all("CertificateSigned"),
    "ChangeAvailability": _all("ChangeAvailability"),
    "ClearCache": _all("ClearCache"),
    "ClearChargingProfile": _all("ClearChargingProfile"),
    "TransferData": _all("DataTransfer"),
    "DeleteCertificate": _all("DeleteCertificate"),
    "GetCompositeSchedule": _all("GetCompositeSchedule"),
    "GetInstalledCertificateIds": _all("GetInstalledCertificateIds"),
    "GetLocalListVersion": _all("GetLocalListVersion"),
    "GetLog": _all("GetLog"),
    "GetDiagnostics": Said(v16="GetDiagnostics"),
    "GetVariables": Said(v16="GetConfiguration", v2x="GetVariables"),
    "InstallCertificate": _all("InstallCertificate"),
    "ReserveNow": _all("ReserveNow"),
    "SendLocalList": _all("SendLocalList"),
    "SetChargingProfile": _all("SetChargingProfile"),
    "SetVariables": Said(v16="ChangeConfiguration", v2x="SetVariables"),
    "UnlockConnector": _all("UnlockConnector"),
    "UpdateFirmware": _all("UpdateFirmware"),
    "ClearDisplayMessage": _v2x("ClearDisplayMessage"),
    "ClearVariableMonitoring": _v2x("ClearVariableMonitoring"),
    "ShowRunningCost": Said(v16="DataTransfer", v2x="CostUpdated"),
    "RequestCustomerInformation": _v2x("CustomerInformation"),
    "GetBaseReport": _v2x("GetBaseReport"),
    "GetChargingProfiles": _v2x("GetChargingProfiles"),
    "GetDisplayMessages": _v2x("GetDisplayMessages"),
    "GetMonitoringReport": _v2x("GetMonitoringReport"),
    "GetReport": _v2x("GetReport"),
    "GetTransactionStatus": _v2x("GetTransactionStatus"),
    "PublishFirmware": _v2x("PublishFirmware"),
    "SetDisplayMessage": _v2x("SetDisplayMessage"),
    "SetMonitoringBase": _v2x("SetMonitoringBase"),
    "SetMonitoringLevel": _v2x("SetMonitoringLevel"),
    "SetNetworkProfile": _v2x("SetNetworkProfile"),
    "SetVariableMonitoring": _v2x("SetVariableMonitoring"),
    "UnpublishFirmware": _v2x("UnpublishFirmware"),
    "SendAfrrSignal": _v21("AFRRSignal"),
    "AdjustPeriodicEventStream": _v21("AdjustPeriodicEventStream"),
    "ChangeTransactionTariff": _v21("ChangeTransactionTariff"),
    "ClearDerControl": _v21("ClearDERControl"),
    "ClearTariffs": _v21("ClearTariffs"),
    "GetDerControl": _v21("GetDERControl"),
    "GetPeriodicEventStreams": _v21("GetPeriodicEventStream"),
    "GetTariffs": _v21("GetTariffs"),
    "NotifyAllowedEnergyTransfer": _v21("NotifyAllowedEnergyTransfer"),
    "NotifyWebPaymentStarted": _v21("NotifyWebPaymentStarted"),
    "RequestBatterySwap": _v21("RequestBatterySwap"),
    "SetDerControl": _v21("SetDERControl"),
    "SetDefaultTariff": _v21("SetDefaultTariff"),
    "UpdateDynamicSchedule": _v21("UpdateDynamicSchedule"),
    "UsePriorityCharging": _v21("UsePriorityCharging"),
}

# What 1.6 says by another action than its table's first: the security extension, and uploads before it.
ALSO_V16 = frozenset({"ExtendedTriggerMessage", "SignedUpdateFirmware"})


def from_csms(version: str) -> frozenset[str]:
    """Every action of a version that goes from the management system to the station."""
    named = {action for said in ACTIONS.values() if (action := said.action(version)) is not None}
    return frozenset(named | ALSO_V16 if version == V16 else named)
