"""What open systems got wrong about energy and sessions that never ended: each thread with the messages it speaks of.

Others stand beside the rule that answers them: `test_registers.py` (#868, #880, #1060), `test_messages.py`.
"""

from collections.abc import Sequence

from story import SESSION, STATION, at, deadline, end, reading, readings, start, told

from ev_contracts.common import MeterReading, SessionFacts
from ev_contracts.sessions import EnergyDelivered, SessionClosed, UnmatchedMessageRecorded
from session_ledger.domain.session import Command


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
