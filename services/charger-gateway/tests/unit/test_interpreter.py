"""Each bad call has its version's error code; each good one its translation."""

from datetime import UTC, datetime
from typing import Any

import pytest

from charger_gateway.adapters.ocpp.dialects import Interpreter
from charger_gateway.adapters.ocpp.frames import Call
from charger_gateway.adapters.ocpp.schemas import Violation
from charger_gateway.domain.ids import token_key
from charger_gateway.domain.station import Heard, TokenVerdict, Translated
from charger_gateway.ports import KnownStation, StationShape

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
HEARD = Heard(tenant="volt", station_id="NLVOLT0001", epoch=1, received_at=NOON, frame_ref="1-1", cpo_party_id="NL-VLT")
KEY = b"t" * 32
AT = "2026-11-20T12:00:00Z"
START = {"connectorId": 1, "idTag": "CARD", "meterStart": 0, "timestamp": AT}


# ruff: noqa: ARG002 - a twin keeps the port's signatures
class KnowsOneCard:
    """A directory in which CARD may charge and nothing else may."""

    def station(self, station_id: str) -> KnownStation | None:
        return None

    def shape(self, tenant: str, station_id: str) -> StationShape:
        return StationShape()

    def judge(self, uid_hmac: str, *, cpo_party_id: str | None, at: datetime) -> TokenVerdict:
        known = uid_hmac == token_key("CARD", KEY)
        return TokenVerdict(status="Accepted", token_ref="tok-1") if known else TokenVerdict(status="Invalid")


INTERPRETER = Interpreter(directory=KnowsOneCard(), token_key=KEY, number_key=b"n" * 32, heartbeat_interval_s=300)


def hear(version: str, action: str, payload: Any) -> Translated | Violation:
    return INTERPRETER.hear(version, Call(message_id="m1", action=action, payload=payload), HEARD)


@pytest.mark.parametrize(
    ("version", "action", "payload", "code"),
    [
        ("1.6", "Nonsense", {}, "NotImplemented"),
        ("2.0.1", "StartTransaction", START, "NotImplemented"),
        ("1.6", "Reset", {"type": "Hard"}, "NotSupported"),
        ("1.6", "DiagnosticsStatusNotification", {"status": "Idle"}, "NotSupported"),
        ("2.0.1", "NotifyEvent", {}, "NotSupported"),
        ("1.6", "StartTransaction", START | {"connectorId": "1"}, "TypeConstraintViolation"),
        ("1.6", "StartTransaction", START | {"idTag": "x" * 21}, "PropertyConstraintViolation"),
        ("1.6", "StartTransaction", START | {"timestamp": "banana"}, "PropertyConstraintViolation"),
        ("1.6", "StartTransaction", START | {"meterStart": 2**63}, "PropertyConstraintViolation"),
        ("1.6", "StartTransaction", START | {"color": "red"}, "FormationViolation"),
        ("1.6", "StartTransaction", {}, "OccurenceConstraintViolation"),
        ("1.6", "StartTransaction", [1], "FormationViolation"),
        ("1.6", "StartTransaction", None, "FormationViolation"),
        ("1.6", "StatusNotification", {"connectorId": 1, "errorCode": "NoError", "status": "Happy"}, "Property…"),
        ("2.0.1", "BootNotification", {"reason": "PowerUp"}, "OccurrenceConstraintViolation"),
        ("2.0.1", "Heartbeat", {"x": 1}, "FormatViolation"),
        ("2.0.1", "Heartbeat", "x", "FormatViolation"),
        ("2.0.1", "Authorize", {"idToken": {"idToken": 5, "type": "ISO14443"}}, "TypeConstraintViolation"),
        ("2.0.1", "Authorize", {"idToken": {"idToken": "x", "type": "Tattoo"}}, "PropertyConstraintViolation"),
        ("2.0.1", "MeterValues", {"evseId": 1, "meterValue": []}, "OccurrenceConstraintViolation"),
    ],
)
def test_a_bad_call_has_its_code(version: str, action: str, payload: Any, code: str) -> None:
    heard = hear(version, action, payload)
    assert isinstance(heard, Violation)
    assert heard.code == code.replace("Property…", "PropertyConstraintViolation")


def test_an_error_never_quotes_the_payload() -> None:
    heard = hear("1.6", "Authorize", {"idTag": "04A2B3C4D5E6F7A8B9C0D1"})
    assert isinstance(heard, Violation)
    assert "04A2" not in heard.description


def test_custom_data_of_a_vendor_passes() -> None:
    payload = {"idToken": {"idToken": "CARD", "type": "ISO14443"}, "customData": {"vendorId": "acme", "x": [1, {}]}}
    heard = hear("2.0.1", "Authorize", payload)
    assert isinstance(heard, Translated)
    assert heard.answer == {"idTokenInfo": {"status": "Accepted"}}


@pytest.mark.parametrize(("tag", "status"), [("CARD", "Accepted"), ("card", "Accepted"), ("other", "Invalid")])
def test_a_token_is_judged_whatever_its_case(tag: str, status: str) -> None:
    heard = hear("1.6", "Authorize", {"idTag": tag})
    assert isinstance(heard, Translated)
    assert heard.answer == {"idTagInfo": {"status": status}}


def test_no_authorization_is_accepted() -> None:
    heard = hear("2.0.1", "Authorize", {"idToken": {"idToken": "", "type": "NoAuthorization"}})
    assert isinstance(heard, Translated)
    assert heard.answer == {"idTokenInfo": {"status": "Accepted"}}


@pytest.mark.parametrize("version", ["1.6", "2.0.1"])
def test_data_transfer_knows_no_vendor(version: str) -> None:
    heard = hear(version, "DataTransfer", {"vendorId": "acme"})
    assert heard == Translated(answer={"status": "UnknownVendorId"})
