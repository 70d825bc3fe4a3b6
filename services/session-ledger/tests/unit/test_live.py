"""What is shown of a session that runs: by the rules by which it will be billed, and never less than before."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from story import deadline, end, reading, readings, start, told

from ev_contracts.sessions import EnergyDelivered, SessionClosed
from session_ledger.domain.session import Command

WILD = st.integers(0, 60_000) | st.integers(0, 10**7)


def shown(begin_wh: int, *told_so: tuple[int, int]) -> list[int]:
    events, _ = told([start(meter_start_wh=begin_wh), *(readings(reading(*each)) for each in told_so)])
    return [each.energy_wh for each in events if isinstance(each, EnergyDelivered)]


@pytest.mark.parametrize(
    ("begin_wh", "told_so", "live"),
    [
        (
            1_000_000,
            [(10, 1_003_000), (20, 1_005_000), (25, 0), (40, 1_500), (50, 1_900)],
            [3_000, 5_000, 6_500, 6_900],
        ),
        (1_000, [(10, 5_000), (20, 0), (30, 500), (40, 2_000)], [4_000, 4_500]),
        (999_000, [(10, 999_900), (20, 2_000), (30, 2_500)], [900, 3_000, 3_500]),
        (1_000_000, [(10, 0), (20, 500), (30, 1_500)], [500, 1_500]),
    ],
    ids=[
        "a meter that was reset",
        "and came past its begin: not guessed",
        "one that rolled over",
        "values relative to the session",
    ],
)
def test_an_odd_register_is_shown_by_its_rule(begin_wh: int, told_so: list[tuple[int, int]], live: list[int]) -> None:
    assert shown(begin_wh, *told_so) == live


@given(st.lists(WILD, max_size=12))
def test_whatever_a_meter_says_what_is_shown_never_falls_and_is_never_more_than_a_station_gives(
    told_: list[int],
) -> None:
    live = shown(30_000, *((minute, wh) for minute, wh in enumerate(told_, start=1)))
    assert live == sorted(live)
    assert all(each <= 400_000 * len(told_) // 60 + 1_000 for each in live)


@given(st.lists(st.integers(0, 6_000), min_size=1, max_size=12))
def test_of_a_meter_that_rises_the_last_that_is_shown_is_what_the_session_closes_with(steps: list[int]) -> None:
    told_so = [(minute, 1_000 + sum(steps[:minute])) for minute in range(1, len(steps) + 1)]
    last = told_so[-1]
    commands: list[Command] = [start(), *(readings(reading(*each)) for each in told_so), end(last[0] + 1, last[1])]
    events, _ = told([*commands, deadline("close", 80)])
    (closed,) = [each for each in events if isinstance(each, SessionClosed)]
    assert shown(1_000, *told_so)[-1] == closed.facts.energy_wh == sum(steps)
