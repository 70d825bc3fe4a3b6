"""The line from pricing to the displays of this process's stations: costs so far, and the price in the end."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Protocol

import structlog

from charger_gateway.adapters.directory import Displays
from charger_gateway.adapters.ocpp.connection import Connection
from charger_gateway.adapters.ocpp.frames import V16
from charger_gateway.adapters.remembered import remember
from charger_gateway.domain.cost_display import Shown, invoiced, is_due, may_be_shown
from charger_gateway.domain.ids import transaction_number
from charger_gateway.domain.running import RunningTransactions
from charger_gateway.ports import Journal
from chassis.clock import Clock
from chassis.decider import derived_id
from chassis.log import LogError
from ev_contracts.common import Money, Relation
from ev_contracts.gateway import ShowRunningCost
from ev_contracts.pricing import RunningCostComputed, SessionRated

RUNNING_COSTS = "pricing.running-cost.sample.v1"
RATINGS = "pricing.rating.event.v1"
DESK_COMMANDS = "gateway.desk.command.v1"
ACTOR = "cost-display"
"""Who asked, in the commands that nobody asked for."""
_TICK_S = 0.2
_MOST_REMEMBERED = 10_000
_EXPIRES = timedelta(seconds=60)

log = structlog.get_logger("charger_gateway.cost_line")


class Sockets(Protocol):
    """The process's connections by station, and the transactions that it heard of."""

    running: RunningTransactions

    def connection(self, station_id: str) -> Connection | None: ...


class PricesAtEnd:
    """What sessions cost in the end, for the answers to their ends: known in a bounded time, or told later."""

    def __init__(self, displays: Displays, *, wait_s: float) -> None:
        self._displays = displays
        self._wait_s = wait_s
        self._prices: OrderedDict[str, Decimal] = OrderedDict()
        self._answered: OrderedDict[str, bool] = OrderedDict()
        self._awaited: dict[str, asyncio.Future[Decimal]] = {}

    def shown_at(self, key: str) -> bool:
        """Whether the station `<tenant>/<station_id>` shows costs."""
        return self._displays.shown_at(key)

    async def price_of(self, session_id: str) -> Decimal | None:
        """The session's price as it is invoiced; None where that is not known in time, then it is told later."""
        if session_id not in self._prices:
            awaited = self._awaited.setdefault(session_id, asyncio.get_running_loop().create_future())
            await asyncio.wait({awaited}, timeout=self._wait_s)
            self._awaited.pop(session_id, None)
        price = self._prices.get(session_id)
        if price is not None:
            remember(self._answered, session_id, value=True, at_most=_MOST_REMEMBERED)
        return price

    def known(self, session_id: str, price: Decimal) -> None:
        """A session has its price."""
        remember(self._prices, session_id, price, at_most=_MOST_REMEMBERED)
        awaited = self._awaited.get(session_id)
        if awaited is not None and not awaited.done():
            awaited.set_result(price)

    def is_known(self, session_id: str) -> bool:
        """Whether a running cost of it would come too late."""
        return session_id in self._prices

    def is_answered(self, session_id: str) -> bool:
        """Whether the answer to its end told it, or is about to."""
        return session_id in self._answered or session_id in self._awaited


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cost:
    """What a display should show next."""

    key: str
    station_id: str
    session_id: str
    transaction_id: str
    amount: Decimal
    final: bool
    measured_at: datetime
    energy_wh: int


