"""What a foreign station says and answers: the least that the OCA's schemas allow, made from the schemas themselves."""

import importlib.util
import json
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

from conformance.seeding import VALID

V16, V201, V21 = "1.6", "2.0.1", "2.1"
Message: TypeAlias = tuple[str, dict[str, Any]]

AT = "2026-11-26T12:00:00Z"
# The Rust station of 2.x holds nothing but custom data in a DataTransfer.
_THING = {"vendorId": "nobody.example", "of": "its own"}
_FOLDERS = {V16: "v16", V201: "v201", V21: "v21"}
_FROM_STATIONS = frozenset(
    {
        *("Authorize", "BatterySwap", "BootNotification", "ClearedChargingLimit", "ClosePeriodicEventStream"),
        *("DiagnosticsStatusNotification", "FirmwareStatusNotification", "Get15118EVCertificate"),
        *("GetCertificateChainStatus", "GetCertificateStatus", "Heartbeat", "LogStatusNotification", "MeterValues"),
        *("NotifyChargingLimit", "NotifyCustomerInformation", "NotifyDERAlarm", "NotifyDERStartStop"),
        *("NotifyDisplayMessages", "NotifyEVChargingNeeds", "NotifyEVChargingSchedule", "NotifyEvent"),
        *("NotifyMonitoringReport", "NotifyPriorityCharging", "NotifyReport", "NotifySettlement"),
        *("OpenPeriodicEventStream", "PublishFirmwareStatusNotification", "PullDynamicScheduleUpdate"),
        *("ReportChargingProfiles", "ReportDERControl", "ReservationStatusUpdate", "SecurityEventNotification"),
        *("SignCertificate", "SignedFirmwareStatusNotification", "StartTransaction", "StatusNotification"),
        *("StopTransaction", "TransactionEvent", "VatNumberValidation"),
    }
)
_FILE = "https://files.example/of"
# A schema says that a text is a text; these say which.
_WORDS: dict[str, Any] = {
    "idTag": VALID,
    "value": "7",
    "csr": "-",
    "expiryDate": AT,
    "connectorId": 1,
    "id": 1,
    "location": _FILE,
    "remoteLocation": _FILE,
}

# What 1.6 leaves open and libraries do not.
_MORE: dict[str, dict[str, Any]] = {
    "LogStatusNotification": {"requestId": 1},
    "SecurityEventNotification": {"techInfo": "none"},
    "SignedFirmwareStatusNotification": {"requestId": 1},
}


def commands(version: str) -> dict[str, dict[str, Any]]:
    """Every action that goes to a station, with a payload that its schema allows."""
    made = {name: _asked(version, name) for name in _actions(version) if name not in _FROM_STATIONS}
    made["DataTransfer"]["data"] = "a thing" if version == V16 else _THING
    return made


def answers(version: str) -> dict[str, dict[str, Any]]:
    """What a station answers to each."""
    return {name: least(version, f"{name}Response") for name in commands(version)}


def session(version: str) -> tuple[Message, ...]:
    """A boot, a charging session, and one of every other message that a station of the version may say."""
    said = _session_v16() if version == V16 else _session_v2()
    others = _FROM_STATIONS.intersection(_actions(version)).difference(action for action, _ in said)
    return (*said, *((name, _asked(version, name)) for name in sorted(others)))


def least(version: str, name: str) -> Any:
    """The smallest payload that the schema of that name allows; Accepted where that is a choice."""
    schema = json.loads((_folder(version) / f"{name}.json").read_text(encoding="utf-8-sig"))
    return _made(schema, schema.get("definitions", {}), "")


def _asked(version: str, action: str) -> Any:
    made = least(version, action if version == V16 else f"{action}Request")
    return made | _MORE.get(action, {})


def _actions(version: str) -> list[str]:
    suffix = "Response.json"
    return sorted(path.name.removesuffix(suffix) for path in _folder(version).glob(f"*{suffix}"))


def _made(schema: dict[str, Any], definitions: dict[str, Any], name: str) -> Any:
    if "$ref" in schema:
        return _made(definitions[schema["$ref"].rpartition("/")[2]], definitions, name)
    if "enum" in schema:
        return "Accepted" if "Accepted" in schema["enum"] else schema["enum"][0]
    kind = schema.get("type", "string")
    if kind == "object":
        wanted = schema.get("required", ())
        return {one: _made(schema["properties"][one], definitions, one) for one in wanted}
    if kind == "array":
        return [_made(schema["items"], definitions, name)] * max(1, schema.get("minItems", 1))
    return _scalar(schema, kind, name)


def _scalar(schema: dict[str, Any], kind: str, name: str) -> Any:
    if kind in {"integer", "number"}:
        return max(1, int(schema.get("minimum", 1)))
    if kind == "boolean":
        return False
    if schema.get("format") == "date-time":
        return AT
    if schema.get("format") == "uri":
        return _FILE
    word = _WORDS.get(name, "1")
    return word if isinstance(word, str) else str(word)


@cache
def _folder(version: str) -> Path:
    spec = importlib.util.find_spec("ocpp")
    assert spec is not None
    assert spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0]) / _FOLDERS[version] / "schemas"


def _session_v16() -> tuple[Message, ...]:
    status = {"connectorId": 1, "errorCode": "NoError", "timestamp": AT}
    sample = {"timestamp": AT, "sampledValue": [{"value": "1500", "context": "Sample.Periodic"}]}
    return (
        ("BootNotification", {"chargePointVendor": "Foreign", "chargePointModel": "One"}),
        ("StatusNotification", {**status, "status": "Available"}),
        ("Heartbeat", {}),
        ("Authorize", {"idTag": VALID}),
        ("StartTransaction", {"connectorId": 1, "idTag": VALID, "meterStart": 1_000, "timestamp": AT}),
        ("StatusNotification", {**status, "status": "Charging"}),
        ("MeterValues", {"connectorId": 1, "transactionId": 0, "meterValue": [sample]}),
        ("StopTransaction", {"transactionId": 0, "idTag": VALID, "meterStop": 2_000, "timestamp": AT}),
        ("StatusNotification", {**status, "status": "Available"}),
        ("DataTransfer", {"vendorId": "nobody.example", "data": "a thing"}),
    )


def _session_v2() -> tuple[Message, ...]:
    token = {"idToken": VALID, "type": "ISO14443"}
    status = {"timestamp": AT, "evseId": 1, "connectorId": 1}

    def event(kind: str, trigger: str, seq: int, **more: Any) -> Message:
        info = {"transactionId": "a-foreign-session", "chargingState": "Charging"}
        payload = {"eventType": kind, "timestamp": AT, "triggerReason": trigger, "seqNo": seq, "transactionInfo": info}
        return ("TransactionEvent", payload | more)

    reading = {"value": 1500, "context": "Sample.Periodic"}
    return (
        ("BootNotification", {"reason": "PowerUp", "chargingStation": {"vendorName": "Foreign", "model": "One"}}),
        ("StatusNotification", {**status, "connectorStatus": "Available"}),
        ("Heartbeat", {}),
        ("Authorize", {"idToken": token}),
        event("Started", "Authorized", 0, evse={"id": 1, "connectorId": 1}, idToken=token),
        ("StatusNotification", {**status, "connectorStatus": "Occupied"}),
        event("Updated", "MeterValuePeriodic", 1, meterValue=[{"timestamp": AT, "sampledValue": [reading]}]),
        event("Ended", "StopAuthorized", 2, idToken=token),
        ("StatusNotification", {**status, "connectorStatus": "Available"}),
        ("DataTransfer", {"vendorId": "nobody.example", "data": _THING}),
    )
