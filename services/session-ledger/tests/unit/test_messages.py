"""What becomes of a session when messages lack, come late, come twice or say odd things; one rule each."""

from story import PARTIES, SESSION, at, charging, deadline, end, name_of, one, reading, readings, start, suspended, told

from chassis.decider import Deadline
from ev_contracts.common import MeterReading
from ev_contracts.sessions import (
    EnergyDelivered,
    SessionClosed,
    SessionCorrected,
    SessionEnded,
    SessionMarkedSuspect,
    SessionStarted,
    SuspensionStarted,
)
from session_ledger.domain.session import Command, session

DAY = 24 * 60


def closed(commands: list[Command]) -> SessionClosed:
    (event,) = [each for each in told(commands)[0] if isinstance(each, SessionClosed)]
    return event


def test_a_session_whose_stop_never_comes_is_over_after_the_silence() -> None:
    """steve#292, #235, #796 and others: transactions that stay active until somebody edits the database."""
    _, state = told([start(), readings(reading(30, 5_000)), readings(reading(50, 9_000))])
    assert session.deadlines(state) == [Deadline(name=f"silence/{SESSION}", due_at=at(50 + 2 * DAY))]
    events, _ = told([deadline("silence", 50 + 2 * DAY)], state)
    ended, final = events
    assert isinstance(ended, SessionEnded)
    assert isinstance(final, SessionClosed)
    assert (ended.reason, ended.assumed, ended.ended_at) == ("NoStopHeard", True, at(50))
    assert (final.rule, final.facts.energy_wh, final.facts.ended_at) == ("no-stop-heard", 8_000, at(50))


def test_a_session_whose_connector_is_taken_again_is_over_after_the_grace() -> None:
    commands: list[Command] = [start(), readings(reading(50, 9_000)), *one(2, 9_000, 9_500)[:1]]
    _, state = told(commands)
    assert Deadline(name=f"silence/{SESSION}", due_at=at(120 + 15)) in session.deadlines(state)


def test_the_stations_own_stop_corrects_the_end_that_was_assumed() -> None:
    _, state = told([start(), readings(reading(50, 9_000)), deadline("silence", 50 + 2 * DAY)])
    events, after = told([end(60, 12_000, at=at(60 + 2 * DAY))], state)
    (corrected,) = [each for each in events if isinstance(each, SessionCorrected)]
    assert (corrected.facts.energy_wh, corrected.facts.ended_at) == (11_000, at(60))
    assert told([end(60, 12_000, at=at(60 + 2 * DAY))], after)[0] == []


def test_a_late_end_of_2_x_corrects_by_its_last_reading() -> None:
    _, state = told([start(), readings(reading(50, 9_000)), deadline("silence", 50 + 2 * DAY)])
    late = end(60, None, at=at(60 + 2 * DAY), readings=(reading(60, 12_000, "Transaction.End"),))
    (corrected,) = [each for each in told([late], state)[0] if isinstance(each, SessionCorrected)]
    assert (corrected.facts.energy_wh, corrected.facts.ended_at) == (11_000, at(60))


def test_a_silent_session_without_a_reading_is_held_and_closes_when_its_stop_comes() -> None:
    events, state = told([start(), deadline("silence", 2 * DAY)])
    assert [each.cause for each in events if isinstance(each, SessionMarkedSuspect)] == ["register-missing"]
    _, state = told([end(60, 12_000, at=at(3 * DAY))], state)
    (due,) = session.deadlines(state)
    events, _ = told([deadline("close", 0).model_copy(update={"name": due.name, "at": due.due_at})], state)
    assert [type(each) for each in events] == [SessionClosed]


def test_a_start_that_comes_after_the_silence_opens_the_held_session() -> None:
    early = readings(reading(30, 5_000), session_id=SESSION, seq_no=3)
    events, state = told([early, deadline("silence", 30 + 2 * DAY)])
    assert [each.cause for each in events if isinstance(each, SessionMarkedSuspect)] == ["start-missing"]
    _, state = told([start(ocpp_version="2.0.1", seq_no=0)], state)
    assert [each.name for each in session.deadlines(state)] == [f"silence/{SESSION}"]


def test_a_stop_before_its_meter_values_waits_for_them() -> None:
    late = readings(reading(55, 11_000, "Transaction.End"), at=at(60.2))
    final = closed([start(), end(60, None), late, deadline("close", 75)])
    assert final.facts.energy_wh == 10_000


