"""Block N: monitors and their events, logs, and what a station knows of a customer (OCPP 2.0.1)."""

from typing import Any

from conformance.cases import V201
from conformance.pem import HASH
from conformance.seeding import VALID
from conformance.station import Payload, now
from conformance.v201.asking import REJECTED, asked, status
from conformance.v201.charger import Charger, token
from conformance.v201.telling import in_parts

_COMPONENT = {"component": {"name": "EVSE", "evse": {"id": 1}}, "variable": {"name": "Power"}}
_OTHER = {"component": {"name": "Connector", "evse": {"id": 1, "connectorId": 1}}, "variable": {"name": "ProblemCode"}}


def _monitored(request: int, seq: int = 0, *, more: bool = False, kind: str = "UpperThreshold") -> tuple[str, Payload]:
    monitor = {"id": 1, "transaction": False, "value": 42.0, "type": kind, "severity": 8}
    head = {"requestId": request, "seqNo": seq, "generatedAt": now(), "tbc": more}
    return ("NotifyMonitoringReport", {**head, "monitor": [{**_COMPONENT, "variableMonitoring": [monitor]}]})


def _report(number: str, says: str, *parts: tuple[str, Payload], **wanted: Any) -> None:
    payload = {"requestId": int(number), **wanted}
    asked(f"N_{number}", says, "GetMonitoringReport", payload, *parts)


_KINDS = ["ThresholdMonitoring", "DeltaMonitoring"]
_report("01", "Monitors of a kind are reported.", _monitored(1), monitoringCriteria=_KINDS)
_report("02", "Monitors of a variable are reported.", _monitored(2), componentVariable=[_COMPONENT])
_both = {"monitoringCriteria": _KINDS, "componentVariable": [_COMPONENT]}
_report("03", "Monitors of a kind and a variable are reported.", _monitored(3), **_both)
_report("47", "All monitors are reported, in parts.", _monitored(47, more=True), _monitored(47, 1))
_many = {"monitoringCriteria": _KINDS, "componentVariable": [_COMPONENT, _OTHER]}
_report("60", "Monitors of a kind and several variables are reported.", _monitored(60), **_many)

asked("N_05", "A base of monitors is chosen.", "SetMonitoringBase", {"monitoringBase": "FactoryDefault"})
asked("N_16", "The level of monitors is chosen.", "SetMonitoringLevel", {"severity": 4})
asked(
    "N_17",
    "A level out of range is rejected.",
    "SetMonitoringLevel",
    {"severity": 9},
    answer=REJECTED,
    outcome="refused",
)


def _sets(number: str, says: str, *variables: Payload, kind: str = "UpperThreshold") -> None:
    wanted = [{"value": 42.0, "type": kind, "severity": 8, **one} for one in variables]
    done = [{"status": "Accepted", "type": kind, "severity": 8, "id": 1, **one} for one in variables]
    answer = {"setMonitoringResult": done}
    asked(f"N_{number}", says, "SetVariableMonitoring", {"setMonitoringData": wanted}, answer=answer)


_sets("08", "One monitor is set.", _COMPONENT)
_sets("09", "Two monitors are set at once.", _COMPONENT, _OTHER)


def _clears(number: str, says: str, ids: list[int], word: str) -> None:
    answer = {"clearMonitoringResult": [{"status": word, "id": one} for one in ids]}
    outcome = "succeeded" if word == "Accepted" else "refused"
    asked(f"N_{number}", says, "ClearVariableMonitoring", {"id": ids}, answer=answer, outcome=outcome)


@V201.case("TC_N_18_CSMS", "More monitors than a message may hold are cleared by several.", connects=False)
async def more_than_a_message(charger: Charger) -> None:
    asked, told = await in_parts(charger, "clear-variable-monitoring", {"monitor_ids": [1, 2, 3, 4, 5]})
    assert [payload["id"] for name, payload in asked if name == "ClearVariableMonitoring"] == [[1, 2], [3, 4], [5]]
    assert told["status"] == "succeeded"


_clears("44", "A monitor that cannot be cleared.", [1], "Rejected")


def _event(trigger: str, notification: str, **more: Any) -> Payload:
    data = {"eventId": 1, "timestamp": now(), "trigger": trigger, "actualValue": "50", **_COMPONENT}
    return {"generatedAt": now(), "seqNo": 0, "eventData": [{**data, "eventNotificationType": notification, **more}]}


