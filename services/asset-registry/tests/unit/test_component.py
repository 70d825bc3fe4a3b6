"""The rules of components: what is fitted where, from when to when, and what a swap leaves."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from registry_samples import station_registered

from asset_registry.domain.component import FITTINGS_AT_MOST, Fitting, Registers
from asset_registry.domain.station import Registered, station
from chassis.testing import Scenario
from ev_contracts.assets import (
    Component,
    ComponentFitted,
    ComponentKind,
    ComponentRemoved,
    ComponentSnapshot,
    ComponentSwapped,
    FitComponent,
    RemoveComponent,
    StationRetired,
    SwapComponent,
)

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
TODAY = NOON + timedelta(hours=5)
REGISTERED = station_registered("NLVOLT0001")
RETIRED = StationRetired(station_id="NLVOLT0001", reason="site closed", retired_at=TODAY)
METER = Component(
    kind=ComponentKind.METER,
    serial_number="EMH-0012345678",
    vendor="EMH",
    calibration_ends_at=datetime(2034, 12, 31, 23, tzinfo=UTC),
    public_key="04" + "ab" * 64,
    signature_format="OCMF",
)
OTHER_METER = METER.model_copy(update={"serial_number": "EMH-0099887766"})
CABLE = Component(kind=ComponentKind.CABLE, serial_number="PHX-77")
AT_EVSE: dict[str, Any] = {"evse_number": 1, "connector_number": 0}
FIT = FitComponent(at=TODAY, station_id="NLVOLT0001", component=METER, **AT_EVSE, fitted_at=NOON, register_wh=1_250)
FITTED = ComponentFitted(
    station_id="NLVOLT0001",
    fitting_number=1,
    component=METER,
    **AT_EVSE,
    fitted_at=NOON,
    register_wh=1_250,
    told_at=TODAY,
)
REMOVE = RemoveComponent(
    at=TODAY,
    station_id="NLVOLT0001",
    fitting_number=1,
    removed_at=NOON + timedelta(hours=2),
    reason="display broken",
    register_wh=8_400,
)
REMOVED = ComponentRemoved(
    station_id="NLVOLT0001",
    fitting_number=1,
    component=METER,
    **AT_EVSE,
    fitted_at=NOON,
    removed_at=NOON + timedelta(hours=2),
    reason="display broken",
    register_wh=8_400,
    told_at=TODAY,
)
SWAP = SwapComponent(
    at=TODAY,
    station_id="NLVOLT0001",
    fitting_number=1,
    component=OTHER_METER,
    swapped_at=NOON + timedelta(hours=2),
    reason="display broken",
    removed_register_wh=8_400,
    register_wh=10,
)
SWAPPED = ComponentSwapped(
    station_id="NLVOLT0001",
    removed_fitting_number=1,
    removed=METER,
    removed_fitted_at=NOON,
    removed_register_wh=8_400,
    fitting_number=2,
    component=OTHER_METER,
    **AT_EVSE,
    swapped_at=NOON + timedelta(hours=2),
    reason="display broken",
    register_wh=10,
    told_at=TODAY,
)


def changed(command: Any, **changes: Any) -> Any:
    return command.model_copy(update=changes)


def test_a_component_is_fitted_once() -> None:
    Scenario(station).given(REGISTERED).when(FIT).then(FITTED).when(FIT).then_nothing()


def test_a_component_is_taken_out_once() -> None:
    Scenario(station).given(REGISTERED, FITTED).when(REMOVE).then(REMOVED).when(REMOVE).then_nothing()


def test_a_swap_is_one_event_and_happens_once() -> None:
    Scenario(station).given(REGISTERED, FITTED).when(SWAP).then(SWAPPED).when(SWAP).then_nothing()


def test_a_place_is_free_again_after_a_removal() -> None:
    again = changed(FIT, component=OTHER_METER, fitted_at=NOON + timedelta(hours=3), register_wh=0)
    fitted = changed(FITTED, fitting_number=2, component=OTHER_METER, fitted_at=again.fitted_at, register_wh=0)
    Scenario(station).given(REGISTERED, FITTED, REMOVED).when(again).then(fitted)


def test_two_cables_fit_one_evse() -> None:
    cable = changed(FIT, component=CABLE, register_wh=None)
    other = changed(cable, component=changed(CABLE, serial_number="PHX-78"))
    Scenario(station).given(REGISTERED).when(cable).then(changed(FITTED, component=CABLE, register_wh=None)).when(
        other
    ).then(changed(FITTED, fitting_number=2, component=other.component, register_wh=None))


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (changed(FIT, component=OTHER_METER), "place-has-a-meter"),
        (changed(FIT, component=OTHER_METER, fitted_at=NOON - timedelta(days=1)), "place-has-a-meter"),
        (changed(FIT, connector_number=1), "component-fitted-already"),
        (changed(FIT, component=CABLE, evse_number=9, register_wh=None), "place-unknown"),
        (changed(FIT, component=CABLE, connector_number=2, register_wh=None), "place-unknown"),
        (changed(FIT, component=CABLE, evse_number=0, connector_number=1, register_wh=None), "place-unknown"),
        (changed(FIT, component=CABLE), "only-a-meter-has-that"),
        (changed(FIT, component=changed(METER, kind=ComponentKind.READER), register_wh=None), "only-a-meter-has-that"),
        (changed(FIT, component=changed(METER, kind=ComponentKind.UNKNOWN)), "component-kind-unknown"),
        (changed(FIT, component=changed(METER, signature_format=None)), "key-without-format"),
        (changed(FIT, fitted_at=TODAY + timedelta(hours=1)), "not-fitted-yet"),
        (changed(FIT, connector_number=1, register_wh=-1), "register-negative"),
        (changed(REMOVE, fitting_number=7), "component-unknown"),
        (changed(REMOVE, removed_at=NOON), "removal-out-of-time"),
        (changed(REMOVE, removed_at=TODAY + timedelta(hours=1)), "removal-out-of-time"),
        (changed(REMOVE, register_wh=-1), "register-negative"),
        (changed(SWAP, fitting_number=7), "component-unknown"),
        (changed(SWAP, component=CABLE, register_wh=None), "component-of-another-kind"),
        (changed(SWAP, swapped_at=NOON), "removal-out-of-time"),
        (changed(SWAP, register_wh=-1), "register-negative"),
    ],
)
def test_what_cannot_have_been_is_refused(command: Any, reason: str) -> None:
    Scenario(station).given(REGISTERED, FITTED).when(command).then_refused(reason)


@pytest.mark.parametrize("command", [changed(REMOVE, register_wh=8_401), changed(SWAP, removed_register_wh=8_401)])
def test_a_removal_does_not_change(command: Any) -> None:
    Scenario(station).given(REGISTERED, FITTED, REMOVED).when(command).then_refused("component-removed-before")


def test_registers_are_not_told_of_a_cable() -> None:
    fitted = changed(FITTED, component=CABLE, register_wh=None)
    Scenario(station).given(REGISTERED, fitted).when(REMOVE).then_refused("only-a-meter-has-that")


def test_a_station_that_is_not_there_has_no_components() -> None:
    Scenario(station).when(FIT).then_refused("station-unknown")


@pytest.mark.parametrize("command", [changed(FIT, component=CABLE, register_wh=None), SWAP])
def test_a_retired_station_gets_no_components(command: Any) -> None:
    Scenario(station).given(REGISTERED, FITTED, RETIRED).when(command).then_refused("station-retired")


def test_a_meter_is_taken_out_of_a_retired_station() -> None:
    Scenario(station).given(REGISTERED, FITTED, RETIRED).when(REMOVE).then(REMOVED)


def test_a_station_has_only_so_many_components() -> None:
    standing = Scenario(station).given(REGISTERED, FITTED).state
    assert isinstance(standing, Registered)
    (fitting,) = standing.fittings
    many = tuple(replace(_cable(fitting, number), number=number) for number in range(1, FITTINGS_AT_MOST + 1))
    refused = station.decide(FIT, replace(standing, fittings=many))
    assert getattr(refused, "reason", None) == "too-many-components"


def _cable(fitting: Fitting, number: int) -> Fitting:
    cable = changed(CABLE, serial_number=f"PHX-{number}")
    return replace(fitting, component=cable, registers=Registers(register_wh=None, export_register_wh=None))


def test_a_swap_is_shown_as_one_fitting_that_ends_and_one_that_begins() -> None:
    before, after = Scenario(station).given(REGISTERED, FITTED), Scenario(station).given(REGISTERED, FITTED, SWAPPED)
    shown = station.snapshots(before.state, after.state)
    ended = ComponentSnapshot(
        station_id="NLVOLT0001",
        fitting_number=1,
        component=METER,
        **AT_EVSE,
        fitted_at=NOON,
        register_wh=1_250,
        removed_at=NOON + timedelta(hours=2),
        removed_register_wh=8_400,
        version=3,
    )
    begun = ComponentSnapshot(
        station_id="NLVOLT0001",
        fitting_number=2,
        component=OTHER_METER,
        **AT_EVSE,
        fitted_at=NOON + timedelta(hours=2),
        register_wh=10,
        version=3,
    )
    assert [(each.topic, each.key, each.record) for each in shown] == [
        ("assets.component.snapshot.v1", "@1", ended),
        ("assets.component.snapshot.v1", "@2", begun),
    ]
