"""By which plan of its service provider a driver buys, and when: one at a time, and nothing changes backwards."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import assert_never

from chassis.decider import Decider, Refused, Snapshot
from ev_contracts.accounts import (
    DriverSubscribed,
    EndSubscription,
    SubscribeDriver,
    SubscriptionEnded,
    SubscriptionSnapshot,
)

Command = SubscribeDriver | EndSubscription
Event = DriverSubscribed | SubscriptionEnded


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """One plan for a while; from `ends_at` on no more."""

    told: DriverSubscribed
    ends_at: datetime | None = None
    version: int = 1

    def runs_after(self, at: datetime) -> bool:
        """Whether a session that starts then or later may be of it."""
        return self.ends_at is None or (at < self.ends_at and self.told.valid_from < self.ends_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriptions:
    """All that a driver ever had, by id."""

    held: dict[str, Subscription] = field(default_factory=dict)


def decide(command: Command, state: Subscriptions) -> Sequence[Event] | Refused:
    """What a command about a driver's subscriptions makes true."""
    match command:
        case SubscribeDriver():
            return _subscribe(command, state)
        case EndSubscription():
            return _end(command, state)
        case _:
            assert_never(command)


def _subscribe(command: SubscribeDriver, state: Subscriptions) -> Sequence[DriverSubscribed] | Refused:
    subscribed = DriverSubscribed(**command.model_dump(exclude={"at"}), subscribed_at=command.at)
    known = state.held.get(command.subscription_id)
    if known is not None:
        same = subscribed.model_copy(update={"subscribed_at": known.told.subscribed_at}) == known.told
        return [] if same else Refused(reason="subscription-differs", detail="take another subscription id")
    if command.valid_from < command.at:
        # What has been charged is rated, so nobody subscribes backwards.
        return Refused(reason="subscribed-backwards", detail=command.valid_from.isoformat())
    if any(each.runs_after(command.valid_from) for each in state.held.values()):
        return Refused(reason="subscription-overlaps", detail="a driver buys by one plan at a time")
    return [subscribed]


def _end(command: EndSubscription, state: Subscriptions) -> Sequence[SubscriptionEnded] | Refused:
    known = state.held.get(command.subscription_id)
    if known is None:
        return Refused(reason="subscription-unknown")
    if known.ends_at == command.ends_at:
        return []
    if command.ends_at < command.at:
        return Refused(reason="ended-backwards", detail=command.ends_at.isoformat())
    if known.ends_at is not None and known.ends_at < command.ends_at:
        return Refused(reason="subscription-ended", detail=f"at {known.ends_at.isoformat()}")
    return [SubscriptionEnded(**command.model_dump(exclude={"at"}), ended_at=command.at)]


def evolve(state: Subscriptions, event: Event) -> Subscriptions:
    """The driver's subscriptions after one more event."""
    match event:
        case DriverSubscribed():
            now = Subscription(told=event)
        case SubscriptionEnded():
            before = state.held[event.subscription_id]
            now = replace(before, ends_at=event.ends_at, version=before.version + 1)
        case _:
            assert_never(event)
    return Subscriptions(held={**state.held, event.subscription_id: now})


def snapshots(before: Subscriptions, after: Subscriptions) -> Sequence[Snapshot]:
    """Each subscription that is new or another, under a key of its own, for a late session needs the old ones."""
    return [
        Snapshot(
            topic="accounts.subscription.snapshot.v1",
            key=f"#{subscription_id}",
            record=SubscriptionSnapshot(
                **each.told.model_dump(exclude={"subscribed_at"}), ends_at=each.ends_at, version=each.version
            ),
        )
        for subscription_id, each in after.held.items()
        if before.held.get(subscription_id) != each
    ]


subscription: Decider[Command, Subscriptions, Event] = Decider(
    initial=Subscriptions(), decide=decide, evolve=evolve, snapshots=snapshots
)
