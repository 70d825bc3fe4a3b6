"""One set of names for 1.6's keys and 2.x's variables: there and back, and which of them are secrets."""

import pytest

from charger_gateway.adapters.ocpp.commands.variables import LEGACY, Name, is_secret, key_of, name_of, value_v16

KEYS = (
    "AdditionalRootCertificateCheck", "AllowOfflineTxForUnknownId", "AuthorizationCacheEnabled", "AuthorizationKey",
    "AuthorizeRemoteTxRequests", "CertificateSignedMaxChainSize", "CertificateStoreMaxLength",
    "ChargeProfileMaxStackLevel", "ChargingScheduleMaxPeriods", "ClockAlignedDataInterval", "ConnectionTimeOut",
    "ConnectorSwitch3to1PhaseSupported", "CpoName", "GetConfigurationMaxKeys", "HeartbeatInterval",
    "LocalAuthListEnabled", "LocalAuthorizeOffline", "LocalPreAuthorize", "MaxChargingProfilesInstalled",
    "MaxEnergyOnInvalidId", "MeterValueSampleInterval", "MeterValuesAlignedData", "MeterValuesSampledData",
    "ReserveConnectorZeroSupported", "ResetRetries", "SecurityProfile", "SendLocalListMaxLength",
    "StopTransactionOnEVSideDisconnect", "StopTransactionOnInvalidId", "StopTxnAlignedData", "StopTxnSampledData",
    "TransactionMessageAttempts", "TransactionMessageRetryInterval", "UnlockConnectorOnEVSideDisconnect",
    "WebSocketPingInterval",
)  # fmt: skip
ONLY_16 = ("BlinkRepeat", "LightIntensity", "NumberOfConnectors", "SupportedFeatureProfiles", "VendorOwn")


@pytest.mark.parametrize("key", KEYS)
def test_a_key_has_one_variable_and_the_variable_that_key(key: str) -> None:
    name = name_of(key)
    assert name.component.endswith("Ctrlr")
    assert key_of(name) == key


@pytest.mark.parametrize("key", ONLY_16)
def test_a_key_that_2x_does_not_have_is_named_by_itself(key: str) -> None:
    assert name_of(key) == Name(LEGACY, key)
    assert key_of(Name(LEGACY, key)) == key


def test_no_two_keys_share_a_variable() -> None:
    assert len({name_of(key) for key in KEYS}) == len(KEYS)


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("MeterValueSampleInterval", Name("SampledDataCtrlr", "TxUpdatedInterval")),
        ("TransactionMessageAttempts", Name("OCPPCommCtrlr", "MessageAttempts", "TransactionEvent")),
        ("StopTxnSampledData", Name("SampledDataCtrlr", "TxEndedMeasurands")),
        ("AuthorizationKey", Name("SecurityCtrlr", "BasicAuthPassword")),
    ],
)
def test_the_names_are_those_of_the_specifications(key: str, name: Name) -> None:
    assert name_of(key) == name


def test_a_variable_of_2x_alone_has_no_key() -> None:
    assert key_of(Name("EVSE", "Power")) is None
    assert key_of(Name("OCPPCommCtrlr", "MessageAttempts")) is None


@pytest.mark.parametrize(
    ("variable", "secret"),
    [
        ("BasicAuthPassword", True),
        ("AuthorizationKey", True),
        ("WifiPassphrase", True),
        ("ClientSecret", True),
        ("HeartbeatInterval", False),
        ("KeyboardLayout", False),
    ],
)
def test_secrets_are_known_by_their_names(variable: str, *, secret: bool) -> None:
    assert is_secret(variable) is secret


def test_only_the_password_is_written_otherwise_in_16() -> None:
    assert value_v16("AuthorizationKey", "volt") == "766f6c74"
    assert value_v16("HeartbeatInterval", "300") == "300"
