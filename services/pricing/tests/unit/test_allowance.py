"""Of a month's allowance no more is drawn than is allowed, whoever asks, in whatever order and however often."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis.strategies import integers, lists, tuples
from priced import NOON
from test_plan import ENERGY

from chassis.testing import Scenario
from ev_contracts.common import AllowanceDraw
from ev_contracts.pricing import AllowanceAsked, AllowanceDrawn, DrawAllowance
from pricing.domain.allowance import Month, allowance

ALLOWED = 50_000


def draw(rating_id: str, wanted: int, drawing: int = 1, allowed: int = ALLOWED) -> DrawAllowance:
    asked = (AllowanceAsked(kind=ENERGY, allowed=allowed, wanted=wanted),)
    return DrawAllowance(
        at=NOON, subscription_id="s-1", month="2026-11", rating_id=rating_id, drawing=drawing, asked=asked
    )


def drawn(rating_id: str, amount: int, left: int, drawing: int = 1) -> AllowanceDrawn:
    draws = (AllowanceDraw(kind=ENERGY, allowed=ALLOWED, drawn=amount, left=left),)
    return AllowanceDrawn(
        subscription_id="s-1", month="2026-11", rating_id=rating_id, drawing=drawing, draws=draws, drawn_at=NOON
    )


def test_two_sessions_cannot_both_use_the_last_kwh() -> None:
    scenario = Scenario(allowance).given(drawn("a", 49_000, 1_000))
    scenario = scenario.when(draw("b", 8_000)).then(drawn("b", 1_000, 0))
    scenario.when(draw("c", 8_000)).then(drawn("c", 0, 0))


def test_a_correction_draws_or_gives_back_the_difference() -> None:
    scenario = Scenario(allowance).given(drawn("a", 30_000, 20_000), drawn("b", 20_000, 0))
    scenario = scenario.when(draw("a", 10_000, 2)).then(drawn("a", 10_000, 20_000, 2))
    scenario.when(draw("b", 60_000, 2)).then(drawn("b", 40_000, 0, 2))


def test_the_same_question_has_the_same_answer_and_an_older_one_none() -> None:
    scenario = Scenario(allowance).given(drawn("a", 10_000, 40_000, 2), drawn("b", 40_000, 0))
    scenario.when(draw("a", 10_000, 2)).then(drawn("a", 10_000, 40_000, 2))
    scenario.when(draw("a", 50_000, 1)).then_nothing()


def test_a_plan_that_allows_less_takes_nothing_back_from_others() -> None:
    scenario = Scenario(allowance).given(drawn("a", 30_000, 20_000))
    nothing = (AllowanceDraw(kind=ENERGY, allowed=20_000, drawn=0, left=0),)
    scenario.when(draw("b", 5_000, allowed=20_000)).then(drawn("b", 0, 0).model_copy(update={"draws": nothing}))


def told(questions: list[DrawAllowance]) -> Month:
    state = allowance.initial
    for question in questions:
        events = allowance.decide(question, state)
        assert isinstance(events, list)
        for event in events:
            state = allowance.evolve(state, event)
        assert state.drawn(ENERGY) <= ALLOWED
    return state


@given(lists(tuples(integers(0, 3), integers(0, 40_000)), max_size=12), integers(0, 11))
def test_never_more_is_drawn_than_allowed_and_repeats_change_nothing(asked: list[tuple[int, int]], again: int) -> None:
    drawings = [0, 0, 0, 0]
    questions = []
    for rating, wanted in asked:
        drawings[rating] += 1
        questions.append(draw(f"r-{rating}", wanted, drawings[rating]))
    repeated = [*questions, *questions[again:], *questions[:again]]
    assert told(repeated) == told(questions)


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_whatever_the_order_all_that_is_allowed_is_drawn_if_it_is_wanted(order: tuple[int, ...]) -> None:
    questions = [draw(f"r-{number}", 20_000) for number in order]
    assert told(questions).drawn(ENERGY) == ALLOWED
