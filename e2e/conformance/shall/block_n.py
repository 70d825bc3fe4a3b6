"""Rows on diagnostics and events (OCPP 2.0.1 part 2, block N)."""

from conformance.cases import SHALL
from conformance.station import now
from conformance.v201.charger import Charger


@SHALL.case("N07.FR.03", "An event of a monitor is answered, and with nothing.")
async def event(charger: Charger) -> None:
    said = {
        "eventId": 1,
        "timestamp": now(),
        "trigger": "Alerting",
        "actualValue": "50",
        "eventNotificationType": "CustomMonitor",
        "component": {"name": "EVSE"},
        "variable": {"name": "Power"},
    }
    assert await charger.says("NotifyEvent", {"generatedAt": now(), "seqNo": 0, "eventData": [said]}) == {}
