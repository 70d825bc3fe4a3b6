"""The test sentence itself, and the fold."""

import uuid
from datetime import timedelta

import pytest
import toy
from hypothesis import given
from hypothesis import strategies as st

from chassis.decider import Folded, derived_id, fold, pause_before, state_after
from chassis.testing import Scenario

ADD = toy.Add(at=toy.NOON, number=1, amount=5)
ADDED = toy.Added(number=1, amount=5, total=5)
CLOSED = toy.Closed(total=5)


def test_a_scenario_goes_on_after_what_happened() -> None:
    Scenario(toy.tally).given().when(ADD).then(ADDED).when(toy.Close(at=toy.NOON)).then(CLOSED)


def test_nothing_and_no_are_told_apart() -> None:
    Scenario(toy.tally).given(CLOSED).when(toy.Close(at=toy.NOON)).then_nothing()
    Scenario(toy.tally).given(CLOSED).when(ADD).then_refused("tally-is-closed")


def test_a_scenario_that_went_otherwise_fails() -> None:
    with pytest.raises(AssertionError):
        Scenario(toy.tally).given().when(ADD).then(CLOSED)
    with pytest.raises(AssertionError):
        Scenario(toy.tally).given().when(ADD).then_refused("below-zero")
    with pytest.raises(AssertionError):
        Scenario(toy.tally).given(CLOSED).when(ADD).then()


def test_the_fold_may_begin_anywhere() -> None:
    assert fold(toy.tally, [ADDED]) == toy.Open(total=5)
    assert fold(toy.tally, [CLOSED], toy.Open(total=5)) == toy.Shut(total=5)


def test_what_decide_has_folded_is_not_folded_again() -> None:
    folded: Folded[toy.Added, toy.Open] = Folded(toy.Open(total=0))
    folded.append(ADDED)
    folded.state = toy.Open(total=7)
    assert folded == [ADDED]
    assert state_after(toy.tally, folded, toy.Open(total=0)) == toy.Open(total=7)
    assert state_after(toy.tally, [ADDED], toy.Open(total=0)) == toy.Open(total=5)


@given(st.lists(st.text()))
def test_a_derived_id_is_a_uuid5(parts: list[str]) -> None:
    namespace = uuid.UUID("5b1e2f0a-6f0c-5d57-9b3e-2d9c1a7e4f10")
    assert derived_id(*parts) == str(uuid.uuid5(namespace, "/".join(parts)))


def test_derived_ids_are_the_same_everywhere() -> None:
    assert derived_id("a", "b") == derived_id("a", "b") != derived_id("a", "c")


def test_the_pause_before_another_try_doubles_up_to_the_longest() -> None:
    pauses = [pause_before(attempt, first=timedelta(minutes=1), longest=timedelta(hours=1)) for attempt in (0, 1, 2, 9)]
    assert pauses == [timedelta(minutes=minutes) for minutes in (1, 2, 4, 60)]
    assert pause_before(10**9, first=timedelta(seconds=10), longest=timedelta(hours=1)) == timedelta(hours=1)
