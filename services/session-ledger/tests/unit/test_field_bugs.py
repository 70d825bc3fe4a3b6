"""What open systems got wrong about energy and sessions that never ended: each thread with the messages it speaks of.

Others stand beside the rule that answers them: `test_registers.py` (#868, #880, #1060), `test_messages.py`; that an
operator's stop reaches the station (steve#235, #2054) is the gateway's, in a file of the same name.
Of two threads no text could be found (ev-server#4218, steve#252): there the words of the list that names them stand.
"""

from collections.abc import Sequence

from story import SESSION, STATION, at, deadline, end, name_of, one, reading, readings, start, told

from chassis.decider import Refused
from ev_contracts.common import MeterReading, SessionFacts
from ev_contracts.sessions import (
    CorrectSession,
    EnergyDelivered,
    SessionClosed,
    SessionCorrected,
    SessionEnded,
    UnmatchedMessageRecorded,
)
from session_ledger.domain.session import Command, session

TWO_DAYS = 2 * 24 * 60


def facts_of(commands: Sequence[Command]) -> SessionFacts:
    (closed,) = [each for each in told(commands)[0] if isinstance(each, SessionClosed)]
    return closed.facts


def test_a_batch_without_an_energy_reading_wipes_no_total() -> None:
    """citrineos-core#868: a batch of only SoC or current, or a clock-aligned one, set a running session back to 0."""
    charge = MeterReading(sampled_at=at(20), soc_percent=60)
    current = MeterReading(sampled_at=at(25), current_sum_a_tenths=480)
    clock = reading(30, 6_000, "Sample.Clock")
    events, _ = told([start(), readings(reading(10, 4_000)), readings(charge), readings(current), readings(clock)])
    assert [each.energy_wh for each in events if isinstance(each, EnergyDelivered)] == [3_000, 5_000]


def test_2_x_meter_values_outside_of_an_event_belong_to_their_session() -> None:
    """citrineos-core#869: MeterValues of 2.x were kept, and never linked to the transaction that they were of."""
    begun = start(ocpp_version="2.0.1", seq_no=0, meter_start_wh=None, readings=(reading(0, 1_000),))
    alone = readings(reading(30, 9_000), session_id=SESSION, seq_no=None)
    ended = end(60, None, session_id=SESSION, seq_no=1)
    assert facts_of([begun, alone, ended]).energy_wh == 8_000


def test_intervals_count_where_no_register_is_told() -> None:
    """citrineos-core#395: without Energy.Active.Import.Register the total stayed at 0."""
    intervals = [MeterReading(sampled_at=at(minutes), interval_wh=700) for minutes in (15, 30, 45)]
    commands: list[Command] = [start(meter_start_wh=None), *(readings(each) for each in intervals), end(60, None)]
    facts = facts_of([*commands, deadline("close", 76)])
    assert (facts.energy_wh, facts.energy_rule) == (2_100, "intervals")


def test_a_stop_of_transaction_minus_one_ends_its_session() -> None:
    """steve#292: the station said -1, the stop was an exception, and the transaction stayed active for ever."""
    commands: list[Command] = [start(), readings(reading(30, 5_000)), end(transaction_id="-1"), deadline("close", 61)]
    assert facts_of(commands).energy_wh == 11_000


def test_a_stop_of_an_unknown_transaction_is_kept_and_nothing_is_raised() -> None:
    """steve#156: the stop failed, was never answered, and came again for ever."""
    events, state = told([end(transaction_id="4711"), end(transaction_id="4711")])
    assert [type(each) for each in events] == [UnmatchedMessageRecorded]
    assert len(state.unmatched) == 1


def test_energy_of_a_station_that_told_no_start_is_kept_for_a_person() -> None:
    """steve#796 and #2042: after a remote start the station charged and never sent its StartTransaction."""
    events, state = told([readings(reading(10, 4_000), transaction_id="-1"), end(60, 12_000, transaction_id="-1")])
    assert [each.station_id for each in events if isinstance(each, UnmatchedMessageRecorded)] == [STATION, STATION]
    assert sorted(each.kind for each in state.unmatched.values()) == ["end", "readings"]


