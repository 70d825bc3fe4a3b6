"""Unknown stations are told of once in a while, and never so many that somebody could fill the list."""

from datetime import UTC, datetime
from typing import Any, NoReturn

import pytest

from charger_gateway.adapters.ocpp.knocks import KNOCKS, Knock, KnockLimits, Knocks, network_of
from chassis.telemetry import Metrics
from ev_contracts.gateway import UnknownStationKnocked
from ev_contracts.record import Record

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


class Noted:
    """A journal that only notes."""

    def __init__(self) -> None:
        self.records: list[tuple[str, str, Record]] = []

    def append(self, topic: str, key: str, record: Record) -> NoReturn:
        raise AssertionError((topic, key, record))

    def note(self, topic: str, key: str, record: Record) -> None:
        self.records.append((topic, key, record))


def knock(identity: str = "NEW-1", peer: str = "203.0.113.7") -> Knock:
    return Knock(identity=identity, peer=peer, secure=True, subprotocols=("ocpp2.0.1", "ocpp1.6"))


def knocks(journal: Noted, **limits: Any) -> Knocks:
    return Knocks(journal=journal, metrics=Metrics(), now=lambda: NOON, limits=KnockLimits(**limits))


def test_an_unknown_station_is_told_with_what_is_known_of_it() -> None:
    journal = Noted()
    knocks(journal).heard(knock())
    told = UnknownStationKnocked(
        station_id="NEW-1",
        source_network="203.0.113.0/24",
        secure=True,
        subprotocols=("ocpp2.0.1", "ocpp1.6"),
        times=1,
        knocked_at=NOON,
    )
    assert journal.records == [(KNOCKS, "_/NEW-1", told)]


def test_one_that_knocks_on_is_told_once_a_window_with_how_often_it_knocked() -> None:
    journal, moment = Noted(), [0.0]
    door = Knocks(journal=journal, metrics=Metrics(), now=lambda: NOON, steady=lambda: moment[0])
    for moment[0] in (0.0, 10.0, 599.0, 600.0):
        door.heard(knock())
    assert [record.times for _, _, record in journal.records] == [1, 3]  # type: ignore[attr-defined]  # knocks


def test_no_more_are_told_of_than_a_person_can_read() -> None:
    journal = Noted()
    door = knocks(journal, most=5, most_of_a_network=100)
    for number in range(50):
        door.heard(knock(f"NEW-{number}"))
    assert len(journal.records) == 5


def test_one_network_does_not_take_the_place_of_others() -> None:
    journal = Noted()
    door = knocks(journal, most=5, most_of_a_network=3)
    for number in range(50):
        door.heard(knock(f"NEW-{number}"))
    door.heard(knock("OTHER", "198.51.100.1"))
    assert len(journal.records) == 4


@pytest.mark.parametrize("identity", ["", "a/b", "x" * 49, "drop table;", "café"])
def test_what_could_never_be_registered_is_not_told(identity: str) -> None:
    journal = Noted()
    knocks(journal).heard(knock(identity))
    assert journal.records == []


@pytest.mark.parametrize(
    ("peer", "network"),
    [("203.0.113.7", "203.0.113.0/24"), ("2001:db8:1:2::3", "2001:db8:1::/48"), ("local", "unknown")],
)
def test_the_address_itself_is_not_kept(peer: str, network: str) -> None:
    assert network_of(peer) == network
