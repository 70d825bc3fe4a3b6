"""Stations' answers as outcomes, with all that they say in canonical form."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from charger_gateway.adapters.ocpp.commands import ACTIONS, Inexpressible, Outcome, Station, calls_of, outcome_of
from charger_gateway.adapters.ocpp.frames import CallError, CallResult
from charger_gateway.adapters.ocpp.schemas import response_violation
from charger_gateway.domain.actions import StationAction, requested
from ev_contracts.gateway import (
    CertificateHash,
    ChargingSchedulePeriod,
    CompositeSchedule,
    EventStream,
    InstalledCertificate,
    MonitorResult,
    StationResponse,
    TariffAtStation,
    VariableReading,
)

from .command_payloads import HASH  # noqa: TID252 - tests are no package of the installation
from .test_commands import HEARD, VERSIONS, Glass, example, glass  # noqa: TID252 - as above

OK = {"status": "Accepted"}
V = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "HeartbeatInterval"}}
# The least answers that say yes, where they are more than a status.
YES: dict[str, dict[str, Any]] = {
    "UnlockConnector": {"status": "Unlocked"},
    "UnpublishFirmware": {"status": "Unpublished"},
    "CostUpdated": {},
    "NotifyWebPaymentStarted": {},
    "GetPeriodicEventStream": {},
    "GetTransactionStatus": {"messagesInQueue": False},
    "GetConfiguration": {},
    "GetDiagnostics": {"fileName": "d.zip"},
    "ClearVariableMonitoring": {"clearMonitoringResult": [OK | {"id": 11}]},
    "SetVariableMonitoring": {"setMonitoringResult": [OK | V | {"type": "Delta", "severity": 3}]},
    "GetVariables": {"getVariableResult": [V | {"attributeStatus": "Accepted"}]},
    "SetVariables": {"setVariableResult": [V | {"attributeStatus": "Accepted"}]},
    "ClearTariffs": {"clearTariffsResult": [OK]},
}


def yes(version: str, action: str) -> dict[str, Any]:
    if action == "GetLocalListVersion":
        return {"listVersion": 3} if version == "1.6" else {"versionNumber": 3}
    if action == "UpdateFirmware" and version == "1.6":
        return {}
    return YES.get(action, OK)


def outcome(version: str, command: StationAction, *payloads: Any) -> Outcome:
    event = requested(command)
    calls = calls_of(event, Station(version=version, heard=HEARD), Glass())
    assert not isinstance(calls, Inexpressible)
    answers = [one if isinstance(one, CallError) else CallResult(message_id="m", payload=one) for one in payloads]
    answered = list(zip(calls[: len(answers)], answers, strict=True))
    return outcome_of(event, answered, version=version, sealing=Glass())


def response(version: str, command: StationAction, *payloads: Any) -> StationResponse | None:
    found = outcome(version, command, *payloads)
    assert found.outcome == "succeeded"
    return found.response


def variable(name: str, status: str, **own: Any) -> VariableReading:
    return VariableReading(component="OCPPCommCtrlr", variable=name, status=status, **own)


@pytest.mark.parametrize(
    ("version", "action"),
    [(v, action) for v in VERSIONS for action, said in sorted(ACTIONS.items()) if said.action(v) is not None],
)
def test_a_yes_of_every_action_is_a_success(version: str, action: str) -> None:
    name = str(ACTIONS[action].action(version))
    payload = yes(version, name)
    assert response_violation(version, name, payload) is None
    found = outcome(version, example(action), payload)
    assert found.outcome == "succeeded"


@pytest.mark.parametrize(
    ("version", "command", "payload", "expected"),
    [
        ("1.6", example("ResetStation"), {"status": "Rejected"}, ("refused", "Rejected")),
        ("1.6", example("ResetStation"), {"status": 5}, ("refused", "invalid-answer")),
        ("1.6", example("ResetStation"), [], ("refused", "invalid-answer")),
        ("2.0.1", example("ResetStation"), {"status": "Accepted", "statusInfo": None}, ("succeeded", "Accepted")),
        ("2.0.1", example("ResetStation"), {"status": None}, ("refused", "invalid-answer")),
        ("2.0.1", example("SetChargingProfile"), "Accepted", ("refused", "invalid-answer")),
        ("2.0.1", example("SetVariables"), None, ("refused", "invalid-answer")),
        (
            "1.6",
            example("ResetStation"),
            CallError(message_id="m", code="NotImplemented", description="no"),
            ("refused", "NotImplemented"),
        ),
        ("1.6", example("GetLocalListVersion"), {"listVersion": -1}, ("refused", "NotSupported")),
        ("1.6", example("GetLocalListVersion"), {"listVersion": 0}, ("succeeded", "Accepted")),
        ("1.6", example("GetDiagnostics"), {}, ("refused", "NoDiagnostics")),
        ("1.6", example("UnlockConnector"), {"status": "UnlockFailed"}, ("refused", "UnlockFailed")),
        ("1.6", example("SetVariables"), {"status": "RebootRequired"}, ("succeeded", "RebootRequired")),
        ("1.6", example("SetVariables"), {"status": "NotSupported"}, ("refused", "NotSupported")),
        ("2.0.1", example("GetBaseReport"), {"status": "EmptyResultSet"}, ("succeeded", "EmptyResultSet")),
        ("2.0.1", example("SetMonitoringBase"), {"status": "EmptyResultSet"}, ("refused", "EmptyResultSet")),
        ("2.0.1", example("GetInstalledCertificateIds"), {"status": "NotFound"}, ("succeeded", "NotFound")),
        ("2.0.1", example("DeleteCertificate"), {"status": "NotFound"}, ("refused", "NotFound")),
        ("2.0.1", example("GetLog"), {"status": "AcceptedCanceled"}, ("succeeded", "AcceptedCanceled")),
        ("2.1", example("SetDefaultTariff"), {"status": "TooManyElements"}, ("refused", "TooManyElements")),
        ("2.1", example("SendLocalList"), {"status": "VersionMismatch"}, ("refused", "VersionMismatch")),
    ],
)
def test_an_answer_means_an_outcome(
    version: str, command: StationAction, payload: Any, expected: tuple[str, str]
) -> None:
    found = outcome(version, command, payload)
    assert (found.outcome, found.answer) == expected


def test_why_a_station_refuses_is_told() -> None:
    about = {"reasonCode": "InvalidProfile", "additionalInfo": "no such EVSE"}
    found = outcome("2.0.1", example("SetChargingProfile"), {"status": "Rejected", "statusInfo": about})
    assert found == Outcome(
        outcome="refused",
        answer="Rejected",
        detail="InvalidProfile",
        response=StationResponse(reason_code="InvalidProfile", additional_info="no such EVSE"),
    )


def test_variables_read_alike_in_both_worlds() -> None:
    value = V | {"attributeStatus": "Accepted", "attributeValue": "300", "attributeType": "Actual"}
    lost = {
        "component": {"name": "EVSE", "evse": {"id": 1, "connectorId": 2}, "instance": "a"},
        "variable": {"name": "Power", "instance": "b"},
        "attributeStatus": "UnknownVariable",
        "attributeStatusInfo": {"reasonCode": "NotFound"},
    }
    assert response("2.0.1", example("GetVariables"), {"getVariableResult": [value, lost]}) == StationResponse(
        variables=(
            variable("HeartbeatInterval", "Accepted", value="300", attribute="Actual"),
            VariableReading(
                component="EVSE",
                component_instance="a",
                evse_number=1,
                connector_number=2,
                variable="Power",
                variable_instance="b",
                status="UnknownVariable",
                reason_code="NotFound",
            ),
        )
    )
    keys = [
        {"key": "HeartbeatInterval", "readonly": False, "value": "300"},
        {"key": "VolumePercent", "readonly": True},
    ]
    assert response("1.6", example("GetVariables"), {"configurationKey": keys, "unknownKey": ["X"]}) == StationResponse(
        variables=(
            variable("HeartbeatInterval", "Accepted", value="300", read_only=False),
            VariableReading(
                component="OCPP16Configuration", variable="VolumePercent", status="Accepted", read_only=True
            ),
            VariableReading(component="OCPP16Configuration", variable="X", status="UnknownVariable"),
        )
    )


def test_a_password_that_a_station_tells_is_sealed() -> None:
    key = {"key": "AuthorizationKey", "readonly": False, "value": "30313233"}
    said = response("1.6", example("GetVariables"), {"configurationKey": [key]})
    assert said == StationResponse(
        variables=(
            VariableReading(
                component="SecurityCtrlr",
                variable="BasicAuthPassword",
                status="Accepted",
                value_sealed=glass("30313233"),
                read_only=False,
            ),
        )
    )


def test_what_was_set_and_what_was_not() -> None:
    (one,) = example("SetVariables").variables
    two = (one, one.model_copy(update={"variable": "ResetRetries"}))
    answers: tuple[Any, ...] = (OK, {"status": "Rejected"})
    found = outcome("1.6", example("SetVariables", variables=two), *answers)
    assert (found.outcome, found.answer) == ("refused", "Rejected")
    assert found.response == StationResponse(
        variables=(variable("HeartbeatInterval", "Accepted"), variable("ResetRetries", "Rejected"))
    )


def test_what_reads_back_in_parts_is_read_back_whole() -> None:
    schedule = {
        "evseId": 1,
        "duration": 3600,
        "scheduleStart": "2026-11-20T17:00:00Z",
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16.1, "numberPhases": 3}],
    }
    at = datetime(2026, 11, 20, 17, tzinfo=UTC)
    periods = (ChargingSchedulePeriod(start_period_s=0, limit=Decimal("16.1"), number_phases=3),)
    wanted = StationResponse(
        schedule=CompositeSchedule(
            evse_number=1, duration_s=3600, starts_at=at, charging_rate_unit="A", charging_schedule_period=periods
        )
    )
    asked = example("GetCompositeSchedule")
    assert response("2.0.1", asked, OK | {"schedule": schedule}) == wanted
    old = {key: schedule[key] for key in ("duration", "chargingRateUnit", "chargingSchedulePeriod")}
    begins = {"connectorId": 1, "scheduleStart": "2026-11-20T17:00:00Z"}
    assert response("1.6", asked, OK | begins | {"chargingSchedule": old}) == wanted


def test_certificates_are_told_by_their_hashes() -> None:
    known = CertificateHash(
        hash_algorithm="SHA256", issuer_name_hash="9f2c", issuer_key_hash="51ab", serial_number="1a2b"
    )
    chain = {
        "certificateHashData": HASH,
        "certificateType": "V2GCertificateChain",
        "childCertificateHashData": [HASH],
    }
    said = response("2.0.1", example("GetInstalledCertificateIds"), OK | {"certificateHashDataChain": [chain]})
    assert said == StationResponse(
        certificates=(
            InstalledCertificate(certificate_type="V2GCertificateChain", certificate=known, children=(known,)),
        )
    )
    both = example("GetInstalledCertificateIds", certificate_types=())
    said = response("1.6", both, OK | {"certificateHashData": [HASH]}, {"status": "NotFound"})
    assert said == StationResponse(
        certificates=(InstalledCertificate(certificate_type="CSMSRootCertificate", certificate=known),)
    )


@pytest.mark.parametrize(
    ("version", "command", "payload", "expected"),
    [
        ("2.0.1", example("GetLocalListVersion"), {"versionNumber": 12}, StationResponse(list_version=12)),
        ("1.6", example("GetLocalListVersion"), {"listVersion": 12}, StationResponse(list_version=12)),
        ("1.6", example("GetLog"), OK | {"filename": "l.zip"}, StationResponse(file_name="l.zip")),
        ("2.1", example("GetLog"), OK | {"filename": "l.zip"}, StationResponse(file_name="l.zip")),
        ("1.6", example("GetDiagnostics"), {"fileName": "d.zip"}, StationResponse(file_name="d.zip")),
        (
            "2.0.1",
            example("GetTransactionStatus"),
            {"ongoingIndicator": True, "messagesInQueue": False},
            StationResponse(is_ongoing=True, has_messages_queued=False),
        ),
        (
            "2.0.1",
            example("StartTransactionRemotely"),
            OK | {"transactionId": "tx-1"},
            StationResponse(transaction_id="tx-1"),
        ),
        (
            "2.1",
            example("SetDerControl"),
            OK | {"supersededIds": ["c-0"]},
            StationResponse(superseded_control_ids=("c-0",)),
        ),
        ("1.6", example("TransferData"), OK | {"data": "x"}, StationResponse(data_sealed=glass("x"))),
        ("2.0.1", example("TransferData"), OK | {"data": {"a": 1}}, StationResponse(data_sealed=glass({"a": 1}))),
        (
            "2.1",
            example("GetPeriodicEventStreams"),
            {"constantStreamData": [{"id": 5, "variableMonitoringId": 9, "params": {"interval": 10}}]},
            StationResponse(event_streams=(EventStream(stream_id=5, variable_monitoring_id=9, interval_s=10),)),
        ),
        (
            "2.1",
            example("GetTariffs"),
            OK
            | {
                "tariffAssignments": [
                    {"tariffId": "T", "tariffKind": "DriverTariff", "evseIds": [1], "idTokens": ["04A2B3C4"]}
                ]
            },
            StationResponse(
                tariffs=(
                    TariffAtStation(
                        tariff_id="T",
                        tariff_kind="DriverTariff",
                        evse_numbers=(1,),
                        id_tokens_sealed=(glass("04A2B3C4"),),
                    ),
                )
            ),
        ),
        (
            "2.1",
            example("ClearTariffs"),
            {"clearTariffsResult": [OK | {"tariffId": "T"}]},
            StationResponse(tariffs=(TariffAtStation(tariff_id="T", status="Accepted"),)),
        ),
        (
            "2.0.1",
            example("ClearVariableMonitoring"),
            {"clearMonitoringResult": [OK | {"id": 11}]},
            StationResponse(monitors=(MonitorResult(monitor_id=11, status="Accepted"),)),
        ),
        (
            "2.0.1",
            example("SendRawCall", ocpp_version="2.0.1", ocpp_action="ClearCache", payload_sealed=glass({})),
            OK,
            StationResponse(payload_sealed=glass(OK)),
        ),
    ],
)
def test_all_that_an_answer_says_is_kept(
    version: str, command: StationAction, payload: dict[str, Any], expected: StationResponse
) -> None:
    assert response(version, command, payload) == expected


def test_an_answer_whose_rest_fits_nowhere_is_an_outcome_all_the_same() -> None:
    schedule = {
        "evseId": 1,
        "duration": 3600,
        "scheduleStart": "9999-12-31T23:59:59-14:00",
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16.1}],
    }
    found = outcome("2.0.1", example("GetCompositeSchedule"), OK | {"schedule": schedule})
    assert found == Outcome(outcome="succeeded", answer="Accepted", detail="the rest of the answer cannot be read")


@pytest.mark.parametrize("number", [2**31, 2**63])
def test_a_number_that_fits_nowhere_is_not_put_on_the_log(number: int) -> None:
    found = outcome("2.0.1", example("GetLocalListVersion"), {"versionNumber": number})
    assert found == Outcome(outcome="succeeded", answer="Accepted", detail="the rest of the answer cannot be read")
    monitor = {"clearMonitoringResult": [OK | {"id": number}]}
    assert outcome("2.0.1", example("ClearVariableMonitoring"), monitor).response is None
