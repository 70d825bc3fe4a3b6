"""A station that is retired in mid-session: its sessions end, whatever comes first, and nothing is lost."""

from story import PARTIES, PLACE, SESSION, STATION, at, deadline, end, reading, readings, start, told

from chassis.decider import Deadline
from ev_contracts.sessions import (
    SessionClosed,
    SessionCorrected,
    SessionDeadlinePassed,
    SessionEnded,
    StationWithdrawn,
    WithdrawStation,
)
from session_ledger.domain.session import session

WITHDRAW = WithdrawStation(at=at(20), station_id=STATION, withdrawn_at=at(20))


def silence(minutes: float) -> SessionDeadlinePassed:
    return deadline("silence", minutes)


def test_a_session_of_a_retired_station_ends_at_its_last_sign_of_life_after_the_grace() -> None:
    _, state = told([start(), readings(reading(10, 4_000)), WITHDRAW])
    assert session.deadlines(state) == [Deadline(name=f"silence/{SESSION}", due_at=at(35))]
    events, state = told([silence(35)], state)
    (ended,) = [each for each in events if isinstance(each, SessionEnded)]
    assert (ended.ended_at, ended.reason, ended.assumed, ended.energy_wh) == (at(10), "StationRetired", True, 3_000)
    (closed,) = [each for each in events if isinstance(each, SessionClosed)]
    assert (closed.rule, closed.end_reason, closed.facts.energy_wh) == ("no-stop-heard", "StationRetired", 3_000)
    assert (closed.place, closed.parties) == (PLACE, PARTIES)
    assert session.deadlines(state) == []


def test_a_session_whose_start_comes_after_the_retirement_ends_in_the_same_way() -> None:
    _, state = told([WITHDRAW, start(at=at(25)), readings(reading(10, 4_000), at=at(26))])
    assert session.deadlines(state) == [Deadline(name=f"silence/{SESSION}", due_at=at(41))]


def test_the_last_words_of_a_retired_station_still_count() -> None:
    events, _ = told([start(), WITHDRAW, end(19, 6_000, at=at(25)), deadline("close", 26)])
    (closed,) = [each for each in events if isinstance(each, SessionClosed)]
    assert (closed.rule, closed.facts.ended_at, closed.facts.energy_wh) == ("settled", at(19), 5_000)
    events, _ = told([start(), readings(reading(10, 4_000)), WITHDRAW, silence(35), end(19, 6_000, at=at(60))])
    (corrected,) = [each for each in events if isinstance(each, SessionCorrected)]
    assert (corrected.facts.ended_at, corrected.facts.energy_wh) == (at(19), 5_000)


def test_a_station_is_withdrawn_once() -> None:
    events, _ = told([WITHDRAW, WITHDRAW.model_copy(update={"at": at(30), "withdrawn_at": at(30)})])
    assert [type(each) for each in events] == [StationWithdrawn]
