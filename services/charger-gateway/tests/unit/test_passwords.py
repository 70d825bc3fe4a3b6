"""Which answers of a station say that it took a new password, and as what the registry keeps it."""

from typing import Any

import pytest

from charger_gateway.adapters.ocpp.commands import OutgoingCall
from charger_gateway.adapters.ocpp.frames import CallError, CallResult
from charger_gateway.adapters.ocpp.passwords import password_taken

PASSWORD = "volt-secret-0001"
DIGITS = "0F1E2D3C4B5A69788796A5B4C3D2E1F00F1E2D3C"
NAME = {"component": {"name": "SecurityCtrlr"}, "variable": {"name": "BasicAuthPassword"}}
OTHER = {"component": {"name": "SecurityCtrlr"}, "variable": {"name": "Identity"}}


def changed(key: str, value: str, status: str) -> tuple[OutgoingCall, CallResult]:
    call = OutgoingCall(action="ChangeConfiguration", payload={"key": key, "value": value})
    return call, CallResult(message_id="m", payload={"status": status})


def set_to(*words: tuple[dict[str, Any], str]) -> tuple[OutgoingCall, CallResult]:
    wanted = [{**name, "attributeValue": PASSWORD} for name, _ in words]
    results = [{**name, "attributeStatus": status} for name, status in words]
    call = OutgoingCall(action="SetVariables", payload={"setVariableData": wanted})
    return call, CallResult(message_id="m", payload={"setVariableResult": results})


ASKED: dict[str, dict[str, Any]] = {
    "ChangeConfiguration": {"key": "AuthorizationKey", "value": DIGITS},
    "SetVariables": {"setVariableData": [{**NAME, "attributeValue": PASSWORD}]},
}
NO_ANSWERS: tuple[Any, ...] = (
    "Accepted",
    None,
    ["Accepted"],
    {"status": ["Accepted"]},
    {"setVariableResult": 1},
    {"setVariableResult": ["x"]},
    {"setVariableResult": [{"component": [], "variable": 1}]},
    {"setVariableResult": [{**NAME, "attributeStatus": {}}]},
)


def odd(action: str, said: Any) -> tuple[OutgoingCall, CallResult]:
    return OutgoingCall(action=action, payload=ASKED[action]), CallResult(message_id="m", payload=said)


@pytest.mark.parametrize(
    ("answered", "kept"),
    [
        (changed("AuthorizationKey", DIGITS, "Accepted"), DIGITS.lower().encode()),
        (changed("AuthorizationKey", DIGITS, "RebootRequired"), DIGITS.lower().encode()),
        (changed("AuthorizationKey", PASSWORD, "Accepted"), PASSWORD.encode()),
        (changed("AuthorizationKey", DIGITS, "Rejected"), None),
        (changed("HeartbeatInterval", DIGITS, "Accepted"), None),
        (set_to((NAME, "Accepted")), PASSWORD.encode()),
        (set_to((OTHER, "Accepted"), (NAME, "Accepted")), PASSWORD.encode()),
        (set_to((OTHER, "Accepted"), (NAME, "Rejected")), None),
        (set_to((OTHER, "Accepted")), None),
        *((odd(action, said), None) for action in ASKED for said in NO_ANSWERS),
    ],
)
def test_only_a_password_that_was_taken_is_told(answered: Any, kept: bytes | None) -> None:
    assert password_taken([answered]) == kept


def test_an_error_takes_nothing_and_the_last_word_counts() -> None:
    call, _ = set_to((NAME, "Accepted"))
    error = CallError(message_id="m", code="InternalError", description="")
    assert password_taken([(call, error)]) is None
    assert password_taken([set_to((NAME, "Accepted")), changed("AuthorizationKey", DIGITS, "Accepted")]) == (
        DIGITS.lower().encode()
    )
