"""Every command in each OCPP version's words, valid against that version's schema; answers as outcomes."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from charger_gateway.adapters.ocpp.commands import (
    ACTIONS,
    Inexpressible,
    OutgoingCall,
    Station,
    calls_of,
    expressible,
)
from charger_gateway.adapters.ocpp.commands.table import from_csms
from charger_gateway.adapters.ocpp.schemas import actions, request_violation
from charger_gateway.domain.actions import RECORDS, StationAction, requested
from charger_gateway.domain.ids import remote_start_number
from charger_gateway.domain.station import Heard

from .command_payloads import EXPECTED, HASH, PROFILE_V2X, WELCOME  # noqa: TID252 - tests are no package of the installation

EXAMPLES = Path(__file__).resolve().parents[4] / "contracts" / "examples" / "gateway"
README = Path(__file__).resolve().parents[2] / "README.md"
VERSIONS = ("1.6", "2.0.1", "2.1")
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
HEARD = Heard(
    tenant="volt",
    station_id="NLVOLT0001",
    epoch=1,
    received_at=NOON,
    frame_ref="",
    connectors=((1, 1), (1, 2), (2, 1)),
)
TO_CSMS = {
    "Authorize", "BatterySwap", "BootNotification", "ClearedChargingLimit", "ClosePeriodicEventStream",
    "DiagnosticsStatusNotification", "FirmwareStatusNotification", "Get15118EVCertificate",
    "GetCertificateChainStatus", "GetCertificateStatus", "Heartbeat", "LogStatusNotification", "MeterValues",
    "NotifyChargingLimit", "NotifyCustomerInformation", "NotifyDERAlarm", "NotifyDERStartStop",
    "NotifyDisplayMessages", "NotifyEVChargingNeeds", "NotifyEVChargingSchedule", "NotifyEvent",
    "NotifyMonitoringReport", "NotifyPeriodicEventStream", "NotifyPriorityCharging", "NotifyReport",
    "NotifySettlement", "OpenPeriodicEventStream", "PublishFirmwareStatusNotification", "PullDynamicScheduleUpdate",
    "ReportChargingProfiles", "ReportDERControl", "ReservationStatusUpdate", "SecurityEventNotification",
    "SignCertificate", "SignedFirmwareStatusNotification", "StartTransaction", "StatusNotification",
    "StopTransaction", "TransactionEvent", "VatNumberValidation",
}  # fmt: skip


# ruff: noqa: ARG002 - a twin keeps the port's signatures
class Glass:
    """A seal that hides nothing: JSON in bytes; what another key sealed is no JSON."""

    def hide(self, command_id: str, value: Any) -> bytes:
        return json.dumps(value).encode()

    def reveal(self, command_id: str, sealed: bytes) -> Any:
        return json.loads(sealed)


def glass(value: Any) -> bytes:
    return Glass().hide("", value)


CARD = glass({"uid": "04A2B3C4", "type": "ISO14443"})


def example(action: str, **own: Any) -> Any:
    path = EXAMPLES / action / "amsterdam.json"
    read: Any = RECORDS[action].model_validate_json(path.read_text(encoding="utf-8"))
    clear: dict[str, Any] = {name: CARD for name in type(read).model_fields if name == "id_token_sealed"}
    if action == "SendLocalList":
        clear["entries"] = tuple(one.model_copy(update={"id_token_sealed": CARD}) for one in read.entries)
    if action == "TransferData":
        clear["data_sealed"] = glass("green")
    return read.model_copy(update=clear | own)


def said(version: str, command: StationAction) -> tuple[OutgoingCall, ...] | Inexpressible:
    return calls_of(requested(command), Station(version=version, heard=HEARD), Glass())


def only(version: str, command: StationAction) -> tuple[str, Mapping[str, Any]]:
    calls = said(version, command)
    assert not isinstance(calls, Inexpressible), calls
    (call,) = calls
    return call.action, call.payload


@pytest.mark.parametrize("version", VERSIONS)
def test_every_action_of_a_version_that_goes_to_stations_can_be_said(version: str) -> None:
    assert from_csms(version) == actions(version) - TO_CSMS


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("action", sorted(ACTIONS))
def test_each_action_has_its_exact_payload_or_no_words(action: str, version: str) -> None:
    expected = EXPECTED[action].get(version)
    calls = said(version, example(action))
    if expected is None:
        assert not expressible(action, version)
        assert calls == Inexpressible(why=f"OCPP {version} has no {action}")
        return
    assert calls == (OutgoingCall(action=expected[0], payload=expected[1]),)
    assert request_violation(version, *expected) is None


@pytest.mark.parametrize(
    ("version", "command", "action", "payload"),
    [
        ("1.6", example("ResetStation", hard=True), "Reset", {"type": "Hard"}),
        ("2.0.1", example("ResetStation", hard=True, evse_number=2), "Reset", {"type": "Immediate", "evseId": 2}),
        ("2.1", example("ResetStation", resumes=True), "Reset", {"type": "ImmediateAndResume"}),
        (
            "1.6",
            example("TriggerStationMessage", message="SignChargingStationCertificate", evse_number=None),
            "ExtendedTriggerMessage",
            {"requestedMessage": "SignChargePointCertificate"},
        ),
        (
            "1.6",
            example("TriggerStationMessage", message="FirmwareStatusNotification", is_extended=True, evse_number=None),
            "ExtendedTriggerMessage",
            {"requestedMessage": "FirmwareStatusNotification"},
        ),
        (
            "2.0.1",
            example("TriggerStationMessage", message="SignChargePointCertificate", evse_number=None),
            "TriggerMessage",
            {"requestedMessage": "SignChargingStationCertificate"},
        ),
        (
            "2.1",
            example("TriggerStationMessage", message="CustomTrigger", custom_trigger="net.volt.x", evse_number=None),
            "TriggerMessage",
            {"requestedMessage": "CustomTrigger", "customTrigger": "net.volt.x"},
        ),
        ("1.6", example("UnlockConnector", connector_number=2), "UnlockConnector", {"connectorId": 2}),
        ("1.6", example("UnlockConnector", evse_number=2), "UnlockConnector", {"connectorId": 3}),
        (
            "1.6",
            example("ChangeAvailability", evse_number=None),
            "ChangeAvailability",
            {"connectorId": 0, "type": "Inoperative"},
        ),
        ("1.6", example("GetVariables", variables=()), "GetConfiguration", {}),
        (
            "2.0.1",
            example("DeliverSignedCertificate", request_id=5, certificate_type=None),
            "CertificateSigned",
            {"certificateChain": example("DeliverSignedCertificate").certificate_chain},
        ),
        (
            "2.0.1",
            example("GetBaseReport", request_id=None),
            "GetBaseReport",
            {
                "requestId": remote_start_number("1eaa6b33-302b-5f88-b2ef-6afe76f1e1a6"),
                "reportBase": "FullInventory",
            },
        ),
        (
            "2.0.1",
            example("ClearChargingProfile", charging_profile_id=None, evse_number=1, stack_level=3),
            "ClearChargingProfile",
            {"chargingProfileCriteria": {"evseId": 1, "stackLevel": 3}},
        ),
    ],
)
def test_what_an_action_may_say_beside(
    version: str, command: StationAction, action: str, payload: dict[str, Any]
) -> None:
    assert only(version, command) == (action, payload)


def test_a_signed_firmware_is_another_action_in_16() -> None:
    command = example("UpdateFirmware", signing_certificate="PEM", signature="sig")
    firmware = {
        "location": "https://files.volt.example/fw/3.1.bin",
        "retrieveDateTime": "2026-11-20T20:00:00.000Z",
        "signingCertificate": "PEM",
        "signature": "sig",
    }
    wanted = {"requestId": 49, "firmware": firmware, "retries": 3, "retryInterval": 120}
    assert only("1.6", command) == ("SignedUpdateFirmware", wanted)
    assert only("2.0.1", command) == ("UpdateFirmware", wanted)


def test_16_sets_one_key_a_call_and_asks_for_one_kind_of_certificate() -> None:
    read = example("SetVariables").variables
    two = (read[0], read[0].model_copy(update={"component": "OCPP16Configuration", "variable": "VolumePercent"}))
    assert said("1.6", example("SetVariables", variables=two)) == (
        OutgoingCall(action="ChangeConfiguration", payload={"key": "HeartbeatInterval", "value": "300"}),
        OutgoingCall(action="ChangeConfiguration", payload={"key": "VolumePercent", "value": "300"}),
    )
    kinds = said("1.6", example("GetInstalledCertificateIds", certificate_types=()))
    assert isinstance(kinds, tuple)
    assert [call.payload["certificateType"] for call in kinds] == [
        "CentralSystemRootCertificate",
        "ManufacturerRootCertificate",
    ]


def test_a_password_is_hexadecimal_in_16_and_plain_in_2x() -> None:
    (one,) = example("SetVariables").variables
    secret = one.model_copy(
        update={
            "component": "SecurityCtrlr",
            "variable": "BasicAuthPassword",
            "value": None,
            "value_sealed": glass("volt-secret-0001"),
        }
    )
    command = example("SetVariables", variables=(secret,))
    assert only("1.6", command)[1] == {"key": "AuthorizationKey", "value": b"volt-secret-0001".hex()}
    assert only("2.1", command)[1]["setVariableData"][0]["attributeValue"] == "volt-secret-0001"
    digits = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c"
    as_registered = secret.model_copy(update={"value_sealed": glass(digits)})
    command = example("SetVariables", variables=(as_registered,))
    assert only("1.6", command)[1] == {"key": "AuthorizationKey", "value": digits}


def test_a_start_may_bring_its_profile_and_its_group() -> None:
    profile = example("SetChargingProfile").charging_profile.model_copy(
        update={"charging_profile_purpose": "TxProfile"}
    )
    command = example("StartTransactionRemotely", charging_profile=profile, group_id_token_sealed=CARD)
    v16 = only("1.6", command)[1]
    v2x = only("2.0.1", command)[1]
    assert v16["chargingProfile"]["chargingProfilePurpose"] == "TxProfile"
    assert v2x["groupIdToken"] == {"idToken": "04A2B3C4", "type": "ISO14443"}
    assert v2x["chargingProfile"] == PROFILE_V2X | {"chargingProfilePurpose": "TxProfile"}


@pytest.mark.parametrize(
    ("version", "command", "why"),
    [
        ("1.6", example("StopTransactionRemotely", transaction_id="tx-1"), "an OCPP 1.6 transaction id is a number"),
        ("1.6", example("ResetStation", evse_number=1), "OCPP 1.6 restarts the whole station, and ends what goes on"),
        (
            "1.6",
            example("TriggerStationMessage", message="X", custom_trigger="y"),
            "OCPP 1.6 has no triggers of one's own",
        ),
        ("2.0.1", example("ResetStation", resumes=True), "Reset of OCPP 2.0.1: type: enum Immediate, OnIdle"),
        ("1.6", example("ReserveNow", connector_type="cType2"), "OCPP 1.6 reserves a connector, not a kind of one"),
        (
            "1.6",
            example("InstallCertificate", certificate_type="OEMRootCertificate"),
            "OCPP 1.6 has no certificates of the kind OEMRootCertificate",
        ),
        (
            "1.6",
            example("UpdateFirmware", install_at=NOON),
            "unsigned, OCPP 1.6 installs at once: it takes no install_at",
        ),
        ("1.6", example("StartTransactionRemotely", id_token_sealed=b"x"), "it was sealed under another key"),
        ("1.6", example("SetVariables", variables=()), "no variable is named"),
        ("1.6", example("UnlockConnector", evse_number=2, connector_number=2), "EVSE 2 has no connector 2"),
    ],
)
def test_what_cannot_be_said_is_refused_with_a_reason(version: str, command: StationAction, why: str) -> None:
    assert said(version, command) == Inexpressible(why=why)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"charging_profile_purpose": "LocalGeneration"}, "OCPP 1.6 has no profiles of the purpose LocalGeneration"),
        ({"charging_schedule": ()}, "an OCPP 1.6 profile has one schedule"),
        ({"max_offline_duration_s": 5}, "OCPP 1.6 has no max_offline_duration_s in a ChargingProfile"),
        ({"transaction_id": "tx"}, "an OCPP 1.6 transaction id is a number"),
    ],
)
def test_a_profile_that_says_more_than_16_can_is_not_cut_down(change: dict[str, Any], why: str) -> None:
    profile = example("SetChargingProfile").charging_profile.model_copy(update=change)
    assert said("1.6", example("SetChargingProfile", charging_profile=profile)) == Inexpressible(why=why)


def test_keys_that_only_16_has_have_no_words_in_2x() -> None:
    (one,) = example("GetVariables").variables
    own = one.model_copy(update={"component": "OCPP16Configuration", "variable": "VolumePercent"})
    command = example("GetVariables", variables=(own,))
    assert only("1.6", command) == ("GetConfiguration", {"key": ["VolumePercent"]})
    assert said("2.0.1", command) == Inexpressible(why="a configuration key that only OCPP 1.6 has")
    unknown = one.model_copy(update={"component": "EVSE", "variable": "Power"})
    assert said("1.6", example("GetVariables", variables=(unknown,))) == Inexpressible(
        why="OCPP 1.6 has no key for EVSE.Power"
    )


def test_a_raw_call_is_put_as_it_is_and_only_in_its_own_version() -> None:
    payload = {"key": "X", "value": "1"}
    command = example("SendRawCall", payload_sealed=glass(payload))
    assert only("1.6", command) == ("ChangeConfiguration", payload)
    assert said("2.1", command) == Inexpressible(why="it was written in OCPP 1.6, and the station speaks 2.1 now")


def test_the_examples_names_are_the_tables() -> None:
    assert set(EXPECTED) == set(ACTIONS) == set(RECORDS) - {"SendRawCall"}
    assert HASH["hashAlgorithm"] == "SHA256"
    assert WELCOME["format"] == "UTF8"


def drawn() -> str:
    """The README's table of what can be said in which version."""
    lines = ["| command | 1.6 | 2.0.1 | 2.1 |", "| --- | --- | --- | --- |"]
    for action, said in sorted(ACTIONS.items()):
        names = " | ".join(said.action(version) or "-" for version in VERSIONS)
        lines.append(f"| {action} | {names} |")
    return "\n".join(lines)


def test_the_readme_says_what_can_be_said_in_which_version() -> None:
    assert drawn() in README.read_text(encoding="utf-8"), f"stale; it should be:\n{drawn()}"
