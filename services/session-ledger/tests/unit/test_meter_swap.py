"""A meter that was changed: what a session took over it, whenever the registry says so, and what lies in between."""

from collections.abc import Sequence
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from story import SESSION, STATION, at, deadline, end, name_of, one, reading, readings, start, told

from ev_contracts.common import MeterReading, SessionFacts
from ev_contracts.sessions import (
    ChangeMeter,
    EnergyDelivered,
    GapFilled,
    GapFound,
    MeterChanged,
    SessionClosed,
    SessionCorrected,
    SessionEnded,
    SessionMarkedSuspect,
)
from session_ledger.domain.history import SessionEvent
from session_ledger.domain.session import Command


def swapped(minutes: float, removed_wh: int | None, fitted_wh: int | None, **changes: object) -> ChangeMeter:
    fields: dict[str, object] = {
        "at": at(minutes),
        "station_id": STATION,
        "evse_number": 1,
        "connector_number": 1,
        "removed_at": at(minutes),
        "removed_register_wh": removed_wh,
        "fitted_at": at(minutes),
        "register_wh": fitted_wh,
    }
    return ChangeMeter(**{**fields, **changes})


RISING = (reading(10, 1_003_000), reading(20, 1_005_000), reading(30, 500), reading(40, 1_500))
BEGUN = start(meter_start_wh=1_000_000)
OVER: tuple[Command, ...] = (BEGUN, readings(*RISING), end(60, 2_000), deadline("close", 61))


def facts_of(events: Sequence[SessionEvent]) -> SessionFacts:
    """What the session came to, at last."""
    return [each for each in events if isinstance(each, SessionClosed | SessionCorrected)][-1].facts


def energy(commands: Sequence[Command]) -> tuple[int, str | None]:
    facts = facts_of(told(commands)[0])
    assert sum(each.energy_wh for each in facts.periods) == facts.energy_wh == facts.curve[-1].energy_wh
    sums = [each.energy_wh for each in facts.curve]
    assert sums == sorted(sums)
    return facts.energy_wh, facts.energy_rule


def test_both_rising_parts_count_exactly_by_the_registers_that_were_read() -> None:
    assert energy([swapped(25, 1_005_200, 0), *OVER]) == (5_200 + 2_000, "meter-swap")


@pytest.mark.parametrize("place", range(5))
def test_a_swap_comes_to_the_same_before_in_the_midst_and_after_the_close(place: int) -> None:
    commands = [*OVER[:place], swapped(25, 1_005_200, 0, at=at(70)), *OVER[place:]]
    events, _ = told([*commands, deadline("close", 62)])
    facts = facts_of(events)
    assert (facts.energy_wh, facts.energy_rule, facts.meter_stop_wh) == (7_200, "meter-swap", 2_000)
    assert facts == facts_of(told([swapped(25, 1_005_200, 0), *OVER])[0])
    corrected = [each for each in events if isinstance(each, SessionCorrected)]
    assert [each.cause for each in corrected] == (["meter-changed"] if place == 4 else [])


def test_a_removal_and_a_fitting_told_apart_are_one_change() -> None:
    removal = swapped(24, 1_005_200, None, fitted_at=None)
    fitting = swapped(28, None, 100, removed_at=None)
    for place, first, second in [(0, removal, fitting), (4, removal, fitting), (4, fitting, removal)]:
        commands = [*OVER[:place], first, second, *OVER[place:]]
        assert energy(commands) == (5_200 + 1_900, "meter-swap")


def test_a_meter_of_the_whole_evse_stands_behind_each_of_its_connectors() -> None:
    assert energy([swapped(25, 1_005_200, 0, connector_number=0), *OVER]) == (7_200, "meter-swap")
    assert energy([swapped(25, 1_005_200, 0, evse_number=2), *OVER]) == (5_000 + 1_500, "meter-reset")


def test_where_nobody_read_the_registers_the_readings_next_to_the_fall_hold() -> None:
    assert energy([swapped(25, None, None), *OVER]) == (5_000 + 1_500, "meter-swap")
    assert energy([swapped(25, 1_005_200, None), *OVER]) == (5_200 + 1_500, "meter-swap")
    assert energy([swapped(25, None, 0), *OVER]) == (5_000 + 2_000, "meter-swap")


def test_the_technician_s_watch_may_be_wrong_and_his_display_coarse() -> None:
    for minutes in (12, 25, 38):
        assert energy([swapped(minutes, 1_005_200, 0), *OVER]) == (7_200, "meter-swap")
    assert energy([swapped(25, 1_004_500, 0), *OVER]) == (5_000 + 2_000, "meter-swap")


def test_a_new_meter_that_stands_above_the_old_one_bills_no_difference_of_two_meters() -> None:
    higher = (
        BEGUN,
        readings(reading(20, 1_005_000), reading(30, 1_009_000)),
        end(60, 1_010_000),
        deadline("close", 61),
    )
    assert energy(higher) == (10_000, "registers")
    for place in (0, 2, 4):
        commands = [*higher[:place], swapped(25, 1_005_200, 1_008_800), *higher[place:]]
        assert energy(commands) == (5_200 + 1_200, "meter-swap")


