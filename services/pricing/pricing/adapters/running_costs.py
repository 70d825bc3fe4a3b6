"""The sessions that run and what they cost so far, in memory: a restart begins each anew at its next reading."""

from collections import OrderedDict

from ev_contracts.common import Relation, RelationKind, TariffVersion
from ev_contracts.record import Record
from ev_contracts.sessions import (
    EnergyDelivered,
    SessionClosed,
    SessionStarted,
    SuspensionEnded,
    SuspensionStarted,
)
from pricing.adapters.tariff_book import SnapshotTariffs
from pricing.domain.engine.price import Priced
from pricing.domain.running import RunningCost

_AT_MOST = 50_000
"""Sessions that run at once in one process; of more the longest silent is begun anew."""


class RunningCosts:
    """`ports.RunningBook`; one worker feeds it, in the order of the sessions' events."""

    def __init__(self, tariffs: SnapshotTariffs, *, at_most: int = _AT_MOST) -> None:
        """With the tariffs that a session's start is looked up in; their tables are read before anything is priced."""
        self._tariffs = tariffs
        self.versions = tariffs.versions
        self.assignments = tariffs.assignments
        self.points = tariffs.points
        self._at_most = at_most
        self._starts: OrderedDict[str, list[SessionStarted | SuspensionStarted | SuspensionEnded]] = OrderedDict()
        self._costs: OrderedDict[str, dict[RelationKind, RunningCost]] = OrderedDict()

    def note(self, event: Record) -> None:
        """What is no reading and still changes the price."""
        match event:
            case SessionStarted():
                self._starts[event.session_id] = [event]
            case SuspensionStarted() | SuspensionEnded():
                if event.session_id in self._starts:
                    self._starts[event.session_id].append(event)
                for cost in self._costs.get(event.session_id, {}).values():
                    cost.turn(event)
            case SessionClosed():
                self._starts.pop(event.session_id, None)
                self._costs.pop(event.session_id, None)
            case _:
                return
        while len(self._starts) > self._at_most:
            self._starts.popitem(last=False)

    def so_far(self, event: EnergyDelivered, relation: Relation) -> tuple[TariffVersion, Priced] | None:
        """The cost at this reading; None without a tariff or a place."""
        if event.place is None:
            return None
        costs = self._costs.setdefault(event.session_id, {})
        self._costs.move_to_end(event.session_id)
        if len(self._costs) > self._at_most:
            self._costs.popitem(last=False)
        cost = costs.get(relation.kind)
        if cost is None:
            version = self._tariffs.in_force(relation, place=event.place, at=event.started_at)
            if version is None:
                return None
            cost = costs[relation.kind] = self._begun(event, version, event.place.time_zone)
        return cost.version, cost.reach(event)

    def _begun(self, event: EnergyDelivered, version: TariffVersion, time_zone: str) -> RunningCost:
        cost = RunningCost(version=version, time_zone=time_zone, started_at=event.started_at)
        seen = self._starts.get(event.session_id)
        if seen is None:
            cost.catch_up(event)
        for each in seen or ():
            cost.turn(each)
        return cost
