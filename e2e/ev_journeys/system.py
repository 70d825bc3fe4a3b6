"""The platform and the people around it, as a journey is given them."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, TypeVar

from chassis.clock import LabClock
from ev_actors.journal import Journal
from ev_actors.partner import Partner
from ev_actors.station import Station
from ev_actors.v16 import station_16
from ev_actors.v201 import station_201
from ev_lab.endpoints import Endpoints
from ev_lab.services import Fleet
from ev_seed.client import Declined, Platform
from ev_seed.seed import Seeded

WITHIN_S = 60.0

T = TypeVar("T")


@dataclass(slots=True, kw_only=True)
class System:
    """The platform and the people around it. Stations are handed out once each, so that journeys never meet."""

    services: Fleet
    platform: Platform
    seeded: Seeded
    clock: LabClock
    journal: Journal
    partner: Partner
    where: Endpoints
    _free: list[int]

    def station(self, version: str) -> Station:
        """A station of that OCPP version which no journey has had yet."""
        number = next(n for n in self._free if self.seeded.members[n].version == version)
        self._free.remove(number)
        make = station_201 if version == "2.0.1" else station_16
        return make(self.seeded.members[number].identity, self.clock, self.journal)

    def site_of(self, station_id: str) -> int:
        """The number of the site that a station stands on, from 1."""
        number = int(station_id[-5:])
        return (number - 1) % self.seeded.plan.sites + 1

    async def get(self, role: str, path: str, **more: Any) -> Any:
        """The read model of a role, as that role's user."""
        return await self.platform.get(role, f"projections-{role.partition('-')[0]}", path, **more)


async def eventually(ask: Callable[[], Awaitable[T | None]], *, within_s: float = WITHIN_S) -> T:
    """The first answer that is not None. Waits on facts, never for a time; raises TimeoutError, or the last 404.

    Each role's read model comes up by itself: what one shows already another need not have heard of.
    """
    absent: Declined | None = None
    try:
        async with asyncio.timeout(within_s):
            while True:
                try:
                    answer, absent = await ask(), None
                except Declined as declined:
                    if declined.status != HTTPStatus.NOT_FOUND:
                        raise
                    answer, absent = None, declined
                if answer is not None:
                    return answer
                await asyncio.sleep(0.2)
    except TimeoutError as late:
        raise absent or late from None
