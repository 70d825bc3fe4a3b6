"""What lives as long as the process accepts stations, and in which order it ends."""

import asyncio
import time
from dataclasses import dataclass
from typing import Any, assert_never

from charger_gateway.adapters.cost_line import CostLine
from charger_gateway.adapters.follower import Follower
from charger_gateway.adapters.frame_blocks import FrameBlocks
from charger_gateway.adapters.heartbeat import Beats, Watch
from charger_gateway.adapters.journal import LogJournal
from charger_gateway.adapters.ocpp.desk_line import DeskLine
from charger_gateway.adapters.ocpp.server import OcppServer
from charger_gateway.domain.command_book import CommandBook
from charger_gateway.domain.desk import DeskEvent
from charger_gateway.domain.presence import Presence
from chassis.clock import lasting
from ev_contracts.gateway import (
    ConnectionContested,
    ConnectionDisplaced,
    ConnectionLost,
    ContestAnswered,
    ReplicaBeat,
    StationConnected,
    StationDisconnected,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sockets:
    """Everything that lives as long as the process accepts stations, in the order in which it must end."""

    server: OcppServer
    journal: LogJournal
    frames: FrameBlocks
    beats: Beats
    watch: Watch
    follower: Follower
    line: DeskLine
    costs: CostLine
    presence: Presence
    book: CommandBook
    caught_up: asyncio.Event

    async def run(self) -> None:
        """Listen once the past is read; on the way out drain the sockets first, then what they need."""
        async with asyncio.TaskGroup() as group:
            with_end = [
                group.create_task(lasting(type(part).__name__, part.run))
                for part in (self.journal, self.frames, self.follower, self.beats, self.watch, self.costs)
            ]
            try:
                await self.caught_up.wait()
                self.presence.restart_silence(time.monotonic())
                await self.server.run()
            finally:
                await self.line.stop()
                await self.server.interpreter.authorities.close()
                self.frames.flush()
                await self.journal.settle()
                for task in with_end:
                    task.cancel()

    def on_connection(self, key: str, event: Any, offset: int) -> None:
        """Who holds whom; an older socket of ours gives way to a newer one of another replica."""
        if isinstance(event, StationConnected):
            self.presence.connected(key, event, offset, time.monotonic())
            self.server.used.used(event.station_id, event.credential_version)
            self.server.superseded(event.station_id, epoch=offset, connection_id=event.connection_id)
            if event.replica_id == self.server.replica_id:
                self.line.on_connected(event.station_id, offset)
        elif isinstance(event, StationDisconnected | ConnectionDisplaced):
            self.presence.gone(key, event)
        self.server.contests.moved(key)

    def on_desk(self, key: str, event: DeskEvent, _offset: int) -> None:
        """Commands for our stations, outcomes for people, connections that others declared lost."""
        self.book.on_event(key, event)
        if isinstance(event, ConnectionLost):
            self.presence.gone(key, event)
            self.server.contests.moved(key)
            self.server.declared_lost(event.station_id, epoch=event.epoch)
        elif self.caught_up.is_set():
            self.line.on_event(key, event)

    def version_of(self, key: str) -> str | None:
        """The OCPP version that a station speaks now, at whichever replica; None where it is not connected."""
        held = self.presence.held(key)
        return None if held is None else held.ocpp_version

    def on_replica(self, _key: str, said: ReplicaBeat | ConnectionContested | ContestAnswered, _offset: int) -> None:
        """A replica lives, asks for a station of another, or answers."""
        match said:
            case ReplicaBeat():
                self.presence.beat(said.replica_id, time.monotonic())
            case ConnectionContested():
                self.server.contested(said)
            case ContestAnswered():
                self.server.contests.answered(said)
            case _:
                assert_never(said)
