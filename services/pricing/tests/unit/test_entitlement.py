"""What a plan takes off a price: by hand, and whatever the tariff, the session and the plan may be."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis.strategies import SearchStrategy, builds, integers, lists, one_of, sampled_from
from priced import FACTS, NOON, PLACE, component, facts, version
from test_engine import EVERYTHING, IDLE, STARTS, STEPS, Step, session, tariff
from test_plan import COMMUTER, ENERGY, MONEY, TIME
from test_rated import TO_PROVIDER

from ev_contracts.common import (
    AllowanceDraw,
    AllowanceKind,
    LineScope,
    PlanAllowance,
    PlanDiscount,
    PlanTerms,
    PlanVersion,
    PriceLimit,
    Rating,
    SessionFacts,
    TariffComponentType,
    TariffVersion,
)
from pricing.domain.entitlement import Entitlement, foreseen, month_of
from pricing.domain.rating import Subject, rated

FLAT_AND_KWH = version(component("FLAT", "1.00"), component("ENERGY", "0.50"))


def plan_of(discounts: Sequence[PlanDiscount] = (), allowances: Sequence[PlanAllowance] = ()) -> PlanVersion:
    return PlanVersion(**{**COMMUTER, "discounts": tuple(discounts), "allowances": tuple(allowances)}, version=1)


def off(percent: str, kind: TariffComponentType | None = None) -> PlanDiscount:
    return PlanDiscount(component=kind, percent=Decimal(percent))


def priced(by: TariffVersion, told: SessionFacts, plan: PlanVersion, left: dict[AllowanceKind, int]) -> Rating:
    """With so much left of the month's allowances."""
    entitled = Entitlement.of(PlanTerms(plan=plan, subscription_id="s-1"), told.started_at)
    subject = Subject("r", TO_PROVIDER, told, PLACE.time_zone)
    return rated(subject, by, lambda drafts: foreseen(drafts, entitled, by.currency, left))


def cents(rating: Rating) -> tuple[int, int]:
    return rating.total_excl_vat.rounded_minor, rating.total_incl_vat.rounded_minor


def taken(rating: Rating) -> list[tuple[str, int]]:
    """What the plan took off, with its words."""
    plan_scopes = {LineScope.DISCOUNT, LineScope.ALLOWANCE}
    return [(each.rule, each.excl_vat.rounded_minor) for each in rating.lines if each.scope in plan_scopes]


def test_included_energy_comes_first_then_a_components_discount_then_the_totals() -> None:
    # 11 kWh are 5.50 beside the 1.00 of the start. 4 kWh are left, so 2.00 fall off; of 3.50 half, of 2.75 a tenth.
    plan = plan_of([off("10"), off("50", TariffComponentType.ENERGY)], [PlanAllowance(kind=ENERGY, quantity=50_000)])
    rating = priced(FLAT_AND_KWH, FACTS, plan, {ENERGY: 4_000})
    assert cents(rating) == (248, 299)  # 2.475, half-even; with 21 % 2.99475
    assert [rule for rule, _ in taken(rating)] == [
        "plan commuter: 4 of the month's 50 kWh are included, 0 left",
        "plan commuter: 50 % off ENERGY",
        "plan commuter: 10 % off the total",
        "plan commuter: 10 % off the total",
    ]
    assert rating.plan is not None
    assert rating.plan.draws == (AllowanceDraw(kind=ENERGY, allowed=50_000, drawn=4_000, left=0),)
    assert sum(each.excl_vat.rounded_minor for each in rating.lines) == 248


def test_money_pays_for_the_rest_taxes_included() -> None:
    plan = plan_of([], [PlanAllowance(kind=MONEY, quantity=1_000)])
    rating = priced(FLAT_AND_KWH, FACTS, plan, {MONEY: 121})
    assert cents(rating) == (550, 666)  # 6.50 net is 7.87 (7.865) gross, half-even 7.86; less 1.21 is 6.655
    assert taken(rating)[0][0] == "plan commuter: 1.21 of the month's 10 EUR are included, 0 left"
    assert cents(priced(FLAT_AND_KWH, FACTS, plan, {MONEY: 786})) == (0, 0)


