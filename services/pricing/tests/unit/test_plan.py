"""A plan is published in versions, and refused where it makes no sense."""

from decimal import Decimal
from typing import Any

import pytest
from priced import LONG_AGO, NOON, at

from chassis.testing import Scenario
from ev_contracts.common import AllowanceKind, PlanAllowance, PlanDiscount, PlanVersion, TariffComponentType
from ev_contracts.pricing import PlanPublished, PlanSnapshot, PublishPlan
from pricing.adapters.plan_book import Plans
from pricing.domain.plan import plan

ENERGY, TIME, MONEY = AllowanceKind.ENERGY, AllowanceKind.TIME, AllowanceKind.MONEY
COMMUTER: dict[str, Any] = {
    "plan_id": "commuter", "seller_party_id": "NL-EMO", "currency": "EUR", "time_zone": "Europe/Amsterdam",
    "discounts": (PlanDiscount(percent=Decimal(10)),), "allowances": (PlanAllowance(kind=ENERGY, quantity=50_000),),
    "valid_from": LONG_AGO,
}  # fmt: skip


def publish(**changes: Any) -> PublishPlan:
    return PublishPlan(**{"at": NOON, "name": "Commuter", **COMMUTER, **changes})


def published(number: int = 1, **changes: Any) -> PlanPublished:
    return PlanPublished(
        plan=PlanVersion(**{**COMMUTER, **changes}, version=number), name="Commuter", published_at=NOON
    )


def test_a_version_is_published_once_and_another_beside_it() -> None:
    scenario = Scenario(plan).given().when(publish()).then(published())
    scenario.when(publish()).then_nothing()
    scenario.when(publish(valid_from=at(60))).then(published(2, valid_from=at(60)))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"currency": "EUX"}, "currency-unknown"),
        ({"time_zone": "Mars/Base"}, "time-zone-unknown"),
        ({"discounts": (PlanDiscount(percent=Decimal(0)),)}, "discount-out-of-range"),
        ({"discounts": (PlanDiscount(percent=Decimal("100.1")),)}, "discount-out-of-range"),
        ({"discounts": (PlanDiscount(percent=Decimal(1)), PlanDiscount(percent=Decimal(2)))}, "discount-told-twice"),
        (
            {"discounts": (PlanDiscount(component=TariffComponentType.UNKNOWN, percent=Decimal(1)),)},
            "component-unknown",
        ),
        ({"allowances": (PlanAllowance(kind=AllowanceKind.UNKNOWN, quantity=1),)}, "allowance-unknown"),
        ({"allowances": (PlanAllowance(kind=ENERGY, quantity=-1),)}, "allowance-out-of-range"),
        ({"allowances": (PlanAllowance(kind=TIME, quantity=1),) * 2}, "allowance-told-twice"),
        (
            {"allowances": (PlanAllowance(kind=TIME, quantity=1), PlanAllowance(kind=MONEY, quantity=1))},
            "money-beside-others",
        ),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(changes: dict[str, Any], reason: str) -> None:
    Scenario(plan).given().when(publish(**changes)).then_refused(reason)


def test_a_plan_stays_with_its_seller_and_currency() -> None:
    scenario = Scenario(plan).given(published())
    scenario.when(publish(seller_party_id="NL-ZON")).then_refused("plan-of-another-seller")
    scenario.when(publish(currency="SEK")).then_refused("currency-changed")


def test_a_version_that_is_published_later_changes_no_session_that_has_begun() -> None:
    plans = Plans()
    for number, minutes in ((1, 0), (2, 10)):
        told = PlanSnapshot(plan=published(number).plan, name="Commuter", published_at=at(minutes))
        plans.put(f"emo/commuter@{number}", told)
    chosen = [plans.in_force("emo", "commuter", at(minutes)) for minutes in (-5, 5, 10)]
    assert [each and each.version for each in chosen] == [2, 1, 2]