def test_the_hole_in_the_chain_is_named_and_has_its_two_readings() -> None:
    events, state = told([swapped(25, 1_005_200, 0), *OVER])
    (found,) = [each for each in events if isinstance(each, GapFound)]
    assert (found.cause, found.from_wh, found.to_wh, found.energy_wh) == ("meter-swap", 1_005_200, 0, 0)
    assert (found.from_session_id, found.to_session_id, found.from_at) == (SESSION, SESSION, at(25))
    assert state.gaps == {}


def test_what_the_registers_do_not_show_is_held() -> None:
    events, _ = told([swapped(25, 7_000_000, 0), *OVER])
    assert [each.cause for each in events if isinstance(each, SessionMarkedSuspect)] == ["meter-change-unexplained"]
    one_meter = (BEGUN, readings(reading(20, 1_005_000), reading(40, 1_009_000)), end(60, 1_010_000))
    for silent in (swapped(30, None, None), swapped(30, 1_005_500, 0)):
        events, _ = told([silent, *one_meter, deadline("close", 61)])
        assert [each.cause for each in events if isinstance(each, SessionMarkedSuspect)] == ["meter-change-unexplained"]


def test_a_closed_session_that_a_change_does_not_explain_is_contested_once() -> None:
    events, state = told([*OVER, swapped(25, 7_000_000, 0), swapped(25, 7_000_000, 0)])
    assert [each.cause for each in events if isinstance(each, SessionMarkedSuspect)] == ["meter-change-unexplained"]
    assert SESSION in state.questions


def test_a_meter_that_is_only_made_known_changes_nothing() -> None:
    one_meter = (BEGUN, readings(reading(20, 1_005_000), reading(40, 1_009_000)), end(60, 1_010_000))
    known = swapped(30, None, None, removed_at=None)
    assert energy([known, *one_meter, deadline("close", 61)]) == (10_000, "registers")


def test_a_change_told_next_to_a_session_s_end_may_have_been_beside_it() -> None:
    after = (BEGUN, readings(reading(20, 1_005_000)), end(60, 1_010_000), deadline("close", 61))
    assert energy([swapped(58, 1_010_300, 0), *after]) == (10_000, "registers")
    before = (start(meter_start_wh=9_000), readings(reading(20, 11_000)), end(60, 12_000), deadline("close", 61))
    assert energy([swapped(3, 5_200, 8_990), *before]) == (3_000, "registers")


def test_a_held_session_is_settled_by_the_change_that_explains_it() -> None:
    fallen = (BEGUN, readings(reading(20, 1_005_000)), end(60, 2_000), deadline("close", 61))
    events, _ = told([*fallen, swapped(25, 1_005_200, 0, at=at(300))])
    assert [type(each) for each in events if isinstance(each, SessionMarkedSuspect | SessionClosed)] == [
        SessionMarkedSuspect,
        SessionClosed,
    ]
    assert energy([*fallen, swapped(25, 1_005_200, 0, at=at(300))]) == (7_200, "meter-swap")


def test_energy_goes_on_live_over_the_change() -> None:
    events, _ = told([BEGUN, swapped(25, 1_005_200, 0), *[readings(each) for each in RISING], end(60, 2_000)])
    assert [each.energy_wh for each in events if isinstance(each, EnergyDelivered)] == [
        3_000,
        5_000,
        5_700,
        6_700,
        7_200,
    ]
    assert [each.energy_wh for each in events if isinstance(each, SessionEnded)] == [7_200]


def test_a_swap_between_sessions_is_named_with_what_nobody_took() -> None:
    sessions = [*one(0, 1_000, 5_000), *one(1, 20, 900)]
    change = swapped(55, 5_300, 0)
    for commands in ([change, *sessions], [*sessions, change]):
        events, state = told(commands)
        found = [each for each in events if isinstance(each, GapFound)]
        assert (found[-1].cause, found[-1].energy_wh) == ("meter-swap", 300 + 20)
        assert (found[-1].from_session_id, found[-1].to_session_id) == (name_of(0), name_of(1))
        assert state.gaps == {found[-1].gap_id: found[-1]}
    filled = [each for each in told([*sessions, change])[0] if isinstance(each, GapFilled)]
    assert [each.energy_wh for each in filled] == [0]


def test_a_change_is_told_once() -> None:
    events, _ = told([swapped(25, 1_005_200, 0), swapped(25, 1_005_200, 0, at=at(30))])
    assert [type(each) for each in events] == [MeterChanged]


PARTS = st.lists(st.integers(0, 4_000), min_size=2, max_size=6)


