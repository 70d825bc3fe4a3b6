"""Rows on diagnostics and events (OCPP 2.0.1 part 2, block N)."""

from typing import Any

from conformance.cases import SHALL
from conformance.seeding import VALID
from conformance.station import Payload, now
from conformance.v201.charger import Charger, token
from conformance.v201.telling import in_parts


@SHALL.case("N06.FR.04", "No more monitors are cleared in a message than the station takes.", connects=False)
async def cleared_in_parts(charger: Charger) -> None:
    asked, told = await in_parts(charger, "clear-variable-monitoring", {"monitor_ids": [11, 12, 13]})
    assert asked[2:] == [("ClearVariableMonitoring", {"id": [11, 12]}), ("ClearVariableMonitoring", {"id": [13]})]
    assert [one["monitor_id"] for one in told["response"]["monitors"]] == [11, 12, 13]


def _event(kind: str, **more: Any) -> Payload:
    said = {
        "eventId": 1,
        "timestamp": now(),
        "trigger": "Alerting",
        "actualValue": "50",
        "eventNotificationType": kind,
        "component": {"name": "EVSE"},
        "variable": {"name": "Power"},
    } | more
    return {"generatedAt": now(), "seqNo": 0, "eventData": [said]}


@SHALL.case("N07.FR.03", "An event of a monitor is answered, and with nothing.")
async def event(charger: Charger) -> None:
    assert await charger.says("NotifyEvent", _event("CustomMonitor", variableMonitoringId=7)) == {}


@SHALL.case("N08.FR.02", "An event without a monitor is answered.")
async def hardwired(charger: Charger) -> None:
    assert await charger.says("NotifyEvent", _event("HardWiredNotification")) == {}


async def _nobody_is_named(charger: Charger, *, clear: bool) -> None:
    body = {"report": not clear, "clear": clear}
    shown = (await charger.stand.command(charger.station_id, "request-customer-information", body)).json()
    assert (shown["status"], shown["answer"]) == ("refused", "inexpressible")
    assert charger.asked.empty()


async def _by_certificate(charger: Charger, *, clear: bool) -> None:
    named = {
        "hash_algorithm": "SHA384",
        "issuer_name_hash": "9f2c",
        "issuer_key_hash": "51ab",
        "serial_number": "1a2b",
    }
    body = {"report": not clear, "clear": clear, "customer_certificate": named}
    sent, _ = await charger.obeys("request-customer-information", body, "CustomerInformation")
    assert sent["customerCertificate"]["hashAlgorithm"] == "SHA384"


@SHALL.case("N09.FR.04", "A customer is named when information on him is asked for.")
async def named(charger: Charger) -> None:
    await _nobody_is_named(charger, clear=False)


@SHALL.case("N09.FR.08", "A customer's certificate is named by the hash algorithm it was installed with.")
async def by_its_hash(charger: Charger) -> None:
    await _by_certificate(charger, clear=False)


@SHALL.case("N10.FR.02", "A customer who is cleared leaves the local list too.")
async def leaves_the_list(charger: Charger) -> None:
    forgets = {"requestId": 46, "report": False, "clear": True, "idToken": token(VALID)}
    await charger.told("CustomerInformation", forgets)
    without = {"versionNumber": 2, "updateType": "Differential", "localAuthorizationList": [{"idToken": token(VALID)}]}
    await charger.told("SendLocalList", without)


@SHALL.case("N10.FR.08", "A customer is named when information on him is cleared.")
async def named_when_cleared(charger: Charger) -> None:
    await _nobody_is_named(charger, clear=True)


@SHALL.case("N10.FR.09", "A customer's certificate is named by that hash algorithm also when he is cleared.")
async def cleared_by_its_hash(charger: Charger) -> None:
    await _by_certificate(charger, clear=True)
