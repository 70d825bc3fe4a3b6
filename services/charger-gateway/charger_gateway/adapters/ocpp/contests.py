"""A station that comes here while another replica holds it: that one is asked whether the station still answers there.

The question goes over the log, as replicas know of each other only there. No answer in time is one: a replica that
says nothing holds nothing, and the newer connection takes the station.
"""

import asyncio
import time
from dataclasses import dataclass

from charger_gateway.adapters.heartbeat import BEATS
from charger_gateway.domain.presence import Presence
from charger_gateway.ports import Journal
from chassis.clock import Clock, new_id
from ev_contracts.gateway import ConnectionContested, ContestAnswered

GRACE_S = 2.0
"""What question and answer may take on the log, beside the ping."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Contest:
    key: str
    epoch: int
    upheld: "asyncio.Future[bool]"


class Contests:
    """The questions that this replica has put and those that it is asked."""

    def __init__(
        self, *, replica_id: str, presence: Presence, journal: Journal, clock: Clock, probe_timeout_s: float
    ) -> None:
        self._replica_id = replica_id
        self._presence = presence
        self._journal = journal
        self._clock = clock
        self._wait_s = probe_timeout_s + GRACE_S
        self._open: dict[str, _Contest] = {}

    async def is_upheld(self, key: str, station_id: str) -> bool:
        """Whether the station `<tenant>/<station_id>` answers at another replica."""
        held = self._presence.held(key)
        if held is None or held.replica_id == self._replica_id:
            return False
        if not self._presence.lives(held.replica_id, time.monotonic()):
            return False
        contest = _Contest(key=key, epoch=held.epoch, upheld=asyncio.get_running_loop().create_future())
        question = ConnectionContested(
            station_id=station_id,
            contest_id=new_id(),
            holder_replica_id=held.replica_id,
            epoch=held.epoch,
            contested_at=self._clock.now(),
        )
        self._open[question.contest_id] = contest
        self._journal.note(BEATS, f"_/{self._replica_id}", question)
        try:
            async with asyncio.timeout(self._wait_s):
                return await contest.upheld
        except TimeoutError:
            return False
        finally:
            del self._open[question.contest_id]

    def answer(self, question: ConnectionContested, *, stands: bool) -> None:
        """Say whether the station answers here on the connection that is asked for."""
        answer = ContestAnswered(
            station_id=question.station_id,
            contest_id=question.contest_id,
            stands=stands,
            answered_at=self._clock.now(),
        )
        self._journal.note(BEATS, f"_/{self._replica_id}", answer)

    def answered(self, answer: ContestAnswered) -> None:
        """The holder's word on a question of ours."""
        contest = self._open.get(answer.contest_id)
        if contest is not None and not contest.upheld.done():
            contest.upheld.set_result(answer.stands)

    def moved(self, key: str) -> None:
        """Something became of the station's connection: a contested one that is gone is not upheld."""
        held = self._presence.held(key)
        for contest in self._open.values():
            gone = held is None or held.epoch != contest.epoch
            if contest.key == key and gone and not contest.upheld.done():
                contest.upheld.set_result(False)