def test_included_minutes_are_of_charging_and_never_of_standing_idle() -> None:
    by = version(component("TIME", "6.00"), component("PARKING_TIME", "12.00"))
    plan = plan_of([], [PlanAllowance(kind=TIME, quantity=7_200)])
    rating = priced(by, facts((60, True, 1_000), (30, False, 0)), plan, {TIME: 1_800})
    assert cents(rating)[0] == 300 + 600
    assert taken(rating)[0][0] == "plan commuter: 30 of the month's 120 minutes charging are included, 0 left"


def test_a_most_counts_for_each_line_by_its_share() -> None:
    # 6.50 are capped at 3.25, so the energy costs 2.75; all of it is included, and half of the start fee remains.
    capped = FLAT_AND_KWH.model_copy(update={"max_price": PriceLimit(excl_vat=Decimal("3.25"))})
    plan = plan_of([], [PlanAllowance(kind=ENERGY, quantity=50_000)])
    assert cents(priced(capped, FACTS, plan, {ENERGY: 50_000}))[0] == 50


def test_money_of_another_currency_pays_for_nothing() -> None:
    plan = plan_of([], [PlanAllowance(kind=MONEY, quantity=1_000)]).model_copy(update={"currency": "SEK"})
    assert cents(priced(FLAT_AND_KWH, FACTS, plan, {})) == cents(priced(FLAT_AND_KWH, FACTS, plan_of(), {}))


def test_a_month_begins_by_the_plans_clock() -> None:
    assert month_of(plan_of(), NOON.replace(month=11, day=30, hour=22, minute=59)) == "2026-11"
    assert month_of(plan_of(), NOON.replace(month=11, day=30, hour=23)) == "2026-12"


KINDS: SearchStrategy[TariffComponentType | None] = sampled_from(
    [None, *(each for each in TariffComponentType if each is not TariffComponentType.UNKNOWN)]
)
DISCOUNTS = lists(
    builds(PlanDiscount, component=KINDS, percent=integers(1, 10_000).map(lambda each: Decimal(each) / 100)),
    max_size=3,
    unique_by=lambda each: each.component,
)
QUANTITIES = integers(1, 20_000)


def allowance(*kinds: AllowanceKind) -> SearchStrategy[list[PlanAllowance]]:
    of_a_kind = builds(PlanAllowance, kind=sampled_from(kinds), quantity=QUANTITIES)
    return lists(of_a_kind, max_size=2, unique_by=lambda each: each.kind)


ALLOWANCES = one_of(allowance(ENERGY, TIME), allowance(MONEY))
LIMITS = sampled_from(
    [{}, {"max_price": PriceLimit(excl_vat=Decimal(1))}, {"min_price": PriceLimit(excl_vat=Decimal(9))}]
)


PLANS = builds(plan_of, DISCOUNTS, ALLOWANCES)
TARIFFS = builds(
    lambda limits, idle: tariff(*EVERYTHING.elements, idle_fee=idle).model_copy(update=limits),
    LIMITS,
    sampled_from([IDLE, None]),
)


@given(STARTS, STEPS, PLANS, integers(0, 20_000), TARIFFS)
def test_whatever_a_plan_takes_off_nothing_is_below_zero_and_lines_sum(
    start: Any, steps: list[Step], plan: PlanVersion, left: int, by: TariffVersion
) -> None:
    told = session(start, *steps)
    available = {each.kind: min(left, each.quantity) for each in plan.allowances}
    rating, without = priced(by, told, plan, available), priced(by, told, plan_of(), {})
    net, gross = cents(rating)
    assert 0 <= net <= cents(without)[0]
    assert 0 <= gross <= cents(without)[1]
    assert rating.total_excl_vat.amount >= 0
    assert sum(each.excl_vat.rounded_minor for each in rating.lines) == net
    assert sum(each.vat.rounded_minor for each in rating.lines) == gross - net
    for draw in rating.plan.draws if rating.plan else ():
        assert 0 <= draw.drawn <= available[draw.kind]
        assert draw.drawn + draw.left == available[draw.kind]
