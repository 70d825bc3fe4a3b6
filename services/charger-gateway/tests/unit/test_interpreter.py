"""Each bad call has its version's error code; each good one its translation."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from charger_gateway.adapters.ocpp import dialects
from charger_gateway.adapters.ocpp.dialects import Interpreter
from charger_gateway.adapters.ocpp.frames import Call
from charger_gateway.adapters.ocpp.interpreter import Said
from charger_gateway.adapters.ocpp.schemas import Violation
from charger_gateway.domain.ids import token_key
from charger_gateway.domain.station import Heard, TokenVerdict, Translated
from charger_gateway.ports import KnownStation, StationShape
from ev_contracts.gateway import MessageQuarantined

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
HEARD = Heard(tenant="volt", station_id="NLVOLT0001", epoch=1, received_at=NOON, frame_ref="1-1", cpo_party_id="NL-VLT")
KEY = b"t" * 32
AT = "2026-11-20T12:00:00Z"
METER_AT_BANANA = [{"timestamp": "banana", "sampledValue": [{"value": 1.0}]}]
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


def hear(version: str, action: str, payload: Any) -> Said | Violation:
    heard = replace(HEARD, version=version)
    return dialects.hear(INTERPRETER, Call(message_id="m1", action=action, payload=payload), heard)


@pytest.mark.parametrize(
    ("version", "action", "payload", "code"),
    [
        ("1.6", "Nonsense", {}, "NotImplemented"),
        ("2.0.1", "StartTransaction", START, "NotImplemented"),
        ("1.6", "Reset", {"type": "Hard"}, "NotSupported"),
        ("2.1", "GetTariffs", {}, "NotSupported"),
        ("2.0.1", "NotifySettlement", {}, "NotImplemented"),
        ("1.6", "StartTransaction", START | {"connectorId": "1"}, "TypeConstraintViolation"),
        ("1.6", "StartTransaction", START | {"idTag": "x" * 21}, "PropertyConstraintViolation"),
        ("1.6", "StartTransaction", START | {"timestamp": "banana"}, "TypeConstraintViolation"),
        ("1.6", "StartTransaction", START | {"timestamp": "2026-11-20"}, "TypeConstraintViolation"),
        ("1.6", "StartTransaction", START | {"timestamp": "0001-01-01T00:00:00+14:00"}, "PropertyConstraintViolation"),
        ("1.6", "StartTransaction", START | {"meterStart": 2**63}, "PropertyConstraintViolation"),
        ("1.6", "StartTransaction", START | {"color": "red"}, "FormationViolation"),
        ("1.6", "StartTransaction", {}, "OccurenceConstraintViolation"),
        ("1.6", "StartTransaction", [1], "FormationViolation"),
        ("1.6", "StartTransaction", None, "OccurenceConstraintViolation"),
        ("1.6", "StatusNotification", {"connectorId": 1, "errorCode": "NoError", "status": "Happy"}, "Property…"),
        ("2.0.1", "BootNotification", {"reason": "PowerUp"}, "OccurrenceConstraintViolation"),
        ("2.0.1", "Heartbeat", {"x": 1}, "FormatViolation"),
        ("2.0.1", "Heartbeat", "x", "FormatViolation"),
        ("2.0.1", "Heartbeat", None, "FormatViolation"),
        ("2.1", "Heartbeat", None, "FormatViolation"),
        ("2.1", "BootNotification", {"reason": "PowerUp"}, "OccurrenceConstraintViolation"),
        ("2.0.1", "MeterValues", {"evseId": 1, "meterValue": METER_AT_BANANA}, "TypeConstraintViolation"),
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


def test_an_empty_payload_may_be_null_in_1_6() -> None:
    heard = hear("1.6", "Heartbeat", None)
    assert isinstance(heard, Translated)


@pytest.mark.parametrize("text", ["2026-11-20T12:00:00", "2026-11-20T13:00:00.123456789+01:00", "2026-11-20T12:00Z"])
def test_a_time_of_any_offset_and_precision_is_one(text: str) -> None:
    heard = hear("1.6", "StartTransaction", START | {"timestamp": text})
    assert isinstance(heard, Translated)
    assert heard.facts[0].record.model_dump()["started_at"].replace(microsecond=0) == NOON


def refused(action: str, payload: Any) -> Any:
    call = Call(message_id="m1", action=action, payload=payload)
    violation = dialects.hear(INTERPRETER, call, HEARD)
    assert isinstance(violation, Violation)
    return [fact.record for fact in dialects.quarantine(call, violation, HEARD)]


def test_a_broken_message_that_may_hold_energy_is_kept_for_review() -> None:
    stop = {"transactionId": 77, "meterStop": "9400", "timestamp": AT}
    assert refused("StopTransaction", stop) == [
        MessageQuarantined(
            station_id="NLVOLT0001",
            ocpp_version="1.6",
            action="StopTransaction",
            message_id="m1",
            code="TypeConstraintViolation",
            reason="meterStop: type integer",
            transaction_id="77",
            epoch=1,
            received_at=NOON,
            frame_ref="1-1",
        )
    ]


@pytest.mark.parametrize(
    ("payload", "transaction_id"),
    [
        ({"transactionInfo": {"transactionId": "tx-1"}}, "tx-1"),
        ({"transactionInfo": "tx-1"}, None),
        ({"transactionId": True}, None),
        ({"transactionId": ["x"]}, None),
        ([], None),
    ],
)
def test_what_is_kept_names_its_transaction_where_it_can_be_read(payload: Any, transaction_id: str | None) -> None:
    heard = replace(HEARD, version="2.0.1")
    violation = Violation(code="FormatViolation", description="payload: type")
    call = Call(message_id="m1", action="TransactionEvent", payload=payload)
    [fact] = dialects.quarantine(call, violation, heard)
    assert fact.record.model_dump()["transaction_id"] == transaction_id


def test_a_broken_message_without_energy_leaves_nothing() -> None:
    assert refused("StatusNotification", {}) == []
