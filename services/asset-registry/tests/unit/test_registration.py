"""When a station may do its work: accepted, awaiting its set-up, suspended; and what the desk's word does to it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from asset_registry.domain.registration import RegistrationCommand
from asset_registry.domain.station import station
from asset_registry.policies import on_desk
from chassis.decider import EventContext, To
from chassis.testing import Scenario
from ev_contracts.assets import (
    AcceptStation,
    CompleteSetUp,
    Connector,
    Evse,
    RegisterStation,
    RegistrationState,
    StationAccepted,
    StationRegistered,
    StationRetired,
    StationSuspended,
    SuspendStation,
)
from ev_contracts.gateway import DesiredStateHeld, DriftFound, DriftRepaired
from ev_contracts.record import Record

ID = "NLVOLT0001"
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
PLUG = Connector(
    connector_number=1, standard="IEC_62196_T2", max_power_w=11_000, max_voltage_v=230, max_amperage_a=16, dc=False
)
FACTS: dict[str, Any] = {
    "station_id": ID,
    "site_id": "AMS-MUSEUM",
    "cpo_party_id": "NL-VLT",
    "vendor": "Alfen",
    "model": "Eve Single",
    "evses": (Evse(evse_number=1, evse_id="NL*VLT*E0001*1", connectors=(PLUG,)),),
}
REGISTER = RegisterStation(at=NOON, **FACTS)
REGISTERED = StationRegistered(registered_at=NOON, **FACTS)
RETIRED = StationRetired(station_id=ID, reason="site closed", retired_at=NOON)
AWAITING = REGISTERED.model_copy(update={"registration": RegistrationState.AWAITING_SET_UP})
ACCEPT = AcceptStation(at=NOON, station_id=ID, reason="inspected")
ACCEPTED = StationAccepted(station_id=ID, reason="inspected", accepted_at=NOON)
SET_UP = CompleteSetUp(at=NOON, station_id=ID)
SUSPEND = SuspendStation(at=NOON, station_id=ID, reason="recall")
SUSPENDED = StationSuspended(station_id=ID, reason="recall", suspended_at=NOON)


def test_a_station_is_registered_as_accepted_unless_said_otherwise() -> None:
    assert REGISTER.registration is RegistrationState.ACCEPTED
    Scenario(station).when(REGISTER).then(REGISTERED)
    awaiting = REGISTER.model_copy(update={"registration": RegistrationState.AWAITING_SET_UP})
    Scenario(station).when(awaiting).then(AWAITING)


def test_a_station_that_is_set_up_is_accepted_once() -> None:
    by_set_up = ACCEPTED.model_copy(update={"reason": "stands as desired"})
    Scenario(station).given(AWAITING).when(SET_UP).then(by_set_up).when(SET_UP).then_nothing()


def test_a_person_may_accept_a_station_that_is_not_set_up() -> None:
    Scenario(station).given(AWAITING).when(ACCEPT).then(ACCEPTED).when(ACCEPT).then_nothing()


def test_a_set_up_that_ends_lifts_no_suspension() -> None:
    Scenario(station).given(AWAITING, SUSPENDED).when(SET_UP).then_nothing()


def test_a_suspended_station_is_accepted_again() -> None:
    Scenario(station).given(REGISTERED).when(SUSPEND).then(SUSPENDED).when(SUSPEND).then_nothing().when(ACCEPT).then(
        ACCEPTED
    )


@pytest.mark.parametrize("command", [ACCEPT, SUSPEND, SET_UP])
def test_of_a_station_that_is_not_there_nothing_is_decided(command: RegistrationCommand) -> None:
    Scenario(station).when(command).then_refused("station-unknown")
    Scenario(station).given(REGISTERED, RETIRED).when(command).then_refused("station-retired")


def test_the_snapshot_tells_how_it_stands_and_since_when() -> None:
    later = SUSPENDED.model_copy(update={"suspended_at": NOON + timedelta(hours=1)})
    (snapshot,) = station.snapshots(station.initial, Scenario(station).given(AWAITING, later).state)
    told = snapshot.record
    assert (told.registration, told.version, told.changed_at) == (
        RegistrationState.SUSPENDED,
        2,
        NOON + timedelta(hours=1),
    )


CONTEXT = EventContext(
    topic="gateway.desk.event.v1",
    key=f"volt/{ID}",
    tenant="volt",
    event_id="e-1",
    stream_version=7,
    time=NOON,
)
DONE = To(key=f"volt/{ID}", command=SET_UP)


@pytest.mark.parametrize(
    ("event", "reactions"),
    [
        (DesiredStateHeld(document_id="d", station_id=ID, at=NOON), [DONE]),
        (DriftRepaired(document_id="d", station_id=ID, answer="Accepted", at=NOON), [DONE]),
        (DriftRepaired(document_id="d", station_id=ID, answer="RebootRequired", at=NOON), []),
        (DriftFound(document_id="d", station_id=ID, at=NOON), []),
    ],
)
def test_a_station_is_set_up_once_it_stands_as_desired(event: Record, reactions: list[To]) -> None:
    assert on_desk(event, CONTEXT, None) == reactions
