"""Which plans there are: immutable versions of discounts and allowances, refused where they make no sense."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from chassis.decider import Decider, Refused, Snapshot
from ev_contracts.common import AllowanceKind, PlanVersion, TariffComponentType
from ev_contracts.pricing import PlanPublished, PlanSnapshot, PublishPlan
from pricing.domain.currencies import is_currency

_MOST = 10**12


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All versions, the latest last; none before it is published."""

    versions: tuple[PlanPublished, ...] = ()


def decide(command: PublishPlan, state: Plan) -> Sequence[PlanPublished] | Refused:
    """A new version, if it is one; what is published already is not published again."""
    fault = _fault_of(command)
    if fault is not None:
        return fault
    version = PlanVersion(**command.model_dump(exclude={"at", "name"}), version=len(state.versions) + 1)
    if state.versions:
        first = state.versions[0].plan
        if first.seller_party_id != version.seller_party_id:
            return Refused(reason="plan-of-another-seller")
        if first.currency != version.currency:
            return Refused(reason="currency-changed", detail="another currency is another plan")
        if any(each.plan.model_copy(update={"version": version.version}) == version for each in state.versions):
            return []
    return [PlanPublished(plan=version, name=command.name, published_at=command.at)]


def _fault_of(command: PublishPlan) -> Refused | None:
    if not is_currency(command.currency):
        return Refused(reason="currency-unknown", detail=f"/currency: {command.currency}")
    try:
        ZoneInfo(command.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        return Refused(reason="time-zone-unknown", detail=f"/time_zone: {command.time_zone}")
    return _fault_of_discounts(command) or _fault_of_allowances(command)


def _fault_of_discounts(command: PublishPlan) -> Refused | None:
    told: set[TariffComponentType | None] = set()
    for place, each in enumerate(command.discounts):
        here = f"/discounts/{place}"
        if not 0 < each.percent <= 100:
            return Refused(reason="discount-out-of-range", detail=f"{here}/percent: {each.percent}")
        if each.component is TariffComponentType.UNKNOWN:
            return Refused(reason="component-unknown", detail=f"{here}/component")
        if each.component in told:
            return Refused(reason="discount-told-twice", detail=f"{here}/component")
        told.add(each.component)
    return None


def _fault_of_allowances(command: PublishPlan) -> Refused | None:
    told: set[AllowanceKind] = set()
    for place, each in enumerate(command.allowances):
        here = f"/allowances/{place}"
        if each.kind is AllowanceKind.UNKNOWN:
            return Refused(reason="allowance-unknown", detail=f"{here}/kind")
        if not 0 < each.quantity <= _MOST:
            return Refused(reason="allowance-out-of-range", detail=f"{here}/quantity: {each.quantity}")
        if each.kind in told:
            return Refused(reason="allowance-told-twice", detail=f"{here}/kind")
        told.add(each.kind)
    if AllowanceKind.MONEY in told and len(told) > 1:
        # How much money is wanted depends on how much energy was granted, and a draw is made once.
        return Refused(reason="money-beside-others", detail="/allowances: one of money goes alone")
    return None


def evolve(state: Plan, event: PlanPublished) -> Plan:
    """The plan after one more event."""
    return replace(state, versions=(*state.versions, event))


def snapshots(before: Plan, after: Plan) -> Sequence[Snapshot]:
    """Each version under a key of its own, for a late session needs the old ones."""
    return [
        Snapshot(
            topic="pricing.plan.snapshot.v1",
            key=f"@{each.plan.version}",
            record=PlanSnapshot(plan=each.plan, name=each.name, published_at=each.published_at),
        )
        for each in after.versions[len(before.versions) :]
    ]


plan: Decider[PublishPlan, Plan, PlanPublished] = Decider(
    initial=Plan(), decide=decide, evolve=evolve, snapshots=snapshots
)