class CostLine:
    """Told every cost and rating; acts for stations that are connected here and show costs."""

    def __init__(
        self,
        *,
        sockets: Sockets,
        displays: Displays,
        prices: PricesAtEnd,
        journal: Journal,
        clock: Clock,
        number_key: bytes,
        every_s: float,
    ) -> None:
        self._sockets = sockets
        self._displays = displays
        self._prices = prices
        self._every_s = every_s
        self._journal = journal
        self._clock = clock
        self._number_key = number_key
        self._next: dict[str, _Cost] = {}
        self._shown: OrderedDict[str, Shown] = OrderedDict()

    def on_cost(self, _key: str, cost: RunningCostComputed, _offset: int) -> None:
        """The latest supersedes what was not told yet."""
        if self._prices.is_known(cost.session_id):
            return
        found = self._for_display(cost.session_id, cost.station_id, cost.relation, cost.total_incl_vat)
        if found is not None and found.is_running:
            self._next[cost.session_id] = found.cost(final=False, at=cost.measured_at, energy_wh=cost.energy_wh)

    def on_rating(self, _key: str, event: Any, _offset: int) -> None:
        """The price of a session: for the answer to its end where that still waits, else for the display by itself."""
        if not isinstance(event, SessionRated):
            return
        facts, rating = event.facts, event.rating
        station_id = event.place.station_id
        found = self._for_display(facts.session_id, station_id, rating.relation, rating.total_incl_vat)
        if found is None:
            return
        self._prices.known(facts.session_id, found.amount)
        self._next[facts.session_id] = found.cost(final=True, at=facts.ended_at, energy_wh=facts.energy_wh)

    async def run(self) -> None:
        """Tell what is due until cancelled."""
        while True:
            await asyncio.sleep(_TICK_S)
            for cost in self._due(time.monotonic()):
                await self._tell(cost)

    def _due(self, now_s: float) -> Iterator[_Cost]:
        for session_id, cost in tuple(self._next.items()):
            shown = self._shown.get(session_id)
            if cost.final and self._prices.is_answered(session_id):
                del self._next[session_id]
            elif cost.final or is_due(cost.amount, shown, now_s=now_s, every_s=self._every_s):
                del self._next[session_id]
                remember(self._shown, session_id, Shown(amount=cost.amount, at_s=now_s), at_most=_MOST_REMEMBERED)
                yield cost

    async def _tell(self, cost: _Cost) -> None:
        now = self._clock.now()
        command = ShowRunningCost(
            at=now,
            command_id=derived_id(ACTOR, cost.session_id, str(cost.amount), str(cost.final), now.isoformat()),
            station_id=cost.station_id,
            requested_by=ACTOR,
            expires_at=now + _EXPIRES,
            transaction_id=cost.transaction_id,
            total_cost=cost.amount,
            final=cost.final,
            measured_at=cost.measured_at,
            energy_wh=cost.energy_wh,
        )
        try:
            await self._journal.append(DESK_COMMANDS, cost.key, command)
        except LogError:
            # The next cost is told anew; a log that is away keeps more from happening than this.
            log.warning("cost.untold", station=cost.station_id)

    def _for_display(self, session_id: str, station_id: str, relation: Relation, money: Money) -> "_Found | None":
        connection = self._sockets.connection(station_id)
        if connection is None:
            return None
        key = f"{connection.station.tenant}/{station_id}"
        display = self._displays.get(key)
        is_v16 = connection.version == V16
        if display is None or not may_be_shown(relation, money, display, says_currency=not is_v16):
            return None
        running = self._sockets.running
        transaction_id = running.transaction_of(session_id)
        if is_v16:
            transaction_id = str(transaction_number(session_id, self._number_key))
        if transaction_id is None:
            return None
        is_running = is_v16 or running.runs(key, session_id)
        return _Found(key, station_id, session_id, transaction_id, invoiced(money), is_running)


@dataclass(frozen=True, slots=True)
class _Found:
    """A session of a station that is here and shows costs, and the amount that its display may show."""

    key: str
    station_id: str
    session_id: str
    transaction_id: str
    amount: Decimal
    is_running: bool

    def cost(self, *, final: bool, at: datetime, energy_wh: int) -> _Cost:
        """What its display is told."""
        return _Cost(
            key=self.key,
            station_id=self.station_id,
            session_id=self.session_id,
            transaction_id=self.transaction_id,
            amount=self.amount,
            final=final,
            measured_at=at,
            energy_wh=energy_wh,
        )
