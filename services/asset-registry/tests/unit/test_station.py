"""The rules of stations, EVSEs and connectors."""

from datetime import UTC, datetime
from typing import Any

import pytest

from asset_registry.domain.station import station
from chassis.testing import Scenario
from ev_contracts.assets import (
    Connector,
    Evse,
    RegisterStation,
    RetireStation,
    StationRegistered,
    StationRetired,
    StationSnapshot,
)

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
TYPE_2 = Connector(
    connector_number=1,
    standard="IEC_62196_T2",
    max_power_w=11_000,
    max_voltage_v=230,
    max_amperage_a=16,
    dc=False,
)
LEFT = Evse(evse_number=1, evse_id="NL*VLT*E0001*1", connectors=(TYPE_2,))
RIGHT = Evse(evse_number=2, evse_id="NL*VLT*E0001*2", connectors=(TYPE_2,))
FACTS: dict[str, Any] = {
    "station_id": "NLVOLT0001",
    "site_id": "AMS-MUSEUM",
    "cpo_party_id": "NL-VLT",
    "vendor": "Alfen",
    "model": "Eve Double",
    "evses": (LEFT, RIGHT),
}
REGISTER = RegisterStation(at=NOON, serial_number="ACE0123456", **FACTS)
REGISTERED = StationRegistered(registered_at=NOON, serial_number="ACE0123456", **FACTS)
RETIRE = RetireStation(at=NOON, station_id="NLVOLT0001", reason="site closed")
RETIRED = StationRetired(station_id="NLVOLT0001", reason="site closed", retired_at=NOON)


def test_a_station_registers_once() -> None:
    Scenario(station).when(REGISTER).then(REGISTERED).when(REGISTER).then_nothing()


def test_a_registered_station_is_not_another_model() -> None:
    other = REGISTER.model_copy(update={"model": "Eve Single"})
    Scenario(station).given(REGISTERED).when(other).then_refused("station-differs")


@pytest.mark.parametrize(
    ("evses", "reason"),
    [
        ((), "evse-missing"),
        ((LEFT.model_copy(update={"connectors": ()}),), "evse-missing"),
        ((LEFT.model_copy(update={"evse_number": 0}),), "number-below-one"),
        (
            (LEFT.model_copy(update={"connectors": (TYPE_2.model_copy(update={"connector_number": 0}),)}),),
            "number-below-one",
        ),
        ((LEFT, LEFT.model_copy(update={"evse_id": "NL*VLT*E0001*9"})), "evse-twice"),
        ((LEFT, RIGHT.model_copy(update={"evse_id": LEFT.evse_id})), "evse-twice"),
        ((LEFT.model_copy(update={"connectors": (TYPE_2, TYPE_2)}),), "connector-twice"),
        (
            (LEFT.model_copy(update={"connectors": (TYPE_2.model_copy(update={"max_power_w": 0}),)}),),
            "connector-without-power",
        ),
    ],
)
def test_a_station_that_could_not_stand_is_refused(evses: tuple[Evse, ...], reason: str) -> None:
    Scenario(station).when(REGISTER.model_copy(update={"evses": evses})).then_refused(reason)


def test_a_station_retires_once() -> None:
    Scenario(station).given(REGISTERED).when(RETIRE).then(RETIRED).when(RETIRE).then_nothing()


def test_an_unknown_station_does_not_retire() -> None:
    Scenario(station).when(RETIRE).then_refused("station-unknown")


def test_a_retired_station_does_not_come_back() -> None:
    Scenario(station).given(REGISTERED, RETIRED).when(REGISTER).then_refused("station-retired")


@pytest.mark.parametrize(("history", "version"), [((REGISTERED,), 1), ((REGISTERED, RETIRED), 2)])
def test_the_snapshot_is_the_station(history: tuple[Any, ...], version: int) -> None:
    (snapshot,) = station.snapshots(station.initial, Scenario(station).given(*history).state)
    changed_at = RETIRED.retired_at if RETIRED in history else REGISTERED.registered_at
    assert snapshot.record == StationSnapshot(
        retired=RETIRED in history, version=version, changed_at=changed_at, serial_number="ACE0123456", **FACTS
    )
