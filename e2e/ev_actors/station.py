"""What every virtual station does, whichever OCPP it speaks: boot, charge a vehicle, obey, go offline and come back."""

import asyncio
from abc import abstractmethod
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Protocol

from websockets.exceptions import InvalidHandshake, WebSocketException

from chassis.clock import Clock
from ev_actors.battery import Battery
from ev_actors.journal import Charged, Journal
from ev_actors.link import RETRY_AFTER_S, Link, NotConnected, Outbox


@dataclass(slots=True, kw_only=True)
class Session:
    """A transaction as the station runs it."""

    connector: int
    id_tag: str
    local_id: str
    started_at: datetime
    meter_start_wh: int
    register_wh: int
    power_w: int = 0
    soc_permille: int = 0
    sampled_at: datetime
    charging_ended_at: datetime | None = None
    transaction_id: str = ""
    remote_start_id: int | None = None
    seq_no: int = 0
    reason: str = "Local"
    stop: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """What a driver does at a connector: charges a vehicle, then leaves it parked for a while."""

    id_tag: str
    connector: int
    battery: Battery
    parked_s: int = 0
    sample_every_s: int = 60
    remote_start_id: int | None = None


class Refused(Exception):
    """The platform said no to the token; the vehicle does not charge."""


class Dialect(Protocol):
    """The messages of one OCPP version, as a station says them."""

    link: Link

    @abstractmethod
    async def boot(self) -> str:
        """Introduce the station; the platform's status."""

    @abstractmethod
    async def status(self, connector: int, state: str, at: datetime | None = None) -> None:
        """Say a connector's state in the words of 1.6, since when it is so (now, where not said)."""

    @abstractmethod
    async def authorize(self, id_tag: str) -> str:
        """Ask whether a token may charge; the platform's status."""

    @abstractmethod
    async def started(self, session: Session) -> str:
        """Queue the start; the token's status once it is answered, or "Offline" when it waits."""

    @abstractmethod
    async def sampled(self, session: Session, *, charging: bool) -> None:
        """Queue a reading."""

    @abstractmethod
    async def ended(self, session: Session, ended_at: datetime) -> "asyncio.Future[object]":
        """Queue the end; the future is done when it is answered."""


