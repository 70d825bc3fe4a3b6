"""`ports.TariffBook` over pricing's own snapshots, indexed by what a relation asks for."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from chassis.tables import GroupedTable, Table
from ev_contracts.common import Place, PlanTerms, PricePoint, Relation, RelationKind, TariffVersion
from ev_contracts.pricing import AssignmentSnapshot, PricePointSnapshot, TariffSnapshot
from pricing.adapters.plan_book import PlanBook, was_known
from pricing.domain.audience import ANYBODY, Audience, Buyer, audience_of, place_rank, reaches, types_for
from pricing.domain.feed import resolved


class Versions(GroupedTable[TariffSnapshot]):
    """Tariff versions by tenant and tariff: keys are `<tenant>/<tariff>@<version>`."""

    def __init__(self) -> None:
        super().__init__("pricing.tariff.snapshot.v1", lambda key, _: key.rpartition("@")[0])

    def all_of(self, tenant: str, tariff_id: str) -> list[TariffSnapshot]:
        """Every version, the oldest first."""
        return sorted(self.members(f"{tenant}/{tariff_id}"), key=lambda each: each.tariff.version)

    def in_force(self, tenant: str, tariff_id: str, at: datetime) -> TariffVersion | None:
        """Of the versions valid by then the one that became so last, of two the newer; none once it has ended.

        What was published later counts only where nothing else was in force: a price that has begun is not changed.
        """
        told = self.all_of(tenant, tariff_id)
        known = [each for each in told if was_known(each.published_at, at)]
        return _latest(known, at) or (None if len(known) == len(told) else _latest(told, at))

    def changes(self, tenant: str, tariff_id: str) -> list[datetime]:
        """When a version of it begins, ends or is retired."""
        told = self.all_of(tenant, tariff_id)
        ends = [end for each in told for end in (each.tariff.valid_until, each.retires_at) if end is not None]
        return [*(each.tariff.valid_from for each in told), *ends]


def _latest(told: Sequence[TariffSnapshot], at: datetime) -> TariffVersion | None:
    begun = [each for each in told if each.tariff.valid_from <= at]
    latest = max(begun, key=lambda each: (each.tariff.valid_from, each.tariff.version), default=None)
    if latest is None or _is_over(latest.retires_at, at) or _is_over(latest.tariff.valid_until, at):
        return None
    return latest.tariff


def _is_over(end: datetime | None, at: datetime) -> bool:
    return end is not None and end <= at


Sale = tuple[str, str, RelationKind]
"""Tenant, seller and kind of relation."""


class Assignments(GroupedTable[AssignmentSnapshot]):
    """Assignments by what is sold."""

    def __init__(self) -> None:
        super().__init__("pricing.assignment.snapshot.v1", _sale_of)

    def of(self, relation: Relation, *, place: Place, at: datetime, buyer: Buyer = ANYBODY) -> list[AssignmentSnapshot]:
        """Those that fit, the narrowest place first, then the narrowest audience, then the latest."""
        sale = (relation.seller_tenant, relation.seller_party_id, relation.kind)
        fitting = [
            each
            for each in self.members(sale)
            if each.valid_from <= at
            and each.site_id in {None, place.site_id}
            and each.station_id in {None, place.station_id}
            and each.connector_number in {None, place.connector_number}
            and reaches(each, relation, buyer)
        ]
        return sorted(fitting, key=_precedence, reverse=True)

    def listed(self, tenant: str, seller_party_id: str, kind: RelationKind, at: datetime) -> list[AssignmentSnapshot]:
        """All of a sale that have begun, in the order in which they are tried."""
        begun = [each for each in self.members((tenant, seller_party_id, kind)) if each.valid_from <= at]
        return sorted(begun, key=_precedence, reverse=True)


def _sale_of(key: str, assignment: AssignmentSnapshot) -> Sale:
    return (key.partition("/")[0], assignment.seller_party_id, assignment.relation)


def _precedence(assignment: AssignmentSnapshot) -> tuple[int, Audience, datetime, str]:
    return (
        place_rank(assignment),
        audience_of(assignment),
        assignment.valid_from,
        assignment.assignment_id,
    )


class PricePoints(Table[PricePointSnapshot]):
    """What feeds say, by tenant and feed, in the order of their intervals."""

    def __init__(self) -> None:
        super().__init__("pricing.price-feed.snapshot.v1")
        self._by_feed: dict[str, dict[str, PricePoint]] = {}

    def on_change(self, key: str, old: PricePointSnapshot | None, new: PricePointSnapshot | None) -> None:  # noqa: ARG002
        """Keys are `<tenant>/<feed>@<start>`."""
        points = self._by_feed.setdefault(key.rpartition("@")[0], {})
        if new is None:
            points.pop(key, None)
        else:
            points[key] = new.point

    def between(self, tenant: str, feed_id: str, start: datetime, end: datetime) -> list[PricePoint]:
        """Of the intervals that touch this time, the earliest first."""
        told = self._by_feed.get(f"{tenant}/{feed_id}", {})
        return [point for _, point in sorted(told.items()) if point.ends_at > start and point.starts_at <= end]


class SnapshotTariffs:
    """The tariffs that sellers have set, as this service's own snapshots tell."""

    def __init__(self) -> None:
        self.versions = Versions()
        self.assignments = Assignments()
        self.points = PricePoints()
        self.bought = PlanBook()
        self.subscriptions = self.bought.subscriptions
        self.plans = self.bought.plans
        self.months = self.bought.months

    def terms(self, relation: Relation, *, at: datetime) -> PlanTerms | None:
        """As the subscriptions and plans tell."""
        return self.bought.terms(relation, at)

    def in_force(
        self,
        relation: Relation,
        *,
        place: Place,
        at: datetime,
        until: datetime | None = None,
        buyer: Buyer = ANYBODY,
    ) -> TariffVersion | None:
        """The first fitting assignment with a version in force then, of the type that the buyer asked for.

        Those that were made later count only where no other gives a tariff: a session keeps the price of its start.
        """
        if buyer.plan_id is None:
            buyer = replace(buyer, plan_id=self.bought.plan_id(relation, at))
        fitting = self.assignments.of(relation, place=place, at=at, buyer=buyer)
        known = [each for each in fitting if was_known(each.assigned_at, at)]
        pools = [known] if len(known) == len(fitting) else [known, fitting]
        found = (self._first(relation.seller_tenant, pool, at, kind) for pool in pools for kind in types_for(buyer))
        first = next((tariff for tariff in found if tariff is not None), None)
        return self.resolved(relation.seller_tenant, first, at, until)

    def _first(
        self, tenant: str, fitting: Sequence[AssignmentSnapshot], at: datetime, tariff_type: str
    ) -> TariffVersion | None:
        found = (self.versions.in_force(tenant, each.tariff_id, at) for each in fitting)
        return next((each for each in found if each is not None and each.tariff_type == tariff_type), None)

    def version(
        self, relation: Relation, *, tariff_id: str, number: int, at: datetime, until: datetime
    ) -> TariffVersion | None:
        """By its key."""
        found = self.versions.get(f"{relation.seller_tenant}/{tariff_id}@{number}")
        return self.resolved(relation.seller_tenant, None if found is None else found.tariff, at, until)

    def resolved(
        self, tenant: str, version: TariffVersion | None, at: datetime, until: datetime | None = None
    ) -> TariffVersion | None:
        """With the prices of its feed, if it follows one."""
        if version is None or version.feed_price is None:
            return version
        points = self.points.between(tenant, version.feed_price.feed_id, at, until or at + _AHEAD)
        return resolved(version, points)


_AHEAD = timedelta(days=4)
"""How far a running session's prices are looked up."""
