"""The device model of 2.x in a station's own words: variables, monitors, and what monitors noticed."""

from collections.abc import Iterator

from charger_gateway.domain.connector_states import availability
from charger_gateway.domain.reports import numbered_part
from charger_gateway.domain.station import TRANSACTION_EVENTS, Fact, Heard, Translated, noticed, told
from charger_gateway.domain.values import Payload, exact, instant, long, maybe, whole
from ev_contracts.gateway import (
    ComponentVariable,
    ConnectorStatusChanged,
    DeviceModelReported,
    DeviceMonitor,
    DeviceVariable,
    MonitoringEvent,
    MonitoringEventReported,
    MonitorsReported,
    VariableAttribute,
)

_STATE_OF = "AvailabilityState"
_PLACES = frozenset({"ChargingStation", "EVSE", "Connector"})


def report(payload: Payload, heard: Heard) -> Translated:
    """One part of a report of variables (B07, B08)."""
    part = numbered_part("DeviceModelReported", payload)
    reported = DeviceModelReported(
        **noticed(heard),
        request_id=part.request_id,
        part=part.number,
        last=part.last,
        generated_at=instant(payload, "generatedAt"),
        variables=tuple(_variable(one) for one in payload.get("reportData", ())),
    )
    return told(reported, part=part)


def monitoring_report(payload: Payload, heard: Heard) -> Translated:
    """One part of a report of monitors (N02)."""
    part = numbered_part("MonitorsReported", payload)
    reported = MonitorsReported(
        **noticed(heard),
        request_id=part.request_id,
        part=part.number,
        last=part.last,
        generated_at=instant(payload, "generatedAt"),
        monitors=tuple(_monitor(of, one) for of in payload.get("monitor", ()) for one in of["variableMonitoring"]),
    )
    return told(reported, part=part)


def event(payload: Payload, heard: Heard) -> Translated:
    """What was noticed, and the connector states among it: 2.1 tells availability this way (G01)."""
    events = payload["eventData"]
    reported = MonitoringEventReported(
        **noticed(heard),
        part=whole(payload, "seqNo"),
        last=not payload.get("tbc", False),
        generated_at=instant(payload, "generatedAt"),
        events=tuple(_event(one) for one in events),
    )
    said = told(reported)
    return Translated(answer=said.answer, facts=(*said.facts, *_states(events, heard)))


def _states(events: list[Payload], heard: Heard) -> Iterator[Fact]:
    for one in events:
        at = _component_variable(one)
        state = availability(one["actualValue"])
        if at.variable != _STATE_OF or at.component not in _PLACES or state is None:
            continue
        evse = at.evse_number or 0
        changed = ConnectorStatusChanged(
            **noticed(heard),
            evse_number=evse,
            connector_number=at.connector_number or heard.only_connector_of(evse),
            state=state,
            occurred_at=instant(one, "timestamp"),
        )
        yield Fact(topic=TRANSACTION_EVENTS, record=changed)


def _event(payload: Payload) -> MonitoringEvent:
    return MonitoringEvent(
        at=_component_variable(payload),
        event_id=long(payload, "eventId"),
        trigger=payload["trigger"],
        actual_value=payload["actualValue"],
        cause_event_id=maybe(long, payload, "cause"),
        tech_code=payload.get("techCode"),
        tech_detail=payload.get("techInfo"),
        cleared=payload.get("cleared", False),
        transaction_id=payload.get("transactionId"),
        monitor_id=maybe(long, payload, "variableMonitoringId"),
        notification_type=payload["eventNotificationType"],
        severity=maybe(whole, payload, "severity"),
        occurred_at=instant(payload, "timestamp"),
    )


def _variable(payload: Payload) -> DeviceVariable:
    known: Payload = payload.get("variableCharacteristics", {})
    return DeviceVariable(
        at=_component_variable(payload),
        attributes=tuple(_attribute(one) for one in payload["variableAttribute"]),
        unit=known.get("unit"),
        value_type=known.get("dataType"),
        min_limit=maybe(exact, known, "minLimit"),
        max_limit=maybe(exact, known, "maxLimit"),
        max_elements=maybe(whole, known, "maxElements"),
        values_list=known.get("valuesList"),
        supports_monitoring=known.get("supportsMonitoring"),
    )


def _attribute(payload: Payload) -> VariableAttribute:
    return VariableAttribute(
        type=payload.get("type", "Actual"),
        value=payload.get("value"),
        mutability=payload.get("mutability", "ReadWrite"),
        persistent=payload.get("persistent", False),
        constant=payload.get("constant", False),
    )


def _monitor(of: Payload, payload: Payload) -> DeviceMonitor:
    return DeviceMonitor(
        at=_component_variable(of),
        monitor_id=long(payload, "id"),
        in_transactions=payload["transaction"],
        value=exact(payload, "value"),
        type=payload["type"],
        severity=whole(payload, "severity"),
        notification_type=payload.get("eventNotificationType"),
    )


def _component_variable(payload: Payload) -> ComponentVariable:
    component, variable = payload["component"], payload["variable"]
    evse: Payload = component.get("evse", {})
    return ComponentVariable(
        component=component["name"],
        component_instance=component.get("instance"),
        evse_number=maybe(whole, evse, "id"),
        connector_number=maybe(whole, evse, "connectorId"),
        variable=variable["name"],
        variable_instance=variable.get("instance"),
    )
