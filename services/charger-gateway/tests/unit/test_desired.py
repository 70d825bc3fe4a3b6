"""Desired variables: asked for at each contact, what differs is told and set, and what cannot be set is told too."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from charger_gateway.domain.desired import CHECK, MOST_CHARACTERS, SETTLE_S, plain
from charger_gateway.domain.desk import Desk, desk
from charger_gateway.policies import on_connection
from chassis.decider import Deadline, EventContext, To
from chassis.testing import Scenario
from ev_contracts.gateway import (
    CommandRequested,
    CommandSucceeded,
    DesiredCheckScheduled,
    DesiredStateHeld,
    DesiredVariablesSet,
    DriftFound,
    DriftRemains,
    DriftRepaired,
    ReportContact,
    SetDesiredVariables,
    SetVariables,
    StationConnected,
    StationDisconnected,
    StationResponse,
    VariableDrift,
    VariableReading,
    VariableSetting,
)

from .test_jobs import NOON, STATION, Play  # noqa: TID252 - tests are no package of the installation

HEARTBEAT = VariableSetting(component="OCPPCommCtrlr", variable="HeartbeatInterval", value="300")
OFFLINE = VariableSetting(component="AuthCtrlr", variable="LocalAuthorizeOffline", value="true")
DOCUMENT = SetDesiredVariables(
    at=NOON, document_id="d1", station_id=STATION, requested_by="ops@volt", variables=(HEARTBEAT, OFFLINE)
)
CONTACT = ReportContact(at=NOON, station_id=STATION, epoch=7, ocpp_version="1.6")


def told(heartbeat: str, offline: str | None = "True") -> StationResponse:
    readings = [_reading(HEARTBEAT, heartbeat)] + ([] if offline is None else [_reading(OFFLINE, offline)])
    return StationResponse(variables=tuple(readings))


def _reading(one: VariableSetting, value: str) -> VariableReading:
    return VariableReading(component=one.component, variable=one.variable, status="Accepted", value=value)


def asked() -> Play:
    """A desk that has just put its question."""
    return Play().tell(DOCUMENT).due(CHECK, NOON)


def test_a_document_is_asked_for_at_once() -> None:
    play = Play().tell(DOCUMENT)
    assert play.kinds == [DesiredVariablesSet, DesiredCheckScheduled]
    assert desk.deadlines(play.state) == [Deadline(name=CHECK, due_at=NOON)]
    play.due(CHECK, NOON)
    (read,) = play.said
    assert isinstance(read, CommandRequested)
    assert (read.action, read.requested_by, read.job_id) == ("GetVariables", "desired-state", "d1")
    assert play.tell(DOCUMENT).said == []


def test_what_stands_as_desired_is_told_once() -> None:
    play = asked().sent().answered(response=told("300"))
    assert play.kinds == [CommandSucceeded, DesiredStateHeld]
    play.tell(CONTACT).due(CHECK, NOON + timedelta(seconds=SETTLE_S)).sent().answered(response=told("300"))
    assert play.kinds == [CommandSucceeded]


@pytest.mark.parametrize(
    ("response", "drift"),
    [
        (
            told("900"),
            VariableDrift(
                component="OCPPCommCtrlr",
                variable="HeartbeatInterval",
                desired="300",
                reported="900",
                status="Accepted",
            ),
        ),
        (
            told("300", None),
            VariableDrift(component="AuthCtrlr", variable="LocalAuthorizeOffline", desired="true", status="NotTold"),
        ),
    ],
)
def test_a_drift_is_told_and_only_it_is_set(response: StationResponse, drift: VariableDrift) -> None:
    play = asked().sent().answered(response=response)
    _, found, repair = play.said
    assert found == DriftFound(document_id="d1", station_id=STATION, drifts=(drift,), at=NOON)
    assert isinstance(repair, CommandRequested)
    assert isinstance(repair.set_variables, SetVariables)
    assert [one.variable for one in repair.set_variables.variables] == [drift.variable]
    assert play.sent().answered().said[-1] == DriftRepaired(
        document_id="d1", station_id=STATION, answer="Accepted", at=NOON
    )


def test_a_drift_that_stays_is_told_and_tried_again_at_the_next_contact() -> None:
    play = asked().sent().answered(response=told("900")).sent().answered("Rejected")
    assert play.said[-1] == DriftRemains(document_id="d1", station_id=STATION, why="Rejected", at=NOON)
    play.tell(CONTACT)
    assert play.kinds == [DesiredCheckScheduled]
    play.due(CHECK, NOON + timedelta(seconds=SETTLE_S)).sent().answered(response=told("900"))
    assert play.kinds == [CommandSucceeded, DriftFound, CommandRequested]


def test_a_station_that_does_not_answer_is_told() -> None:
    play = asked().sent().answered("NotSupported")
    assert play.said[-1] == DriftRemains(document_id="d1", station_id=STATION, why="NotSupported", at=NOON)


def test_a_newer_document_takes_the_olders_place() -> None:
    newer = DOCUMENT.model_copy(update={"document_id": "d2", "variables": (HEARTBEAT,)})
    play = asked().tell(newer).sent().answered(response=told("900"))
    assert play.kinds == [CommandSucceeded]
    assert play.state.desired is not None
    assert play.state.desired.document_id == "d2"


@pytest.mark.parametrize(
    ("variables", "reason"),
    [
        (tuple(HEARTBEAT.model_copy(update={"variable": f"V{n}"}) for n in range(101)), "too-many-variables"),
        ((HEARTBEAT, HEARTBEAT.model_copy(update={"attribute": "Actual", "value": "60"})), "variable-twice"),
        ((HEARTBEAT.model_copy(update={"value": "x" * MOST_CHARACTERS}),), "document-too-large"),
    ],
)
def test_a_document_is_bounded_and_says_each_variable_once(variables: tuple[VariableSetting, ...], reason: str) -> None:
    Scenario(desk).when(DOCUMENT.model_copy(update={"variables": variables})).then_refused(reason)


def test_without_a_document_a_contact_is_nothing() -> None:
    assert Play().tell(CONTACT).said == []
    empty = DOCUMENT.model_copy(update={"variables": ()})
    assert Play().tell(empty).kinds == [DesiredVariablesSet]
    assert desk.deadlines(Desk()) == []


@pytest.mark.parametrize(
    ("told_value", "wanted"), [("True", "true"), ("a, b", "a,b"), ("FALSE", "false"), (" 300", "300")]
)
def test_values_are_compared_as_stations_write_them(told_value: str, wanted: str) -> None:
    assert plain(told_value) == plain(wanted)
    assert plain("Abc") != plain("abc")


def test_a_connection_is_a_contact_and_its_end_is_none() -> None:
    context = EventContext(
        topic="gateway.connection.event.v1",
        key=f"volt/{STATION}",
        tenant="volt",
        event_id="e1",
        stream_version=7,
        time=NOON,
        offset=7,
    )
    shared: dict[str, Any] = {"station_id": STATION, "connection_id": "c-1"}
    connected = StationConnected(**shared, replica_id="gw-1", ocpp_version="1.6", connected_at=NOON)
    ended = StationDisconnected(**shared, epoch=7, reason="closed", disconnected_at=datetime(2026, 11, 20, tzinfo=UTC))
    assert on_connection(connected, context, tuple) == [To(key=f"volt/{STATION}", command=CONTACT)]
    assert on_connection(ended, context, tuple) == []