def test_a_session_that_the_station_ends_for_want_of_an_authorisation_ends_like_any_other() -> None:
    """steve#1388: the station stopped by itself (DeAuthorized) because the answer to its start took too long."""
    facts = facts_of([start(), readings(reading(1, 1_100)), end(2, 1_150, reason="DeAuthorized"), deadline("close", 3)])
    assert (facts.energy_wh, facts.ended_at) == (150, at(2))


def test_meter_values_that_leap_and_fall_show_no_driver_a_wrong_figure() -> None:
    """sap-labs-france/ev-dashboard#1817 and ev-server#3506: odd meter values were consumption, and were billed."""
    odd = [reading(10, 2_000), reading(11, 9_000_000), reading(12, 900), reading(13, 2_200), reading(50, 9_000)]
    commands: list[Command] = [start(), *(readings(each) for each in odd), end(), deadline("close", 61)]
    shown = [each.energy_wh for each in told(commands)[0] if isinstance(each, EnergyDelivered)]
    assert shown == [1_000, 1_200, 8_000, 11_000]
    assert facts_of(commands).energy_wh == 11_000


def test_a_begin_that_stands_for_nothing_shows_no_driver_a_lifetime() -> None:
    """citrineos-core#1060, while the session runs: not in its first minutes, nor when 910 kWh could have been taken."""
    told_so = [reading(1, 910_000), reading(5, 910_040), reading(300, 910_083)]
    events, _ = told([start(meter_start_wh=0), *(readings(each) for each in told_so)])
    assert [each.energy_wh for each in events if isinstance(each, EnergyDelivered)] == [40, 83]


def test_a_total_is_never_overwritten_in_silence() -> None:
    """sap-labs-france/ev-server#4218, whose lesson is said to be: no silent overwrite of totals.

    What comes after the close says the whole of the new figures, and says it in an event; the same again says nothing.
    """
    _, closed = told([start(), readings(reading(50, 9_000)), deadline("silence", 50 + TWO_DAYS)])
    late = end(60, 12_000, at=at(60 + TWO_DAYS))
    events, after = told([late], closed)
    assert [each.facts.energy_wh for each in events if isinstance(each, SessionCorrected)] == [11_000]
    assert told([late, late], after)[0] == []


def test_a_zombie_is_closed_with_its_reason_when_the_next_vehicle_comes_and_takes_none_of_its_energy() -> None:
    """steve#252, whose lesson is said to be: automatic closure with a reason, never by hand in the database."""
    begun: list[Command] = [start(), readings(reading(40, 8_000)), *one(2, 9_500, 12_000)]
    over = at(120 + 15)
    silence = deadline("silence", 0).model_copy(update={"at": over, "due_at": over})
    events, _ = told([*begun[:3], silence, *begun[3:]])
    (ended,) = [each for each in events if isinstance(each, SessionEnded) and each.session_id == SESSION]
    assert (ended.assumed, ended.reason, ended.ended_at) == (True, "NoStopHeard", at(40))
    energy = {each.facts.session_id: each.facts.energy_wh for each in events if isinstance(each, SessionClosed)}
    assert energy == {SESSION: 7_000, name_of(2): 2_500}


def test_a_signed_record_as_the_last_reading_keeps_no_session_from_ending() -> None:
    """steve#816: the stop took the last meter value for a number; it was a signed record, and the stop failed."""
    signed = MeterReading(sampled_at=at(45), signed_value_ref="17-4", signed_encoding="OCMF")
    facts = facts_of([start(), readings(reading(40, 8_000)), readings(signed), deadline("silence", 45 + TWO_DAYS)])
    assert (facts.energy_wh, facts.ended_at) == (7_000, at(40))


def test_a_session_that_runs_is_ended_by_its_station_and_by_no_edit() -> None:
    """steve#235: a stop written by hand left the station charging, and no remote stop was possible any more."""
    _, running = told([start(), readings(reading(30, 5_000))])
    by_hand = CorrectSession(
        at=at(40), session_id=SESSION, station_id=STATION, by="cleo", reason="shall be over", meter_stop_wh=6_000
    )
    refused = session.decide(by_hand, running)
    assert isinstance(refused, Refused)
    assert refused.reason == "session-runs"
    assert [type(each) for each in told([end()], running)[0]] == [EnergyDelivered, SessionEnded]
