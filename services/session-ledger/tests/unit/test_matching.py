"""A message that names no session goes to the one that fits by connector, time and meter, or is parked."""

from story import SESSION, STATION, at, deadline, end, name_of, reading, readings, start, told

from chassis.decider import Refused
from chassis.testing import Scenario
from ev_contracts.sessions import (
    MessageSettled,
    SessionClosed,
    SessionCorrected,
    SessionEnded,
    SettleMessage,
    UnmatchedMessageRecorded,
)
from session_ledger.domain.session import Command, session
from session_ledger.domain.work_queue import snapshots


def kinds(commands: list[Command]) -> list[str]:
    return [type(each).__name__ for each in told(commands)[0]]


LOST = end(60, 12_000, transaction_id="-1")


def other(number: int, meter_start_wh: int = 1_000, connector_number: int = 2) -> Command:
    return start(
        session_id=name_of(number),
        transaction_id=str(number),
        connector_number=connector_number,
        meter_start_wh=meter_start_wh,
    )


def test_a_stop_of_transaction_minus_one_ends_the_only_session_that_fits() -> None:
    events, _ = told([start(), readings(reading(30, 5_000)), LOST, deadline("close", 61)])
    (settled,) = [each for each in events if isinstance(each, MessageSettled)]
    (closed,) = [each for each in events if isinstance(each, SessionClosed)]
    assert (settled.session_id, settled.rule, settled.by) == (SESSION, "connector-time-meter", None)
    assert closed.facts.energy_wh == 11_000


def test_a_repeat_of_a_matched_message_adds_nothing() -> None:
    events, state = told([start(), LOST])
    assert told([LOST], state)[0] == []
    events, state = told([deadline("close", 61)], state)
    assert [type(each) for each in events] == [SessionClosed]
    assert told([LOST], state)[0] == []


def test_readings_are_matched_by_their_connector() -> None:
    lost = readings(reading(30, 5_000), transaction_id="-1", connector_number=2)
    events, _ = told([start(), other(5), lost])
    assert [each.session_id for each in events if isinstance(each, MessageSettled)] == [name_of(5)]


def test_where_two_sessions_fit_the_message_is_parked() -> None:
    events, state = told([start(), other(5), LOST])
    (parked,) = [each for each in events if isinstance(each, UnmatchedMessageRecorded)]
    assert (parked.because, parked.meter_wh) == ("many-sessions", 12_000)
    assert list(state.unmatched.values()) == [parked]
    assert told([LOST], state)[0] == []


def test_the_meter_tells_two_sessions_apart() -> None:
    events, _ = told([start(), other(5, meter_start_wh=900_000), LOST])
    assert [each.session_id for each in events if isinstance(each, SessionEnded)] == [SESSION]


def test_a_message_before_its_start_or_below_its_register_fits_nothing() -> None:
    assert kinds([start(started_at=at(90)), LOST]) == ["SessionStarted", "UnmatchedMessageRecorded"]
    assert kinds([start(meter_start_wh=13_000), LOST]) == ["SessionStarted", "UnmatchedMessageRecorded"]
    unread = end(60, None, transaction_id="-1")
    assert kinds([start(), unread]) == ["SessionStarted", "UnmatchedMessageRecorded"]


def test_a_parked_message_finds_its_start_when_that_comes() -> None:
    lost = readings(reading(30, 5_000), transaction_id="-1")
    events, state = told([LOST, lost, start()])
    assert [each.session_id for each in events if isinstance(each, MessageSettled)] == [SESSION, SESSION]
    assert state.unmatched == {}
    in_order, _ = told([start(), lost, LOST, deadline("close", 61)])
    late, _ = told([deadline("close", 61)], state)
    facts = [each.facts for each in (*in_order, *late) if isinstance(each, SessionClosed)]
    assert facts[0] == facts[1]


def test_a_sessions_own_stop_displaces_one_that_was_matched_to_it() -> None:
    """An idle session before it has the same register: by itself the stop of the next one would fit it."""
    early = start(meter_start_wh=1_000)
    lost = end(70, 1_000, transaction_id="-1")
    _, state = told([lost, early])
    assert state.unmatched == {}
    _, state = told([end(5, 1_000, at=at(71))], state)
    assert list(state.unmatched) != []
    next_one = start(session_id=name_of(5), transaction_id="5", started_at=at(65), at=at(72))
    events, state = told([next_one], state)
    assert [each.session_id for each in events if isinstance(each, MessageSettled)] == [name_of(5)]
    ends = {name: each.end.ended_at for name, each in state.sessions.items() if each.end is not None}
    assert ends == {SESSION: at(5), name_of(5): at(70)}