class Station:
    """One virtual station with its connectors and their lifetime registers."""

    def __init__(self, dialect: Dialect, outbox: Outbox, clock: Clock, journal: Journal, *, version: str) -> None:
        self.dialect = dialect
        self.link = dialect.link
        self.outbox = outbox
        self.clock = clock
        self.journal = journal
        self.version = version
        self.registers_wh: dict[int, int] = {}
        self.sessions: dict[int, Session] = {}
        self.on_remote_start: asyncio.Queue[tuple[int, str, int | None]] = asyncio.Queue(maxsize=8)
        self.variables: dict[tuple[str, str], str] = {}
        """What it tells of its device model, by component and variable."""
        self.displayed: list[Decimal] = []
        """What its display was told that a session costs so far, the oldest first."""
        self.away = False
        """True while the connection is lost on purpose."""
        self._count = 0

    @property
    def station_id(self) -> str:
        """Its OCPP identity."""
        return self.link.identity.station_id

    async def online(self, *, tries: int = len(RETRY_AFTER_S)) -> None:
        """Connect, with back-off; introduce itself, and say what waited."""
        for wait_s in RETRY_AFTER_S[:tries]:
            try:
                await self.link.connect()
                break
            except (OSError, WebSocketException) as error:
                if isinstance(error, InvalidHandshake) and wait_s == RETRY_AFTER_S[tries - 1]:
                    raise
                await asyncio.sleep(wait_s)
        else:
            await self.link.connect()
        await self.dialect.boot()
        await self.outbox.flush()

    async def offline(self) -> None:
        """Lose the connection; charging goes on and is said later."""
        await self.link.disconnect()

    async def keep_online(self) -> None:
        """Come back whenever the connection is lost. Runs until cancelled."""
        while True:
            if not self.link.connected and not self.away:
                with suppress(OSError, WebSocketException, NotConnected):
                    await self.online(tries=1)
            elif len(self.outbox):
                await self.outbox.flush()
            await asyncio.sleep(0.5)

    async def charge(self, visit: Visit) -> Charged:
        """The whole visit, from plug-in to unplug. Raises Refused where the token is refused on line."""
        session = await self._begin(visit)
        while not visit.battery.full and not session.stop.is_set():
            await self._run(session, visit, visit.sample_every_s)
            await self.dialect.sampled(session, charging=not visit.battery.full)
        session.charging_ended_at = session.sampled_at
        if visit.parked_s and not session.stop.is_set():
            await self._say_state(session.connector, "SuspendedEV", session.sampled_at)
            await self._run(session, visit, visit.parked_s)
        return await self._end(session)

    def stop(self, transaction_id: str, reason: str = "Remote") -> bool:
        """Ask the session of that id to end; False where there is none."""
        for session in self.sessions.values():
            if session.transaction_id == transaction_id:
                session.reason = reason
                session.stop.set()
                return True
        return False

    async def _begin(self, visit: Visit) -> Session:
        if self.link.connected and visit.remote_start_id is None:
            status = await self.dialect.authorize(visit.id_tag)
            if status != "Accepted":
                raise Refused(status)
        self._count += 1
        register = self.registers_wh.setdefault(visit.connector, 0)
        now = self.clock.now()
        session = Session(
            connector=visit.connector,
            id_tag=visit.id_tag,
            local_id=f"{self.station_id}-{self._count}-{int(now.timestamp())}",
            started_at=now,
            sampled_at=now,
            meter_start_wh=register,
            register_wh=register,
            remote_start_id=visit.remote_start_id,
        )
        self.sessions[visit.connector] = session
        await self._say_state(visit.connector, "Preparing", now)
        status = await self.dialect.started(session)
        if status not in {"Accepted", "Offline"}:
            session.reason = "DeAuthorized"
            session.charging_ended_at = session.started_at
            await self._end(session)
            raise Refused(status)
        await self._say_state(visit.connector, "Charging", session.started_at)
        return session

    async def _run(self, session: Session, visit: Visit, seconds: int) -> None:
        """Let business time pass and the meter count; ends early on a stop."""
        until = session.sampled_at + timedelta(seconds=seconds)
        waiting = asyncio.ensure_future(self.clock.sleep_until(until))
        stopping = asyncio.ensure_future(session.stop.wait())
        await asyncio.wait({waiting, stopping}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        stopping.cancel()
        passed = min(until, self.clock.now()) - session.sampled_at
        session.power_w = visit.battery.power_w()
        session.register_wh += visit.battery.take(int(passed.total_seconds()))
        session.soc_permille = visit.battery.soc_permille
        session.sampled_at += timedelta(seconds=int(passed.total_seconds()))
        self.registers_wh[session.connector] = session.register_wh

    async def _end(self, session: Session) -> Charged:
        ended_at = max(session.sampled_at, session.started_at)
        answered = await self.dialect.ended(session, ended_at)
        await answered
        del self.sessions[session.connector]
        await self._say_state(session.connector, "Finishing", ended_at)
        await self._say_state(session.connector, "Available")
        charged = Charged(
            station_id=self.station_id,
            ocpp_version=self.version,
            connector=session.connector,
            id_tag=session.id_tag,
            transaction_id=session.transaction_id,
            started_at=session.started_at,
            ended_at=ended_at,
            meter_start_wh=session.meter_start_wh,
            meter_stop_wh=session.register_wh,
            charging_ended_at=session.charging_ended_at or ended_at,
            reason=session.reason,
        )
        self.journal.session(charged)
        return charged

    async def _say_state(self, connector: int, state: str, at: datetime | None = None) -> None:
        with suppress(NotConnected):  # states are not queued: the platform asks for the present ones
            await self.dialect.status(connector, state, at)
