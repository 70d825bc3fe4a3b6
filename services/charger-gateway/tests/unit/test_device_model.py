"""Device model, monitors, and reports in several parts: what 2.x stations tell of themselves."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from charger_gateway.domain.reports import MOST_OPEN, Reports
from charger_gateway.domain.station import TRANSACTION_EVENTS, Part
from ev_contracts.common import ConnectorState
from ev_contracts.gateway import (
    ComponentVariable,
    ConnectorStatusChanged,
    CustomerInformationReported,
    DeviceModelReported,
    DeviceMonitor,
    DeviceVariable,
    DisplayMessagesReported,
    MonitoringEvent,
    MonitoringEventReported,
    MonitorsReported,
    ReportCompleted,
    StationDisplayMessage,
    VariableAttribute,
)

from .saying import AT, NOON, SAID, facts, heard_in, say  # noqa: TID252 - tests are no package of the installation

V2 = ("2.0.1", "2.1")
CONNECTOR = {"name": "Connector", "evse": {"id": 2, "connectorId": 1}}
AVAILABILITY = {"component": CONNECTOR, "variable": {"name": "AvailabilityState"}}
PLACE = ComponentVariable(component="Connector", evse_number=2, connector_number=1, variable="AvailabilityState")


@pytest.mark.parametrize("version", V2)
def test_variables_are_reported_with_what_may_be_done_with_them(version: str) -> None:
    limits = {"dataType": "decimal", "unit": "W", "maxLimit": 22000.5, "supportsMonitoring": True}
    attributes = [{"value": "11000"}, {"type": "MaxSet", "value": "22000", "mutability": "ReadOnly"}]
    data = [{"component": CONNECTOR, "variable": {"name": "Power", "instance": "x"}, "variableAttribute": attributes}]
    payload = {"requestId": 7, "seqNo": 0, "generatedAt": AT, "tbc": True}
    said = say(version, "NotifyReport", payload | {"reportData": [data[0] | {"variableCharacteristics": limits}]})
    assert said.part == Part(report="DeviceModelReported", request_id=7, number=0, last=False)
    variable = DeviceVariable(
        at=PLACE.model_copy(update={"variable": "Power", "variable_instance": "x"}),
        attributes=(
            VariableAttribute(type="Actual", value="11000", mutability="ReadWrite", persistent=False, constant=False),
            VariableAttribute(type="MaxSet", value="22000", mutability="ReadOnly", persistent=False, constant=False),
        ),
        unit="W",
        value_type="decimal",
        max_limit=Decimal("22000.5"),
        supports_monitoring=True,
    )
    reported = DeviceModelReported(**SAID, request_id=7, part=0, last=False, generated_at=NOON, variables=(variable,))
    assert [fact.record for fact in said.facts] == [reported]


def test_an_empty_last_part_is_one() -> None:
    [reported] = facts("2.0.1", "NotifyReport", {"requestId": 7, "seqNo": 0, "generatedAt": AT})
    assert reported == DeviceModelReported(**SAID, request_id=7, part=0, last=True, generated_at=NOON)


def test_monitors_are_reported() -> None:
    setting = {"id": 3, "transaction": False, "value": 0.5, "type": "Delta", "severity": 5}
    payload = {
        "requestId": 8,
        "seqNo": 0,
        "generatedAt": AT,
        "monitor": [AVAILABILITY | {"variableMonitoring": [setting]}],
    }
    monitor = DeviceMonitor(
        at=PLACE, monitor_id=3, in_transactions=False, value=Decimal("0.5"), type="Delta", severity=5
    )
    assert facts("2.0.1", "NotifyMonitoringReport", payload) == [
        MonitorsReported(**SAID, request_id=8, part=0, last=True, generated_at=NOON, monitors=(monitor,))
    ]


def noticing(actual: str, **changes: Any) -> dict[str, Any]:
    event = {
        "eventId": 1,
        "timestamp": AT,
        "trigger": "Delta",
        "actualValue": actual,
        "eventNotificationType": "HardWiredNotification",
    }
    return {"generatedAt": AT, "seqNo": 0, "eventData": [event | AVAILABILITY | changes]}


@pytest.mark.parametrize("version", V2)
def test_a_state_that_comes_as_an_event_is_a_connectors_state(version: str) -> None:
    noticed, changed = facts(version, "NotifyEvent", noticing("Occupied"))
    event = MonitoringEvent(
        at=PLACE,
        event_id=1,
        trigger="Delta",
        actual_value="Occupied",
        cleared=False,
        notification_type="HardWiredNotification",
        occurred_at=NOON,
    )
    assert noticed == MonitoringEventReported(**SAID, part=0, last=True, generated_at=NOON, events=(event,))
    assert changed == ConnectorStatusChanged(
        **SAID, evse_number=2, connector_number=1, state=ConnectorState.OCCUPIED, occurred_at=NOON
    )
    assert say(version, "NotifyEvent", noticing("Occupied")).facts[1].topic == TRANSACTION_EVENTS


@pytest.mark.parametrize(
    ("component", "place"),
    [
        ({"name": "EVSE", "evse": {"id": 1}}, (1, 1)),
        ({"name": "EVSE", "evse": {"id": 2}}, (2, 0)),
        ({"name": "ChargingStation"}, (0, 0)),
    ],
)
def test_a_state_of_an_evse_or_of_the_station_names_no_connector(component: Any, place: tuple[int, int]) -> None:
    _, changed = facts("2.0.1", "NotifyEvent", noticing("Unavailable", component=component))
    assert isinstance(changed, ConnectorStatusChanged)
    assert (changed.evse_number, changed.connector_number) == place


@pytest.mark.parametrize(
    "event",
    [
        noticing("Charging"),
        noticing("Occupied", variable={"name": "Problem"}),
        noticing("Occupied", component={"name": "CableBreakawaySensor"}),
    ],
)
def test_any_other_event_changes_no_state(event: Any) -> None:
    assert len(facts("2.0.1", "NotifyEvent", event)) == 1


def test_what_a_station_holds_of_a_customer_never_leaves_the_frame() -> None:
    payload = {"data": "Dana Smit, Damrak 1", "seqNo": 0, "generatedAt": AT, "requestId": 9}
    [reported] = facts("2.0.1", "NotifyCustomerInformation", payload)
    assert reported == CustomerInformationReported(
        **SAID, request_id=9, part=0, last=True, generated_at=NOON, characters=19
    )


def test_display_messages_are_counted_as_they_come() -> None:
    shown = {"id": 1, "priority": "InFront", "message": {"format": "UTF8", "language": "nl", "content": "Welkom"}}
    heard = replace(heard_in("2.0.1"), parts_so_far={("DisplayMessagesReported", 4): 2})
    message = StationDisplayMessage(message_id=1, priority="InFront", format="UTF8", language="nl", content="Welkom")
    payload = {"requestId": 4, "messageInfo": [shown]}
    assert facts("2.0.1", "NotifyDisplayMessages", payload, heard=heard) == [
        DisplayMessagesReported(**SAID, request_id=4, part=2, last=True, messages=(message,))
    ]


# Whether all parts came.


def part(number: int, *, last: bool = False, request_id: int = 7) -> Part:
    return Part(report="DeviceModelReported", request_id=request_id, number=number, last=last)


@pytest.mark.parametrize(
    ("numbers", "missing"), [((0,), ()), ((0, 1, 2), ()), ((0, 1, 1, 2), ()), ((0, 3), (1, 2)), ((1,), (0,))]
)
def test_a_report_is_whole_when_all_its_parts_came(numbers: tuple[int, ...], missing: tuple[int, ...]) -> None:
    reports, heard = Reports(), heard_in("2.0.1")
    for number in numbers[:-1]:
        assert reports.take(part(number), heard) is None
    end = reports.take(part(numbers[-1], last=True), heard)
    assert end is not None
    assert end.record == ReportCompleted(
        **SAID,
        report="DeviceModelReported",
        request_id=7,
        parts=len(set(numbers)),
        whole=not missing,
        missing=missing,
    )
    assert reports.so_far == {}


def test_reports_that_never_end_are_forgotten() -> None:
    reports, heard = Reports(), heard_in("2.0.1")
    for request_id in range(MOST_OPEN + 1):
        reports.take(part(0, request_id=request_id), heard)
    assert len(reports.so_far) == MOST_OPEN
    end = reports.take(part(1, last=True, request_id=0), heard)
    assert end is not None
    assert end.record.model_dump()["whole"] is False
