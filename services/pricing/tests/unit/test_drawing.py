"""A rating by a plan with allowances asks the month first, and is told once what it was granted."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from priced import ENERGY as KWH_AT_35
from priced import FACTS, NOON, PLACE, RESALE, at, facts, version
from test_entitlement import plan_of
from test_plan import ENERGY
from test_rated import CONTEXT, RATING_ID, asked, tariffs

from chassis.decider import To, fold
from ev_contracts.accounts import SubscriptionSnapshot
from ev_contracts.common import AllowanceDraw, PlanAllowance, PlanTerms, RelationKind, RerateCause
from ev_contracts.pricing import (
    AllowanceDrawn,
    AllowanceSnapshot,
    AllowanceWanted,
    ApplyAllowance,
    PlanSnapshot,
    RatingStands,
    RerateSession,
    SessionRated,
    SessionRerated,
)
from pricing.domain.allowance import allowance
from pricing.domain.rated import Drawing, Event, Rated, RatingState, decide, rating
from pricing.policies import on_allowance_drawn, on_allowance_wanted, relations_of

TO_DRIVER = relations_of(RESALE, "volt")[1]
PLAN = plan_of([], [PlanAllowance(kind=ENERGY, quantity=50_000)])
TERMS = PlanTerms(plan=PLAN, subscription_id="s-1")
RATE = asked(relation=TO_DRIVER, terms=TERMS)


def granted(drawing: int, drawn: int, left: int) -> ApplyAllowance:
    draws = (AllowanceDraw(kind=ENERGY, allowed=50_000, drawn=drawn, left=left),)
    return ApplyAllowance(at=at(71), rating_id=RATING_ID, drawing=drawing, draws=draws)


def corrected(kwh: int, correction_id: str = "c-1", **changes: Any) -> RerateSession:
    told: dict[str, Any] = {
        "at": at(90), "rating_id": RATING_ID, "relation": TO_DRIVER, "cause": RerateCause.SESSION_CORRECTED,
        "correction_id": correction_id, "facts": facts((60, True, kwh * 1_000)), "place": PLACE, "parties": RESALE,
        "tariff": version(KWH_AT_35),
    }  # fmt: skip
    return RerateSession(**{**told, **changes})


def after(*commands: Any) -> tuple[RatingState, Sequence[Event]]:
    """The state after them, and what the last one made true."""
    state: RatingState = rating.initial
    events: Sequence[Event] = []
    for command in commands:
        events = decide(command, state)
        state = fold(rating, events, state)
    return state, events


def test_the_month_is_asked_for_what_the_session_could_use() -> None:
    state, (wanted,) = after(RATE)
    assert isinstance(wanted, AllowanceWanted)
    assert [(each.kind, each.allowed, each.wanted) for each in wanted.asked] == [(ENERGY, 50_000, 11_000)]
    assert (wanted.month, wanted.drawing, wanted.cause) == ("2026-11", 1, None)
    assert isinstance(state, Drawing)
    assert decide(RATE, state) == []  # told again while it waits, it is asked once


def test_the_session_is_rated_by_what_was_granted_and_once() -> None:
    state, (event,) = after(RATE, granted(1, 8_000, 0))
    assert isinstance(event, SessionRated)
    assert event.rating.total_excl_vat.rounded_minor == 105  # 3 of 11 kWh at 0.35
    assert event.rating.plan is not None
    assert event.rating.plan.draws == granted(1, 8_000, 0).draws
    assert decide(granted(1, 8_000, 0), state) == decide(RATE, state) == []


def test_a_correction_draws_anew_and_is_told_by_its_difference() -> None:
    state, (wanted,) = after(RATE, granted(1, 8_000, 0), corrected(6))
    assert isinstance(wanted, AllowanceWanted)
    assert (wanted.drawing, wanted.asked[0].wanted, wanted.correction_id) == (2, 6_000, "c-1")
    state, (event,) = after(RATE, granted(1, 8_000, 0), corrected(6), granted(2, 6_000, 2_000))
    assert isinstance(event, SessionRerated)
    assert (event.revision, event.difference_excl_vat.rounded_minor) == (1, -105)
    assert isinstance(state, Rated)
    assert (state.revision, state.drawing) == (1, 2)


def test_the_same_price_stands_and_the_next_correction_is_another_drawing() -> None:
    state, (event,) = after(RATE, granted(1, 11_000, 9), corrected(8), granted(2, 8_000, 3_009))
    assert event == RatingStands(rating_id=RATING_ID, drawing=2, at=at(71))
    assert isinstance(state, Rated)
    (wanted,) = decide(corrected(9, "c-2"), state)
    assert isinstance(wanted, AllowanceWanted)
    assert wanted.drawing == 3


def test_a_correction_while_it_waits_asks_anew_and_the_old_answer_is_none() -> None:
    state, (wanted,) = after(RATE, corrected(6, tariff=None))
    assert isinstance(wanted, AllowanceWanted)
    assert (wanted.drawing, wanted.tariff) == (2, version(KWH_AT_35))
    assert decide(granted(1, 8_000, 0), state) == []
    (event,) = decide(granted(2, 6_000, 0), state)
    assert isinstance(event, SessionRated)
    assert event.rating.total_excl_vat.rounded_minor == 0


def test_a_session_that_moves_to_another_month_stays_with_the_month_of_its_first_price() -> None:
    moved = FACTS.model_copy(update={"started_at": NOON.replace(month=12), "ended_at": at(60).replace(month=12)})
    _, (wanted,) = after(RATE, granted(1, 8_000, 0), corrected(11, facts=moved))
    assert isinstance(wanted, AllowanceWanted)
    assert wanted.month == "2026-11"


def test_question_and_answer_go_to_their_aggregates() -> None:
    _, (wanted,) = after(RATE)
    context = replace(CONTEXT, tenant="emo")
    (draw,) = on_allowance_wanted(wanted, context, None)
    assert draw.key == "emo/s-1@2026-11"
    drawn = allowance.decide(draw.command, allowance.initial)
    assert isinstance(drawn, list)
    assert isinstance(drawn[0], AllowanceDrawn)
    (apply,) = on_allowance_drawn(drawn[0], context, None)
    answer = granted(1, 11_000, 39_000).model_copy(update={"at": drawn[0].drawn_at})
    assert apply == To(key=f"emo/{RATING_ID}", command=answer)
    assert on_allowance_wanted(drawn[0], context, None) == on_allowance_drawn(wanted, context, None) == []


def test_a_plan_is_that_of_the_subscription_in_force_at_the_start() -> None:
    book = tariffs()
    key, told = "emo/driver-7#s-1", {"driver_ref": "driver-7", "seller_party_id": "NL-EMO", "plan_id": "commuter"}
    held = SubscriptionSnapshot(subscription_id="s-1", **told, valid_from=at(-10), ends_at=at(10), version=1)
    book.subscriptions.put(key, held)
    assert book.terms(TO_DRIVER, at=NOON) is None  # the plan is not published
    book.plans.put("emo/commuter@1", PlanSnapshot(plan=PLAN, name="Commuter"))
    assert book.terms(TO_DRIVER, at=NOON) == TERMS
    assert book.terms(TO_DRIVER, at=at(10)) is book.terms(TO_DRIVER, at=at(-11)) is None
    other = TO_DRIVER.model_copy(update={"kind": RelationKind.CPO_TO_DRIVER, "seller_party_id": "NL-VLT"})
    assert book.terms(other, at=NOON) is None
    draws = granted(1, 8_000, 42_000).draws
    book.months.put("emo/s-1@2026-11", AllowanceSnapshot(subscription_id="s-1", month="2026-11", draws=draws))
    assert book.bought.available(TO_DRIVER, TERMS, NOON) == {ENERGY: 42_000}