def test_a_gap_in_the_numbers_holds_nothing_up_beyond_the_grace() -> None:
    new = {"session_id": SESSION}
    commands: list[Command] = [
        start(ocpp_version="2.0.1", seq_no=0),
        readings(reading(30, 5_000), seq_no=2, **new),
        end(60, None, seq_no=4, readings=(reading(60, 12_000, "Transaction.End"),), **new),
    ]
    _, state = told(commands)
    assert session.deadlines(state) == [Deadline(name=f"close/{SESSION}", due_at=at(75))]
    assert closed([*commands, deadline("close", 75)]).rule == "grace-over"


def test_the_same_event_under_another_message_id_counts_once() -> None:
    """libocpp#907 sends a Stop twice, MicroOcpp#237 a Start; citrineos-core#880 counted the retry."""
    new = {"session_id": SESSION}
    once: list[Command] = [
        start(ocpp_version="2.0.1", seq_no=0),
        readings(reading(30, 5_000), seq_no=1, **new),
        end(60, 12_000, seq_no=2, **new),
    ]
    twice = [command for command in once for _ in range(2)]
    assert closed(twice).facts == closed(once).facts


def test_a_session_told_hours_later_has_its_own_times_and_both_are_kept() -> None:
    hours = 300.0
    commands: list[Command] = [
        start(at=at(hours), offline=True),
        readings(reading(30, 5_000), at=at(hours)),
        end(60, 12_000, at=at(hours), offline=True),
    ]
    events, state = told(commands)
    (begun,) = [each for each in events if isinstance(each, SessionStarted)]
    assert (begun.started_at, begun.received_at) == (at(0), at(hours))
    (final,) = told([deadline("close", hours + 0.5)], state)[0]
    assert isinstance(final, SessionClosed)
    assert (final.facts.started_at, final.facts.ended_at, final.clock_offset_s) == (at(0), at(60), None)


def test_of_two_tokens_the_first_pays() -> None:
    stranger = PARTIES.model_copy(update={"token_ref": "token-9", "driver_ref": "driver-9"})
    second = readings(reading(30, 5_000), token_ref="token-9", parties=stranger)
    assert closed([start(), second, end(), deadline("close", 61)]).parties == PARTIES


def test_a_token_that_changes_in_mid_session_changes_no_payer() -> None:
    stranger = PARTIES.model_copy(update={"token_ref": "token-9", "driver_ref": "driver-9"})
    changes = [
        readings(reading(20, 4_000), token_ref="token-9", parties=stranger),
        readings(reading(30, 5_000), token_ref="token-7", parties=PARTIES),
        readings(reading(40, 6_000), token_ref="token-9", parties=stranger),
    ]
    for order in (changes, changes[::-1]):
        assert closed([start(), *order, end(), deadline("close", 61)]).parties == PARTIES


def test_a_token_that_is_shown_after_the_start_pays_where_none_was() -> None:
    nobody = PARTIES.model_copy(update={"token_ref": None, "driver_ref": None})
    shown = readings(reading(30, 5_000), token_ref="token-7", parties=PARTIES)
    assert closed([start(parties=nobody, token_ref=None), shown, end(), deadline("close", 61)]).parties == PARTIES


def test_who_withholds_the_energy_is_told_each_time_it_changes() -> None:
    withheld = suspended(40).model_copy(update={"suspended_by": "EVSE"})
    events, _ = told([start(), suspended(20), suspended(25), withheld, charging(50)])
    assert [each.suspended_by for each in events if isinstance(each, SuspensionStarted)] == ["EV", "EVSE"]


def test_a_remote_start_without_a_vehicle_is_no_charging_time() -> None:
    final = closed([start(remote_start_id="cmd-1"), end(2, 1_000, reason="Timeout"), deadline("close", 3)])
    (period,) = final.facts.periods
    assert (final.facts.energy_wh, period.charging) == (0, False)


def test_a_wild_value_is_never_shown_as_less_than_nothing() -> None:
    events, _ = told([start(), readings(reading(10, 3_000)), readings(reading(20, 10)), readings(reading(30, 4_000))])
    shown = [each.energy_wh for each in events if isinstance(each, EnergyDelivered)]
    assert shown == [2_000, 3_000]


def test_readings_of_other_places_and_of_one_phase_are_no_energy() -> None:
    odd = MeterReading(sampled_at=at(10), register_wh=90_000, location="Inlet")
    assert told([start()])[1] == told([start(), readings(odd)])[1]


def test_a_session_of_no_energy_closes_with_none() -> None:
    assert closed(one(0, 5_000, 5_000)).facts.energy_wh == 0
    assert closed(one(0, 5_000, 5_000)).session_id == name_of(0)
