"""Places that a station names: those that are not registered there are told, once, and its word is taken."""

from typing import Any

import pytest

from charger_gateway.domain.named_places import MOST_TOLD, NamedPlaces
from charger_gateway.domain.station import STATION_EVENTS, Fact
from ev_contracts.gateway import UnknownPlaceNamed

from .saying import AT, SAID, heard_in, say  # noqa: TID252 - tests are no package of the installation

STATUS = {"connectorStatus": "Available", "timestamp": AT}


def meter(**place: int) -> Any:
    return {**place, "meterValue": [{"timestamp": AT, "sampledValue": [{"value": "1"}]}]}


def told(places: NamedPlaces, version: str, action: str, payload: Any, **registered: Any) -> tuple[Fact, ...]:
    heard = heard_in(version, **registered)
    return places.unknown(say(version, action, payload, heard=heard).facts, action, heard)


def unknown(action: str, evse: int, connector: int) -> tuple[Fact, ...]:
    record = UnknownPlaceNamed(**SAID, action=action, evse_number=evse, connector_number=connector)
    return (Fact(topic=STATION_EVENTS, record=record),)


@pytest.mark.parametrize(
    ("version", "action", "payload", "evse", "connector"),
    [
        ("1.6", "MeterValues", meter(connectorId=42), 42, 1),
        (
            "1.6",
            "StartTransaction",
            {"connectorId": 4, "idTag": "CARD", "meterStart": 0, "timestamp": AT},
            4,
            1,
        ),
        ("2.0.1", "StatusNotification", STATUS | {"evseId": 1, "connectorId": 2}, 1, 2),
        (
            "2.1",
            "MeterValues",
            meter(evseId=3) | {"meterValue": [{"timestamp": AT, "sampledValue": [{"value": 1}]}]},
            3,
            0,
        ),
    ],
)
def test_a_place_that_is_not_registered_is_told_once(
    version: str, action: str, payload: Any, evse: int, connector: int
) -> None:
    places = NamedPlaces()
    assert told(places, version, action, payload) == unknown(action, evse, connector)
    assert told(places, version, action, payload) == ()


@pytest.mark.parametrize(
    ("version", "action", "payload"),
    [
        ("1.6", "MeterValues", meter(connectorId=0)),
        ("1.6", "MeterValues", meter(connectorId=3)),
        ("2.0.1", "StatusNotification", STATUS | {"evseId": 2, "connectorId": 2}),
        ("2.0.1", "MeterValues", meter(evseId=2) | {"meterValue": [{"timestamp": AT, "sampledValue": [{"value": 1}]}]}),
    ],
)
def test_the_stations_own_places_are_not(version: str, action: str, payload: Any) -> None:
    assert told(NamedPlaces(), version, action, payload) == ()


def test_nothing_is_told_while_the_registration_is_on_its_way() -> None:
    assert told(NamedPlaces(), "1.6", "MeterValues", meter(connectorId=42), connectors=()) == ()


def test_whoever_names_ever_others_is_told_of_so_often_only() -> None:
    places = NamedPlaces()
    facts = [one for number in range(4, 40) for one in told(places, "1.6", "MeterValues", meter(connectorId=number))]
    assert len(facts) == MOST_TOLD
