"""The sessions that run and what they cost so far, in memory: a restart reads again what it rests on."""

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from chassis.decider import EventContext
from ev_contracts.common import ProfileType, Relation, RelationKind, TariffVersion
from ev_contracts.record import Record
from ev_contracts.sessions import (
    EnergyDelivered,
    ReservationAttached,
    SessionClosed,
    SessionStarted,
    SuspensionEnded,
    SuspensionStarted,
)
from pricing.adapters.tariff_book import SnapshotTariffs
from pricing.domain.audience import ANYBODY, buyer_of
from pricing.domain.entitlement import Entitlement
from pricing.domain.running import Noted, RunningCost
from pricing.ports import SoFar

_AT_MOST = 50_000
"""Sessions that run at once in one process; of more the one that began first is begun anew at its next reading."""
_READ_AGAIN = timedelta(days=3)
"""How far back a restart reads: a session that runs for longer is begun anew at its next reading."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Running:
    """A session as it was told since its first event."""

    partition: int
    offset: int
    at: datetime
    is_from_its_start: bool
    noted: list[Noted] = field(default_factory=list)
    costs: dict[tuple[RelationKind, ProfileType | None], RunningCost] = field(default_factory=dict)
    """By relation and preference: one that is heard after the first reading makes it another cost from the start."""

    def note(self, event: Noted) -> None:
        self.noted.append(event)
        for cost in self.costs.values():
            cost.note(event)


class RunningCosts:
    """`ports.RunningBook`, and a transform's memory; told of each partition in the order of its events."""

    def __init__(self, tariffs: SnapshotTariffs, *, at_most: int = _AT_MOST) -> None:
        """With the tariffs that a session's start is looked up in; their tables are read before anything is priced."""
        self._tariffs = tariffs
        self.versions = tariffs.versions
        self.assignments = tariffs.assignments
        self.points = tariffs.points
        self.subscriptions = tariffs.subscriptions
        self.plans = tariffs.plans
        self.months = tariffs.months
        self._at_most = at_most
        self._running: OrderedDict[str, _Running] = OrderedDict()
        self._latest: dict[int, datetime] = {}

    def note(self, event: Record, context: EventContext) -> None:
        """What is no reading and still changes the price."""
        match event:
            case SessionStarted():
                self._running.pop(event.session_id, None)
                self._begin(event.session_id, context, is_from_its_start=True).note(event)
            case SuspensionStarted() | SuspensionEnded() | ReservationAttached():
                running = self._running.get(event.session_id)
                if running is not None:
                    running.note(event)
            case SessionClosed():
                self._running.pop(event.session_id, None)
            case _:
                return

    def _begin(self, session_id: str, context: EventContext, *, is_from_its_start: bool) -> _Running:
        begun = _Running(
            partition=context.partition, offset=context.offset, at=context.time, is_from_its_start=is_from_its_start
        )
        self._running[session_id] = begun
        if len(self._running) > self._at_most:
            self._running.popitem(last=False)
        return begun

    def so_far(self, event: EnergyDelivered, relation: Relation, context: EventContext) -> SoFar | None:
        """The cost at this reading; None without a tariff or a place."""
        cost = self._cost(event, relation, context)
        if cost is None:
            return None
        priced = cost.reach(event)
        terms = self._tariffs.terms(relation, at=event.started_at)
        if terms is None:
            return SoFar(cost.version, priced, None, {})
        available = self._tariffs.bought.available(relation, terms, event.started_at)
        return SoFar(cost.version, priced, Entitlement.of(terms, event.started_at), available)

    def pass_by(self, event: EnergyDelivered, relation: Relation, context: EventContext) -> None:
        """Measured, and not priced."""
        cost = self._cost(event, relation, context)
        if cost is not None:
            cost.pass_by(event)

    def _cost(self, event: EnergyDelivered, relation: Relation, context: EventContext) -> RunningCost | None:
        self._latest[context.partition] = context.time
        if event.place is None:
            return None
        running = self._running.get(event.session_id)
        if running is None:
            running = self._begin(event.session_id, context, is_from_its_start=False)
        sale = (relation.kind, event.profile_type)
        cost = running.costs.get(sale)
        if cost is None:
            buyer = ANYBODY if event.parties is None else buyer_of(event.parties, event.profile_type)
            version = self._tariffs.in_force(relation, place=event.place, at=event.started_at, buyer=buyer)
            if version is None:
                return None
            cost = running.costs[sale] = _begun(event, version, event.place.time_zone, running)
        return cost

    def forget(self, partition: int) -> None:
        """A worker begins: all that rests on its partition comes again."""
        for session_id in [name for name, each in self._running.items() if each.partition == partition]:
            del self._running[session_id]

    def rests_on(self, partition: int) -> int | None:
        """Where the first event of a session that still runs stands, of those that are not too old."""
        latest = self._latest.get(partition)
        held = (
            each.offset
            for each in self._running.values()
            if each.partition == partition and (latest is None or latest - each.at <= _READ_AGAIN)
        )
        return next(held, None)  # they stand in the order in which they began


def _begun(event: EnergyDelivered, version: TariffVersion, time_zone: str, running: _Running) -> RunningCost:
    cost = RunningCost(version=version, time_zone=time_zone, started_at=event.started_at)
    if not running.is_from_its_start:
        cost.catch_up(event)
    for each in running.noted:
        cost.note(each)
    return cost
