"""OCPP 1.6's configuration keys and 2.x's variables as one set of names, and what is written otherwise."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

LEGACY = "OCPP16Configuration"
"""The component of keys that 2.x does not have: a vendor's own, and those of 1.6 alone."""


@dataclass(frozen=True, slots=True)
class Name:
    """A variable as 2.x names it."""

    component: str
    variable: str
    variable_instance: str | None = None


_KEYS: Mapping[str, Name] = {
    "AdditionalRootCertificateCheck": Name("SecurityCtrlr", "AdditionalRootCertificateCheck"),
    "AllowOfflineTxForUnknownId": Name("AuthCtrlr", "OfflineTxForUnknownIdEnabled"),
    "AuthorizationCacheEnabled": Name("AuthCacheCtrlr", "Enabled"),
    "AuthorizationKey": Name("SecurityCtrlr", "BasicAuthPassword"),
    "AuthorizeRemoteTxRequests": Name("AuthCtrlr", "AuthorizeRemoteStart"),
    "CertificateSignedMaxChainSize": Name("SecurityCtrlr", "MaxCertificateChainSize"),
    "CertificateStoreMaxLength": Name("SecurityCtrlr", "CertificateEntries"),
    "ChargeProfileMaxStackLevel": Name("SmartChargingCtrlr", "ProfileStackLevel"),
    "ChargingScheduleMaxPeriods": Name("SmartChargingCtrlr", "PeriodsPerSchedule"),
    "ClockAlignedDataInterval": Name("AlignedDataCtrlr", "Interval"),
    "ConnectionTimeOut": Name("TxCtrlr", "EVConnectionTimeOut"),
    "ConnectorSwitch3to1PhaseSupported": Name("SmartChargingCtrlr", "Phases3to1"),
    "CpoName": Name("SecurityCtrlr", "OrganizationName"),
    "GetConfigurationMaxKeys": Name("DeviceDataCtrlr", "ItemsPerMessage", "GetVariables"),
    "HeartbeatInterval": Name("OCPPCommCtrlr", "HeartbeatInterval"),
    "LocalAuthListEnabled": Name("LocalAuthListCtrlr", "Enabled"),
    "LocalAuthorizeOffline": Name("AuthCtrlr", "LocalAuthorizeOffline"),
    "LocalPreAuthorize": Name("AuthCtrlr", "LocalPreAuthorize"),
    "MaxChargingProfilesInstalled": Name("SmartChargingCtrlr", "Entries", "ChargingProfiles"),
    "MaxEnergyOnInvalidId": Name("TxCtrlr", "MaxEnergyOnInvalidId"),
    "MeterValueSampleInterval": Name("SampledDataCtrlr", "TxUpdatedInterval"),
    "MeterValuesAlignedData": Name("AlignedDataCtrlr", "Measurands"),
    "MeterValuesSampledData": Name("SampledDataCtrlr", "TxUpdatedMeasurands"),
    "ReserveConnectorZeroSupported": Name("ReservationCtrlr", "NonEvseSpecific"),
    "ResetRetries": Name("OCPPCommCtrlr", "ResetRetries"),
    "SecurityProfile": Name("SecurityCtrlr", "SecurityProfile"),
    "SendLocalListMaxLength": Name("LocalAuthListCtrlr", "ItemsPerMessage"),
    "StopTransactionOnEVSideDisconnect": Name("TxCtrlr", "StopTxOnEVSideDisconnect"),
    "StopTransactionOnInvalidId": Name("TxCtrlr", "StopTxOnInvalidId"),
    "StopTxnAlignedData": Name("AlignedDataCtrlr", "TxEndedMeasurands"),
    "StopTxnSampledData": Name("SampledDataCtrlr", "TxEndedMeasurands"),
    "TransactionMessageAttempts": Name("OCPPCommCtrlr", "MessageAttempts", "TransactionEvent"),
    "TransactionMessageRetryInterval": Name("OCPPCommCtrlr", "MessageAttemptInterval", "TransactionEvent"),
    "UnlockConnectorOnEVSideDisconnect": Name("OCPPCommCtrlr", "UnlockOnEVSideDisconnect"),
    "WebSocketPingInterval": Name("OCPPCommCtrlr", "WebSocketPingInterval"),
}
_NAMES: Mapping[Name, str] = {name: key for key, name in _KEYS.items()}
AUTHORIZATION_KEY = "AuthorizationKey"
_HEXADECIMAL_KEY = re.compile(r"(?:[0-9A-Fa-f]{2}){16,20}")
_SECRET_WORDS = ("password", "passphrase", "secret", "authorizationkey", "privatekey", "simpin")


def key_of(name: Name) -> str | None:
    """The 1.6 key of a variable; None where 1.6 has none."""
    if name.component == LEGACY:
        return name.variable
    return _NAMES.get(name)


def name_of(key: str) -> Name:
    """The variable of a 1.6 key; a key that 2.x does not have is one of the component LEGACY."""
    return _KEYS.get(key, Name(LEGACY, key))


def value_v16(key: str, value: str) -> str:
    """A value as 1.6 writes it: the password in hexadecimal (security whitepaper, A01), if it is not already."""
    return value if key != AUTHORIZATION_KEY or is_hexadecimal_key(value) else value.encode().hex()


def is_hexadecimal_key(value: str) -> bool:
    """Whether it is a password of 16 to 20 bytes as the registry makes them, and as 1.6 writes them."""
    return _HEXADECIMAL_KEY.fullmatch(value) is not None


def is_secret(variable: str) -> bool:
    """Whether values of such a variable are sealed, whoever says them; vendors' own are known by their words alone."""
    name = variable.lower()
    return any(word in name for word in _SECRET_WORDS)
