"""One table from every version's words to OCPI's EVSE statuses: nothing is left out, nothing is made up."""

from collections.abc import Mapping

import pytest

from charger_gateway.adapters.ocpp.schemas import enumerated
from charger_gateway.domain import connector_states
from charger_gateway.domain.connector_states import OCPI, availability, evse_status
from ev_contracts.common import ConnectorState

# OCPI 2.2.1, module locations, Status.
OCPI_STATUSES = {
    "AVAILABLE",
    "BLOCKED",
    "CHARGING",
    "INOPERATIVE",
    "OUTOFORDER",
    "PLANNED",
    "REMOVED",
    "RESERVED",
    "UNKNOWN",
}


@pytest.mark.parametrize(
    ("version", "field", "table"),
    [
        ("1.6", "status", connector_states.V16),
        ("2.0.1", "connectorStatus", connector_states.V2),
        ("2.1", "connectorStatus", connector_states.V2),
    ],
)
def test_every_word_of_the_version_has_a_state_and_no_other_word(
    version: str, field: str, table: Mapping[str, ConnectorState]
) -> None:
    assert set(table) == enumerated(version, "StatusNotification", field)


def test_every_state_has_a_status_of_ocpi() -> None:
    assert set(OCPI) == set(ConnectorState)
    assert set(OCPI.values()) <= OCPI_STATUSES


@pytest.mark.parametrize(
    ("version", "word", "status"),
    [
        ("1.6", "Available", "AVAILABLE"),
        ("1.6", "Preparing", "CHARGING"),
        ("1.6", "Charging", "CHARGING"),
        ("1.6", "SuspendedEV", "CHARGING"),
        ("1.6", "SuspendedEVSE", "CHARGING"),
        ("1.6", "Finishing", "CHARGING"),
        ("1.6", "Reserved", "RESERVED"),
        ("1.6", "Unavailable", "INOPERATIVE"),
        ("1.6", "Faulted", "OUTOFORDER"),
        ("2", "Available", "AVAILABLE"),
        ("2", "Occupied", "CHARGING"),
        ("2", "Reserved", "RESERVED"),
        ("2", "Unavailable", "INOPERATIVE"),
        ("2", "Faulted", "OUTOFORDER"),
    ],
)
def test_a_word_of_a_station_is_a_status_of_ocpi(version: str, word: str, status: str) -> None:
    table = connector_states.V16 if version == "1.6" else connector_states.V2
    assert OCPI[table[word]] == status


A, C, R, U, F = (
    ConnectorState.AVAILABLE,
    ConnectorState.CHARGING,
    ConnectorState.RESERVED,
    ConnectorState.UNAVAILABLE,
    ConnectorState.FAULTED,
)


@pytest.mark.parametrize(
    ("connectors", "status"),
    [
        ((), "UNKNOWN"),
        ((ConnectorState.UNKNOWN,), "UNKNOWN"),
        ((A, C), "CHARGING"),
        ((A, R), "RESERVED"),
        ((A, F), "AVAILABLE"),
        ((U, F), "INOPERATIVE"),
        ((F, F), "OUTOFORDER"),
    ],
)
def test_of_several_connectors_the_one_in_use_decides(connectors: tuple[ConnectorState, ...], status: str) -> None:
    assert evse_status(connectors) == status


@pytest.mark.parametrize(("value", "state"), [("Occupied", ConnectorState.OCCUPIED), ("Charging", None), ("", None)])
def test_an_availability_state_is_ocpps_word_or_none(value: str, state: ConnectorState | None) -> None:
    assert availability(value) is state
