"""Commands in each OCPP version's words, and answers as outcomes."""

from datetime import UTC, datetime
from typing import Any

import pytest

from charger_gateway.adapters.ocpp.commands import Inexpressible, Outcome, OutgoingCall, call_of, outcome_of
from charger_gateway.adapters.ocpp.frames import CallError, CallResult
from charger_gateway.domain.ids import remote_start_number
from charger_gateway.domain.station import Heard
from charger_gateway.ports import IdToken
from ev_contracts.gateway import CommandRequested

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
HEARD = Heard(
    tenant="volt",
    station_id="NLVOLT0001",
    epoch=1,
    received_at=NOON,
    frame_ref="",
    connectors=((1, 1), (1, 2), (2, 1)),
)
CARD = IdToken(uid="04A2B3C4", type="ISO14443")


def said(version: str, action: str, token: IdToken | None = None, **own: Any) -> OutgoingCall | Inexpressible:
    command = CommandRequested(
        command_id="c1",
        station_id="NLVOLT0001",
        action=action,
        requested_by="ops",
        requested_at=NOON,
        expires_at=NOON,
        **own,
    )
    return call_of(command, version=version, heard=HEARD, token=token)


def call(action: str, **payload: Any) -> OutgoingCall:
    return OutgoingCall(action=action, payload=payload)


@pytest.mark.parametrize(
    ("version", "action", "own", "expected"),
    [
        ("1.6", "ResetStation", {"hard": True}, call("Reset", type="Hard")),
        ("1.6", "ResetStation", {"hard": False}, call("Reset", type="Soft")),
        ("2.0.1", "ResetStation", {"hard": True}, call("Reset", type="Immediate")),
        ("2.0.1", "ResetStation", {"hard": False}, call("Reset", type="OnIdle")),
        ("1.6", "StopTransactionRemotely", {"transaction_id": "77"}, call("RemoteStopTransaction", transactionId=77)),
        (
            "2.0.1",
            "StopTransactionRemotely",
            {"transaction_id": "tx"},
            call("RequestStopTransaction", transactionId="tx"),
        ),
        (
            "1.6",
            "TriggerStationMessage",
            {"message": "MeterValues", "evse_number": 2},
            call("TriggerMessage", requestedMessage="MeterValues", connectorId=3),
        ),
        (
            "2.0.1",
            "TriggerStationMessage",
            {"message": "StatusNotification", "evse_number": 2, "connector_number": 1},
            call("TriggerMessage", requestedMessage="StatusNotification", evse={"id": 2, "connectorId": 1}),
        ),
        (
            "1.6",
            "TriggerStationMessage",
            {"message": "Heartbeat"},
            call("TriggerMessage", requestedMessage="Heartbeat"),
        ),
    ],
)
def test_each_version_has_its_words(version: str, action: str, own: dict[str, Any], expected: OutgoingCall) -> None:
    assert said(version, action, **own) == expected


def test_remote_starts_carry_the_token_and_2x_our_number() -> None:
    old = said("1.6", "StartTransactionRemotely", CARD, evse_number=2)
    assert old == call("RemoteStartTransaction", idTag="04A2B3C4", connectorId=3)
    assert said("2.0.1", "StartTransactionRemotely", CARD) == call(
        "RequestStartTransaction",
        idToken={"idToken": "04A2B3C4", "type": "ISO14443"},
        remoteStartId=remote_start_number("c1"),
    )


@pytest.mark.parametrize(
    ("version", "action", "own"),
    [
        ("1.6", "StopTransactionRemotely", {"transaction_id": "tx-1"}),
        ("1.6", "StartTransactionRemotely", {}),
        ("2.0.1", "TriggerStationMessage", {"message": "Everything"}),
        ("2.0.1", "SomethingNew", {}),
    ],
)
def test_what_cannot_be_said_is_not(version: str, action: str, own: dict[str, Any]) -> None:
    assert isinstance(said(version, action, **own), Inexpressible)


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (CallResult(message_id="m", payload={"status": "Accepted"}), Outcome(outcome="succeeded", answer="Accepted")),
        (CallResult(message_id="m", payload={"status": "Rejected"}), Outcome(outcome="refused", answer="Rejected")),
        (
            CallResult(message_id="m", payload={"status": 5}),
            Outcome(outcome="refused", answer="invalid-answer", detail="status: type"),
        ),
        (
            CallError(message_id="m", code="NotImplemented", description="no"),
            Outcome(outcome="refused", answer="NotImplemented", detail="no"),
        ),
    ],
)
def test_an_answer_means_an_outcome(answer: CallResult | CallError, outcome: Outcome) -> None:
    assert outcome_of("Reset", answer, version="1.6") == outcome
