"""Every Wh of a connector's register belongs to one session or to a named gap."""

from collections.abc import Sequence

from story import SESSION, STATION, at, charging, deadline, end, name_of, one, reading, readings, start, suspended, told

from chassis.testing import Scenario
from ev_contracts.common import MeterPoint, MeterReading
from ev_contracts.sessions import GapFilled, GapFound, SessionClosed, SessionCorrected
from session_ledger.domain.history import SessionEvent
from session_ledger.domain.session import Command, session


def gaps(events: Sequence[SessionEvent]) -> list[tuple[str, int]]:
    return [(each.cause, each.energy_wh) for each in events if isinstance(each, GapFound)]


def test_sessions_that_meet_leave_no_gap() -> None:
    events, state = told([*one(0, 1_000, 5_000), *one(1, 5_000, 9_000), *one(2, 9_000, 9_000)])
    assert sum(isinstance(each, SessionClosed) for each in events) == 3
    assert gaps(events) == []
    assert state.gaps == {}


def test_energy_between_two_sessions_is_a_gap_with_its_two_readings() -> None:
    events, state = told([*one(0, 1_000, 5_000), *one(1, 5_600, 9_000)])
    (found,) = [each for each in events if isinstance(each, GapFound)]
    assert (found.cause, found.energy_wh) == ("between-sessions", 600)
    assert (found.from_session_id, found.from_wh, found.from_at) == (name_of(0), 5_000, at(50))
    assert (found.to_session_id, found.to_wh, found.to_at) == (name_of(1), 5_600, at(60))
    assert state.gaps == {found.gap_id: found}


def test_a_session_that_closes_late_fills_the_gap() -> None:
    events, state = told([*one(0, 1_000, 5_000), *one(2, 5_600, 9_000)])
    (found,) = [each for each in events if isinstance(each, GapFound)]
    events, state = told(one(1, 5_000, 5_600), state)
    (filled,) = [each for each in events if isinstance(each, GapFilled)]
    assert (filled.gap_id, filled.energy_wh, filled.session_id) == (found.gap_id, 600, name_of(1))
    assert gaps(events) == []
    assert state.gaps == {}


def test_a_session_that_fills_a_part_leaves_the_rest_as_gaps() -> None:
    _, state = told([*one(0, 1_000, 5_000), *one(2, 5_600, 9_000)])
    events, state = told(one(1, 5_100, 5_400), state)
    assert gaps(events) == [("between-sessions", 100), ("between-sessions", 200)]
    assert sum(each.energy_wh for each in state.gaps.values()) == 300


def test_a_register_that_fell_between_sessions_is_named_and_has_no_energy() -> None:
    events, _ = told([*one(0, 1_000, 5_000), *one(1, 0, 900)])
    assert gaps(events) == [("register-fell", 0)]


def test_what_a_held_session_took_is_named_so() -> None:
    events, _ = told([*one(0, 1_000, 5_000), *one(1, 5_000, 900), *one(2, 7_000, 9_000)])
    assert gaps(events) == [("session-held", 2_000)]


def test_a_correction_moves_the_gap() -> None:
    _, state = told([*one(0, 1_000, 5_000), *one(1, 5_600, 9_000)])
    events, state = told([end(52, 5_600, transaction_id="0", at=at(200))], state)
    assert [type(each) for each in events] == [SessionCorrected, GapFilled]
    assert state.gaps == {}


def test_other_connectors_are_other_registers() -> None:
    other = [each.model_copy(update={"connector_number": 2}) for each in one(1, 70_000, 71_000)[:1]]
    events, _ = told([*one(0, 1_000, 5_000), *other, *one(1, 70_000, 71_000)[1:]])
    assert gaps(events) == []


def test_what_a_reset_hides_within_a_session_is_a_gap_without_energy() -> None:
    fall = (reading(10, 1_005_000), reading(20, 0), reading(40, 1_500))
    commands: list[Command] = [start(meter_start_wh=1_000_000), readings(*fall), end(60, 2_000)]
    events, _ = told([*commands, deadline("close", 61)])
    (found,) = [each for each in events if isinstance(each, GapFound)]
    assert (found.cause, found.from_wh, found.to_wh, found.energy_wh) == ("meter-reset", 1_005_000, 0, 0)
    assert (found.from_session_id, found.to_session_id, found.station_id) == (SESSION, SESSION, STATION)


def facts_of(commands: Sequence[Command]) -> SessionClosed:
    events, _ = told(commands)
    (closed,) = [each for each in events if isinstance(each, SessionClosed)]
    return closed


def test_the_curve_says_energy_power_and_current_where_they_were_measured() -> None:
    first = MeterReading(sampled_at=at(10), register_wh=3_000, power_w=11_000, current_sum_a_tenths=480)
    alone = MeterReading(sampled_at=at(20), power_w=7_000)
    last = MeterReading(sampled_at=at(30), register_wh=5_000)
    closed = facts_of([start(), readings(first), readings(alone), readings(last), end(), deadline("close", 61)])
    assert closed.facts.curve == (
        MeterPoint(at=at(0), energy_wh=0),
        MeterPoint(at=at(10), energy_wh=2_000, power_w=11_000, current_a_tenths=480),
        MeterPoint(at=at(20), energy_wh=3_000, power_w=7_000),
        MeterPoint(at=at(30), energy_wh=4_000),
        MeterPoint(at=at(60), energy_wh=11_000),
    )


def test_a_period_says_who_withheld_the_energy() -> None:
    withheld = suspended(40).model_copy(update={"suspended_by": "EVSE"})
    closed = facts_of([start(), suspended(20), withheld, charging(50), end(), deadline("close", 61)])
    assert [(each.started_at, each.charging, each.suspended_by) for each in closed.facts.periods] == [
        (at(0), True, None),
        (at(20), False, "EV"),
        (at(40), False, "EVSE"),
        (at(50), True, None),
    ]


def test_both_times_stand_and_the_clock_s_offset_is_estimated() -> None:
    commands: list[Command] = [start(at=at(7)), end(at=at(67.5)), deadline("close", 90)]
    closed = facts_of(commands)
    assert (closed.facts.started_at, closed.clock_offset_s) == (at(0), 7 * 60)


def test_a_clock_that_is_ahead_of_ours_is_held() -> None:
    scenario = Scenario(session).given(*told([start(at=at(-40)), end(at=at(20))])[0])
    (event,) = told([deadline("close", 90)], scenario.state)[0]
    assert (type(event).__name__, getattr(event, "cause", "")) == ("SessionMarkedSuspect", "clock-ahead")