@given(old=PARTS, new=PARTS, unread=st.tuples(st.integers(0, 900), st.integers(0, 900)), data=st.data())
def test_any_swap_in_any_order_comes_to_the_truth(
    old: list[int], new: list[int], unread: tuple[int, int], data: st.DataObject
) -> None:
    """Whatever the meters stood at, and whenever the registry's word comes, both parts count to the Wh."""
    first_wh = data.draw(st.integers(200_000, 900_000))
    fitted_wh = data.draw(st.one_of(st.integers(1_000, 100_000), st.integers(1_000_000, 2_000_000)))
    step = 60.0 / (len(old) + len(new) + 1)
    old_points = [(step * (n + 1), first_wh + sum(old[: n + 1])) for n in range(len(old))]
    removed_wh = old_points[-1][1] + unread[0]
    base = fitted_wh + unread[1]
    new_points = [(step * (len(old) + n + 1), base + sum(new[: n + 1])) for n in range(len(new))]
    change = swapped(old_points[-1][0] + step / 2, removed_wh, fitted_wh)
    told_readings: list[Command] = [
        readings(MeterReading(sampled_at=at(m), register_wh=wh)) for m, wh in (*old_points, *new_points)
    ]
    stop_wh = new_points[-1][1]
    later: list[Command] = data.draw(st.permutations([*told_readings, change]))
    closing: list[Command] = [end(60, stop_wh), deadline("close", 61)]
    commands: list[Command] = [start(meter_start_wh=first_wh), *later, *closing]
    if data.draw(st.booleans()):
        commands = [*(each for each in commands if each is not change), change]
    expected = removed_wh - first_wh + stop_wh - fitted_wh
    assert energy(commands) == (expected, "meter-swap")


def test_every_order_of_one_session_and_its_swap_gives_the_same_figures() -> None:
    messages: list[Command] = [readings(*RISING[:2]), readings(*RISING[2:]), swapped(25, 1_005_200, 0), end(60, 2_000)]
    for order in permutations(messages):
        assert energy([BEGUN, *order, deadline("close", 61)]) == (7_200, "meter-swap")


@pytest.mark.parametrize(("told_too", "energy_wh"), [([swapped(25, 1_005_000, 0)], 6_500), ([], 1_000)])
def test_a_late_reading_of_before_the_fall_is_no_figure_to_end_with(told_too: list[Command], energy_wh: int) -> None:
    """Found by the machine of histories: it was taken for the stop, and a whole meter was billed."""
    last = reading(60, 1_500, "Transaction.End")
    session: list[Command] = [
        BEGUN,
        *told_too,
        readings(reading(30, 500)),
        end(60, None, readings=(last,)),
        deadline("close", 76),
    ]
    late = readings(reading(20, 1_005_000), at=at(80))
    assert energy([*session, late])[0] == energy(session)[0] == energy_wh


def test_a_session_whose_stop_is_lost_does_not_reach_a_change_after_its_last_reading() -> None:
    """Found by the machine of histories: what leaked before the change was billed to a session that was long over."""
    lost: list[Command] = [
        BEGUN,
        readings(reading(20, 1_005_000)),
        start(session_id=name_of(1), transaction_id="1", started_at=at(90)),
    ]
    silent = deadline("silence", 120)
    for place in (0, 2, 3, 4):
        commands: list[Command] = [*lost, silent]
        commands.insert(place, swapped(50, 1_005_400, 100, at=at(100)))
        assert energy(commands) == (5_000, "registers")


def test_a_leap_that_no_station_can_give_is_where_the_meter_was_changed() -> None:
    """Found by the machine of histories: the new meter's readings were passed over as wild values."""
    begun = start(ocpp_version="2.0.1", seq_no=0, meter_start_wh=None, readings=(reading(0, 7_000_000),))
    first = readings(reading(20, 7_003_000), session_id=SESSION, seq_no=1)
    ended = end(60, None, session_id=SESSION, seq_no=2, readings=(reading(60, 20_000_900, "Transaction.End"),))
    change = swapped(40, 7_003_200, 20_000_100)
    told_too: list[Command] = [change, first, ended]
    for commands in permutations(told_too):
        if commands[-1] is not change:
            assert energy([begun, *commands]) == (3_200 + 800, "meter-swap")
    events, state = told([begun, first, ended, change])
    assert [each.cause for each in events if isinstance(each, SessionMarkedSuspect)] == ["meter-change-unexplained"]
    assert list(state.questions) == [SESSION]


def test_a_change_that_closes_a_held_session_lets_go_of_those_closed_too_long_ago() -> None:
    """Found by the machine of histories: the close dropped a session that the change was still to look at."""
    old = one(0, 1_000, 5_000)
    fallen = [each.model_copy(update={"evse_number": 2}) for each in one(50, 1_000_000, 2_000)[:1]]
    held = [*fallen, *one(50, 1_000_000, 2_000)[1:]]
    change = swapped(3_025, 1_005_200, 0, evse_number=2, at=at(4_000))
    events, state = told([*old, *held, change])
    assert [each.facts.energy_wh for each in events if isinstance(each, SessionClosed)] == [4_000, 5_200 + 2_000]
    assert list(state.final) == [name_of(50)]
