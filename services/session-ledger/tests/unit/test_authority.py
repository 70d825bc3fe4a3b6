"""By what right a session was stopped stands in its facts, and a stranger's stop before a person."""

import pytest
from story import PARTIES, SESSION, STATION, at, deadline, end, reading, readings, start, told

from chassis.decider import Refused
from ev_contracts.sessions import ForeignStopFound, ResolveDispute, ReviewItem, SessionClosed, Stopper
from session_ledger.domain.session import Command, session

OWN = Stopper(token_ref="token-7", token_status="Accepted")
FRIEND = Stopper(token_ref="token-8", token_status="Accepted", group_id="G-FLEET")
MASTER = Stopper(token_ref="token-1", token_status="Accepted", group_id="G-MASTER", is_master_pass=True)
STRANGER = Stopper(token_ref="token-9", token_status="Accepted")
OF_THE_FLEET = PARTIES.model_copy(update={"group_id": "G-FLEET"})
NOBODYS = PARTIES.model_copy(update={"token_ref": None})


def blocked(stopper: Stopper) -> Stopper:
    return stopper.model_copy(update={"token_status": "Blocked"})


def authority(*commands: Command) -> str | None:
    events, _ = told([*commands, deadline("close", 61)])
    (closed,) = (each for each in events if isinstance(each, SessionClosed))
    return closed.facts.stop_authority


@pytest.mark.parametrize(
    ("stopper", "by_what_right"),
    [
        (OWN, "own-token"),
        (blocked(OWN), "own-token"),
        (FRIEND, "same-group"),
        (blocked(FRIEND), "foreign-token"),
        (MASTER, "master-pass"),
        (blocked(MASTER), "foreign-token"),
        (STRANGER, "foreign-token"),
        (Stopper(token_ref=None, token_status="Invalid"), "foreign-token"),
        (None, "without-token"),
    ],
)
def test_the_facts_say_by_what_right_a_session_was_stopped(stopper: Stopper | None, by_what_right: str) -> None:
    assert authority(start(parties=OF_THE_FLEET), end(stopper=stopper)) == by_what_right


def test_two_tokens_of_no_group_are_strangers() -> None:
    assert authority(start(), end(stopper=STRANGER)) == "foreign-token"


def test_what_nobodys_token_began_has_no_owner() -> None:
    assert authority(start(token_ref=None, parties=NOBODYS), end(stopper=STRANGER)) == "unowned"


def test_a_remote_stop_was_judged_before_it_was_sent() -> None:
    assert authority(start(), end(reason="Remote", stopper=STRANGER)) == "remote"


def test_a_stop_that_nobody_heard_has_no_authority() -> None:
    silence = deadline("silence", 60 * 24 * 3)
    events, _ = told([start(), readings(reading(10, 2_000)), silence])
    assert [each.facts.stop_authority for each in events if isinstance(each, SessionClosed)] == [None]


def test_the_token_that_ends_the_charging_counts_where_the_end_names_none() -> None:
    numbered = start(ocpp_version="2.0.1", seq_no=0)
    stopping = readings(reading(50, 12_000), session_id=SESSION, seq_no=1, stopper=STRANGER)
    leaving = end(60, None, session_id=SESSION, seq_no=2)
    for order in ((numbered, stopping, leaving), (numbered, leaving, stopping), (leaving, stopping, numbered)):
        events, _ = told(order)
        assert [each.facts.stop_authority for each in events if isinstance(each, SessionClosed)] == ["foreign-token"]


def test_a_strangers_stop_is_named_and_stands_before_a_person_until_it_is_settled() -> None:
    events, station = told([start(), end(stopper=STRANGER), deadline("close", 61)])
    found = ForeignStopFound(session_id=SESSION, station_id=STATION, stopper=STRANGER, ended_at=at(60), found_at=at(61))
    assert found in events
    (shown,) = session.snapshots(session.initial, station)
    assert isinstance(shown.record, ReviewItem)
    assert (shown.record.kind, shown.record.cause, shown.record.detail) == (
        "dispute",
        "foreign-stop",
        "token-9 (Accepted)",
    )
    settled = ResolveDispute(at=at(90), session_id=SESSION, station_id=STATION, by="vera", reason="his brother")
    reviewed = session.decide(settled, station)
    assert not isinstance(reviewed, Refused)
    for event in reviewed:
        station = session.evolve(station, event)
    assert [each.record for each in session.snapshots(session.initial, station)] == []