def _happens(number: str, says: str, *events: Payload) -> None:
    @V201.case(f"TC_N_{number}_CSMS", says)
    async def case(charger: Charger) -> None:
        for event in events:
            assert await charger.says("NotifyEvent", event) == {}


_CUSTOM = "CustomMonitor"
_happens("21", "A monitor of the factory tells.", _event("Alerting", "HardWiredMonitor"))
_happens("48", "A monitor of a variable that cannot be read tells.", _event("Alerting", _CUSTOM, actualValue=""))
_over = _event("Alerting", _CUSTOM, variableMonitoringId=1)
_happens("49", "A threshold is passed, and after a boot is not.", _over, {**_over, "seqNo": 1})
_happens("50", "A monitor tells from time to time.", _event("Periodic", _CUSTOM, variableMonitoringId=1))


@V201.case("TC_N_24_CSMS", "A monitor that tells from time to time is set, and tells.")
async def periodic(charger: Charger) -> None:
    wanted = {"setMonitoringData": [{"value": 60.0, "type": "Periodic", "severity": 8, **_COMPONENT}]}
    done = [{"status": "Accepted", "type": "Periodic", "severity": 8, "id": 24, **_COMPONENT}]
    await charger.told("SetVariableMonitoring", wanted, {"setMonitoringResult": done})
    assert await charger.says("NotifyEvent", _event("Periodic", _CUSTOM, variableMonitoringId=24)) == {}


def _log(number: int, kind: str) -> Payload:
    return {"logType": kind, "requestId": number, "log": {"remoteLocation": "https://files.example/logs"}}


def _uploads(number: int, *words: str) -> list[tuple[str, Payload]]:
    return [("LogStatusNotification", {"status": word, "requestId": number}) for word in words]


_DONE = _uploads(25, "Uploading", "Uploaded")
asked("N_25", "The diagnostics are uploaded.", "GetLog", _log(25, "DiagnosticsLog"), *_DONE)
asked("N_34", "A log is not to be had.", "GetLog", _log(34, "DiagnosticsLog"), answer=REJECTED, outcome="refused")
asked(
    "N_35", "The security log is uploaded.", "GetLog", _log(35, "SecurityLog"), *_uploads(35, "Uploading", "Uploaded")
)


@V201.case("TC_N_36_CSMS", "A second log cancels the first.")
async def second_log(charger: Charger) -> None:
    await charger.told("GetLog", _log(36, "DiagnosticsLog"))
    await charger.told("GetLog", _log(37, "DiagnosticsLog"), status("AcceptedCanceled"))
    for action, payload in (*_uploads(36, "AcceptedCanceled"), *_uploads(37, "Uploading", "Uploaded")):
        assert await charger.says(action, payload) == {}


def _customer(number: str, says: str, *, report: bool, clear: bool, told: str | None = None, **of: Any) -> None:
    """The station tells what it knows of a customer, and forgets it; `told` is what it knows."""
    payload = {"requestId": int(number), "report": report, "clear": clear} | (of or {"idToken": token(VALID)})
    head = {"requestId": int(number), "seqNo": 0, "generatedAt": now(), "tbc": False}
    then = [] if told is None else [("NotifyCustomerInformation", {**head, "data": told})]
    asked(f"N_{number}", says, "CustomerInformation", payload, *then)


_customer("27", "What is known of a customer is told.", report=True, clear=False, told="a card")
_customer("28", "Nothing is known of a customer.", report=True, clear=False, told="")
asked(
    "N_29",
    "What is known of a customer is not told.",
    "CustomerInformation",
    {"requestId": 29, "report": True, "clear": False, "idToken": token(VALID)},
    answer=REJECTED,
    outcome="refused",
)
_customer("30", "What is known is told and forgotten.", report=True, clear=True, told="a card")
_customer("31", "Nothing is known, and nothing is left.", report=True, clear=True, told="")
_customer("32", "What is known is forgotten and not told.", report=False, clear=True)
_customer("62", "By the customer's name.", report=False, clear=True, customerIdentifier="customer-1")
_customer("63", "By the customer's certificate.", report=False, clear=True, customerCertificate=HASH)


@V201.case("TC_N_46_CSMS", "A customer who is forgotten leaves the local list too.")
async def leaves_the_list(charger: Charger) -> None:
    forgets = {"requestId": 46, "report": False, "clear": True, "idToken": token(VALID)}
    await charger.told("CustomerInformation", forgets)
    without = {"versionNumber": 2, "updateType": "Differential", "localAuthorizationList": [{"idToken": token(VALID)}]}
    await charger.told("SendLocalList", without)
