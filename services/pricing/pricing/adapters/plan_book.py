"""Who buys by which plan, and what is left of it: subscriptions, plans and months, as their snapshots tell."""

from datetime import datetime

from chassis.tables import GroupedTable, Table
from ev_contracts.accounts import SubscriptionSnapshot
from ev_contracts.common import AllowanceKind, PlanTerms, PlanVersion, Relation
from ev_contracts.pricing import AllowanceSnapshot, PlanSnapshot
from pricing.domain.entitlement import Available, month_of


def was_known(told_at: datetime | None, at: datetime) -> bool:
    """Whether it was known then; of what is older than this question nobody wrote down when it was told."""
    return told_at is None or told_at <= at


class Subscriptions(GroupedTable[SubscriptionSnapshot]):
    """By tenant and driver: keys are `<tenant>/<driver_ref>#<subscription_id>`."""

    def __init__(self) -> None:
        super().__init__("accounts.subscription.snapshot.v1", lambda key, _: key.rpartition("#")[0])

    def of(self, relation: Relation, at: datetime) -> SubscriptionSnapshot | None:
        """The one in force; accounts sees to it that there is one at most."""
        held = self.members(f"{relation.seller_tenant}/{relation.buyer_ref}")
        found = (
            each
            for each in held
            if each.seller_party_id == relation.seller_party_id
            and each.valid_from <= at
            and (each.ends_at is None or at < each.ends_at)
        )
        return max(found, key=lambda each: (each.valid_from, each.subscription_id), default=None)


class Plans(GroupedTable[PlanSnapshot]):
    """By tenant and plan: keys are `<tenant>/<plan_id>@<version>`."""

    def __init__(self) -> None:
        super().__init__("pricing.plan.snapshot.v1", lambda key, _: key.rpartition("@")[0])

    def all_of(self, tenant: str, plan_id: str) -> list[PlanVersion]:
        """Every version, the oldest first."""
        versions = [each.plan for each in self.members(f"{tenant}/{plan_id}")]
        return sorted(versions, key=lambda each: each.version)

    def in_force(self, tenant: str, plan_id: str, at: datetime) -> PlanVersion | None:
        """Of the versions valid by then the one that became so last, of two the newer; of those known then, if any."""
        begun = [each for each in self.members(f"{tenant}/{plan_id}") if each.plan.valid_from <= at]
        known = [each for each in begun if was_known(each.published_at, at)]
        plans = (each.plan for each in known or begun)
        return max(plans, key=lambda each: (each.valid_from, each.version), default=None)


class PlanBook:
    """What a buyer's subscription comes to at a time."""

    def __init__(self) -> None:
        self.subscriptions = Subscriptions()
        self.plans = Plans()
        self.months: Table[AllowanceSnapshot] = Table("pricing.allowance.snapshot.v1")

    def plan_id(self, relation: Relation, at: datetime) -> str | None:
        """By which the buyer buys then."""
        found = self.subscriptions.of(relation, at)
        return None if found is None else found.plan_id

    def terms(self, relation: Relation, at: datetime) -> PlanTerms | None:
        """That plan as it was then; one that its seller has not published gives nothing but its name."""
        found = self.subscriptions.of(relation, at)
        return None if found is None else self._terms(relation, found.plan_id, found.subscription_id, at)

    def offered(self, relation: Relation, plan_id: str, at: datetime) -> PlanTerms | None:
        """To whoever has not subscribed to it."""
        return self._terms(relation, plan_id, "", at)

    def _terms(self, relation: Relation, plan_id: str, subscription_id: str, at: datetime) -> PlanTerms | None:
        plan = self.plans.in_force(relation.seller_tenant, plan_id, at)
        if plan is None or plan.seller_party_id != relation.seller_party_id:
            return None
        return PlanTerms(plan=plan, subscription_id=subscription_id)

    def available(self, relation: Relation, terms: PlanTerms, at: datetime) -> Available:
        """What is left by now of the month in which a session starts."""
        month = month_of(terms.plan, at)
        known = self.months.get(f"{relation.seller_tenant}/{terms.subscription_id}@{month}")
        drawn = {} if known is None else {each.kind: each.drawn for each in known.draws}
        left: dict[AllowanceKind, int] = {}
        for each in terms.plan.allowances:
            left[each.kind] = max(0, each.quantity - drawn.get(each.kind, 0))
        return left
