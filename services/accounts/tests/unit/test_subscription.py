"""A driver buys by one plan at a time, from now on or later; nothing of it is changed backwards."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from accounts.domain.subscription import subscription
from chassis.decider import Snapshot
from chassis.testing import Scenario
from ev_contracts.accounts import (
    DriverSubscribed,
    EndSubscription,
    SubscribeDriver,
    SubscriptionEnded,
    SubscriptionSnapshot,
)

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
AN_HOUR = timedelta(hours=1)
COMMUTER: dict[str, Any] = {
    "subscription_id": "s-1", "driver_ref": "driver-7", "seller_party_id": "NL-EMO", "plan_id": "commuter",
    "valid_from": NOON,
}  # fmt: skip
SUBSCRIBED = DriverSubscribed(**COMMUTER, subscribed_at=NOON)
ENDED = SubscriptionEnded(subscription_id="s-1", driver_ref="driver-7", ends_at=NOON + AN_HOUR, ended_at=NOON)


def subscribe(**changes: Any) -> SubscribeDriver:
    return SubscribeDriver(**{"at": NOON, **COMMUTER, **changes})


def end(**changes: Any) -> EndSubscription:
    told = {"at": NOON, "subscription_id": "s-1", "driver_ref": "driver-7", "ends_at": NOON + AN_HOUR}
    return EndSubscription(**{**told, **changes})


def test_a_driver_subscribes_once() -> None:
    scenario = Scenario(subscription).given().when(subscribe()).then(SUBSCRIBED)
    scenario.when(subscribe()).then_nothing()
    scenario.when(subscribe(plan_id="weekend")).then_refused("subscription-differs")


def test_a_subscription_ends_and_another_may_follow() -> None:
    scenario = Scenario(subscription).given(SUBSCRIBED).when(end()).then(ENDED)
    scenario.when(end()).then_nothing()
    scenario.when(end(ends_at=NOON + 2 * AN_HOUR)).then_refused("subscription-ended")
    next_one = {"subscription_id": "s-2", "valid_from": NOON + AN_HOUR}
    scenario.when(subscribe(**next_one)).then(DriverSubscribed(**{**COMMUTER, **next_one}, subscribed_at=NOON))


@pytest.mark.parametrize("later", [timedelta(), timedelta(minutes=59)])
def test_two_plans_at_a_time_are_refused(later: timedelta) -> None:
    scenario = Scenario(subscription).given(SUBSCRIBED, ENDED)
    scenario.when(subscribe(subscription_id="s-2", valid_from=NOON + later)).then_refused("subscription-overlaps")


def test_nothing_begins_or_ends_backwards() -> None:
    Scenario(subscription).given().when(subscribe(valid_from=NOON - AN_HOUR)).then_refused("subscribed-backwards")
    Scenario(subscription).given(SUBSCRIBED).when(end(ends_at=NOON - AN_HOUR)).then_refused("ended-backwards")
    Scenario(subscription).given().when(end()).then_refused("subscription-unknown")


def test_each_subscription_is_told_by_its_dates_under_a_key_of_its_own() -> None:
    begun = subscription.evolve(subscription.initial, SUBSCRIBED)
    ended = subscription.evolve(begun, ENDED)
    record = SubscriptionSnapshot(**COMMUTER, ends_at=NOON + AN_HOUR, version=2)
    assert subscription.snapshots(begun, ended) == [
        Snapshot(topic="accounts.subscription.snapshot.v1", key="#s-1", record=record)
    ]
    assert subscription.snapshots(ended, ended) == []