def test_the_same_displacement_after_the_close_is_a_correction() -> None:
    _, state = told([end(70, 1_000, transaction_id="-1"), start(), deadline("close", 90)])
    assert SESSION in state.final
    events, state = told([end(5, 1_000, at=at(91))], state)
    assert [type(each).__name__ for each in events] == ["SessionCorrected", "UnmatchedMessageRecorded"]
    assert len(state.unmatched) == 1


def test_after_the_close_a_stops_own_register_takes_the_place_of_anothers_wherever_it_stands() -> None:
    _, state = told([end(70, 1_500, transaction_id="-1"), start(), deadline("close", 90)])
    own = end(5, None, at=at(91), readings=(reading(5, 1_200, "Transaction.End"),))
    events, _ = told([own], state)
    (corrected,) = [each for each in events if isinstance(each, SessionCorrected)]
    assert (corrected.facts.ended_at, corrected.facts.meter_stop_wh) == (at(5), 1_200)


def test_a_start_shows_that_a_matched_stop_was_its_own() -> None:
    lost = end(70, 1_500, transaction_id="-1")
    _, state = told([lost, start()])
    assert state.sessions[SESSION].end is not None
    next_one = start(session_id=name_of(5), transaction_id="5", started_at=at(65), at=at(72))
    events, state = told([next_one], state)
    assert [each.session_id for each in events if isinstance(each, MessageSettled)] == [name_of(5)]
    (second,) = [each for each in state.sessions.values() if each.session_id == name_of(5)]
    assert second.end is not None
    assert second.end.ended_at == at(70)


def test_a_start_that_comes_after_the_close_asks_a_person() -> None:
    _, state = told([end(70, 1_500, transaction_id="-1"), start(), deadline("close", 90)])
    events, state = told([start(session_id=name_of(5), transaction_id="5", started_at=at(65), at=at(95))], state)
    assert [getattr(each, "cause", "") for each in events] == ["", "stop-of-another"]
    assert list(state.questions) == [SESSION]


def settle(message_id: str, session_id: str | None) -> SettleMessage:
    return SettleMessage(
        at=at(100), message_id=message_id, station_id=STATION, session_id=session_id, by="cleo", reason="receipt"
    )


def test_a_person_gives_a_parked_message_to_a_session() -> None:
    _, state = told([start(), other(5), LOST])
    (message_id,) = state.unmatched
    events, after = told([settle(message_id, SESSION)], state)
    assert isinstance(events[0], MessageSettled)
    assert (events[0].rule, events[0].by, events[0].reason) == ("assigned", "cleo", "receipt")
    assert after.sessions[SESSION].end is not None
    assert [(each.key, each.record) for each in snapshots(state, after)] == [(f"@{message_id}", None)]
    assert told([settle(message_id, SESSION)], after)[0] == []
    assert session.decide(settle(message_id, None), after) == Refused(reason="already-settled")


def test_a_person_dismisses_a_parked_message() -> None:
    _, state = told([LOST])
    (message_id,) = state.unmatched
    events, after = told([settle(message_id, None)], state)
    assert [getattr(each, "rule", "") for each in events] == ["dismissed"]
    assert after.unmatched == {}
    assert told([LOST], after)[0] == []


def test_a_message_or_a_session_that_is_not_known_is_refused() -> None:
    _, state = told([LOST])
    (message_id,) = state.unmatched
    for command, reason in (
        (settle("nothing", None), "message-unknown"),
        (settle(message_id, "no"), "session-unknown"),
    ):
        refused = session.decide(command, state)
        assert isinstance(refused, Refused)
        assert refused.reason == reason


def test_what_was_told_before_messages_had_ids_is_history() -> None:
    old = UnmatchedMessageRecorded(station_id=STATION, transaction_id="9", kind="end", meter_wh=1, occurred_at=at(0))
    assert Scenario(session).given(old).state == session.initial
