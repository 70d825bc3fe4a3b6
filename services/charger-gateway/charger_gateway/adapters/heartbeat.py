"""Replicas beat, and watch each other: the connections of a silent one are declared lost at the desk."""

import asyncio
import time
from collections.abc import Sized

import structlog

from charger_gateway.domain.presence import Presence
from charger_gateway.ports import Journal
from chassis.clock import Clock
from chassis.log import LogError
from ev_contracts.gateway import DeclareConnectionLost, ReplicaBeat

BEATS = "gateway.replica.sample.v1"
DESK_COMMANDS = "gateway.desk.command.v1"
BEAT_S = 3.0
DEAF_AFTER_S = 2 * BEAT_S
_WATCH_S = 1.0
_MOST_AT_ONCE = 500

log = structlog.get_logger("charger_gateway.heartbeat")


class Beats:
    """The beat of the replica itself."""

    def __init__(self, *, replica_id: str, journal: Journal, clock: Clock, held: Sized) -> None:
        self._replica_id = replica_id
        self._journal = journal
        self._clock = clock
        self._held = held

    async def run(self) -> None:
        """Beat until cancelled, in wall time: silence is measured in it too."""
        while True:
            beat = ReplicaBeat(replica_id=self._replica_id, at=self._clock.now(), stations=len(self._held))
            self._journal.note(BEATS, f"_/{self._replica_id}", beat)
            await asyncio.sleep(BEAT_S)


class Watch:
    """Declares the connections of silent replicas lost. Every replica watches; the desk decides once.

    Who does not hear even himself through the log is deaf and judges nobody: the silence is the log's.
    """

    def __init__(self, *, replica_id: str, presence: Presence, journal: Journal, clock: Clock) -> None:
        self._replica_id = replica_id
        self._deaf = True
        self._presence = presence
        self._journal = journal
        self._clock = clock

    async def run(self) -> None:
        """Look every second until cancelled."""
        while True:
            await asyncio.sleep(_WATCH_S)
            try:
                await self.look()
            except LogError:
                log.warning("watch.unrecorded")

    async def look(self) -> None:
        """One look; appends together, so that thousands of stations take one round trip."""
        now_s = time.monotonic()
        if self._presence.silence_s(self._replica_id, now_s) > DEAF_AFTER_S:
            self._deaf = True
            return
        if self._deaf:
            self._deaf = False
            self._presence.restart_silence(now_s)
        lost = list(self._presence.lost(now_s))[:_MOST_AT_ONCE]
        if lost:
            log.error("replica.silent", replicas=sorted({held.replica_id for _, held in lost}), stations=len(lost))
        await asyncio.gather(
            *(
                self._journal.append(
                    DESK_COMMANDS,
                    key,
                    DeclareConnectionLost(
                        at=self._clock.now(),
                        station_id=held.station_id,
                        epoch=held.epoch,
                        replica_id=held.replica_id,
                    ),
                )
                for key, held in lost
            )
        )
        self._presence.forget_idle(now_s)
