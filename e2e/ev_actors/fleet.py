"""Many stations that charge vehicle after vehicle, seeded, so that a run can be repeated."""

import asyncio
import random
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from chassis.clock import Clock
from ev_actors.battery import Battery
from ev_actors.journal import Journal
from ev_actors.link import Identity, NotConnected
from ev_actors.station import Refused, Station, Visit
from ev_actors.v16 import station_16
from ev_actors.v201 import station_201

CAPACITIES_WH = (40_000, 52_000, 60_000, 77_000)
AC_W = (3_700, 7_400, 11_000, 22_000)
DC_W = (50_000, 100_000, 150_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A station of the fleet."""

    identity: Identity
    version: str
    connectors: int
    dc: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """How the drivers of this fleet behave, in business seconds."""

    id_tags: Sequence[str]
    between_s: tuple[int, int] = (60, 900)
    parked_s: tuple[int, int] = (0, 900)
    sample_every_s: int = 60
    offline_permille: int = 20
    """How many visits, in thousandths, lose the connection for a while."""


class Fleet:
    """Runs its members until cancelled. `sessions` counts what was acknowledged to its end."""

    def __init__(self, members: Sequence[Member], habits: Habits, clock: Clock, journal: Journal, *, seed: int) -> None:
        self._members = members
        self._habits = habits
        self._clock = clock
        self._journal = journal
        self._seed = seed
        self.stations: list[Station] = []

    async def run(self, *, connects_per_s: int = 50) -> None:
        """Bring the stations on line, a few at a time, and let the drivers come. Runs until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for number, member in enumerate(self._members):
                make = station_201 if member.version == "2.0.1" else station_16
                station = make(member.identity, self._clock, self._journal)
                station.link.validate = len(self._members) <= 100  # the client library's validation is slow
                self.stations.append(station)
                tasks.create_task(self._live(station, member, random.Random(self._seed * 1_000_003 + number)))
                if number % connects_per_s == connects_per_s - 1:
                    await asyncio.sleep(1)

    async def _live(self, station: Station, member: Member, chance: random.Random) -> None:
        with suppress(NotConnected):
            await station.online()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(station.keep_online())
            for connector in range(1, member.connectors + 1):
                tasks.create_task(self._serve(station, member, connector, chance))

    async def _serve(self, station: Station, member: Member, connector: int, chance: random.Random) -> None:
        with suppress(NotConnected):
            await station.dialect.status(connector, "Available")
        while True:
            await self._pass(chance.randint(*self._habits.between_s))
            visit = self._visit(member, connector, chance)
            spell = None
            if chance.randrange(1000) < self._habits.offline_permille:
                spell = asyncio.create_task(self._spell(station, chance.randint(60, 300)))
            with suppress(NotConnected, Refused):
                await station.charge(visit)
            if spell is not None:
                await spell

    def _visit(self, member: Member, connector: int, chance: random.Random) -> Visit:
        capacity = chance.choice(CAPACITIES_WH)
        power = chance.choice(DC_W if member.dc else AC_W)
        start = chance.randint(150, 700)
        return Visit(
            id_tag=chance.choice(self._habits.id_tags),
            connector=connector,
            battery=Battery(
                capacity_wh=capacity,
                charged_wh=capacity * start // 1000,
                most_w=power,
                target_permille=min(1000, start + chance.randint(100, 400)),
            ),
            parked_s=chance.randint(*self._habits.parked_s),
            sample_every_s=self._habits.sample_every_s,
        )

    async def _spell(self, station: Station, seconds: int) -> None:
        await self._pass(120)
        station.away = True
        await station.offline()
        await self._pass(seconds)
        station.away = False

    async def _pass(self, seconds: int) -> None:
        await self._clock.sleep_until(self._clock.now() + timedelta(seconds=seconds))
