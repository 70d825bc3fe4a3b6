"""The operator's side of a foreign client's run: sends every command of its version, sums up what became of each."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from clients.script import commands
from conformance.stand import Stand
from ev_contracts.gateway import StationConnected, TransactionEnded, TransactionStarted

NOT_HERE = frozenset({"NotImplemented", "NotSupported"})


@dataclass(slots=True, kw_only=True)
class Run:
    """One client's run: messages that it said and were answered, commands and what became of each.

    `answered` are those with a CALLRESULT that its schema allows, be it a refusal.
    """

    client: str
    version: str
    said: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    answered: list[str] = field(default_factory=list)
    unsupported: list[str] = field(default_factory=list)
    unanswered: list[str] = field(default_factory=list)
    spared: list[str] = field(default_factory=list)
    started: int = 0
    ended: int = 0

    @property
    def passed(self) -> bool:
        """A whole session stands on the log, and no message and no command was left without an answer."""
        return bool(self.started and self.ended and self.answered) and not self.failed and not self.unanswered

    def line(self) -> str:
        """What the report says."""
        ours = f"{len(self.answered)} commands answered, {len(self.unsupported)} not supported by it"
        ours += f", not sent: {', '.join(self.spared)}" if self.spared else ""
        bad = "".join(f"; {word}: {', '.join(them)}" for word, them in self._bad() if them)
        verdict = "ok  " if self.passed else "FAIL"
        return f"{verdict} {self.client:<12} {self.version:<6} {len(self.said)} messages, {ours}{bad}"

    def _bad(self) -> Iterable[tuple[str, list[str]]]:
        yield "not answered as it should be", self.failed
        yield "commands without an answer", self.unanswered
        if not (self.started and self.ended):
            yield "sessions on the log", [f"{self.started} started", f"{self.ended} ended"]


async def commanded(stand: Stand, station_id: str, run: Run, spared: Collection[str] = ()) -> None:
    """Sends every command of the version but those, one after the other."""
    run.spared += spared
    for action, payload in commands(run.version).items():
        if action not in spared:
            await _command(stand, station_id, run, action, payload)


async def summed_up(stand: Stand, station_id: str, run: Run) -> None:
    """Counts its sessions on the log."""
    topic = "gateway.transaction.event.v1"
    run.started = len(await stand.facts(topic, station_id, TransactionStarted))
    run.ended = len(await stand.facts(topic, station_id, TransactionEnded))


async def connected(stand: Stand, station_id: str) -> StationConnected:
    """The station's connection, once it stands on the log."""
    return await stand.fact("gateway.connection.event.v1", station_id, StationConnected)


async def _command(stand: Stand, station_id: str, run: Run, action: str, payload: Any) -> None:
    response = await stand.command(station_id, f"raw/{action}", payload)
    shown = response.json()
    if response.status_code == 200 and shown["response"] is not None:
        run.answered.append(action)
    elif response.status_code == 200 and shown["answer"] in NOT_HERE:
        run.unsupported.append(action)
    else:
        # A CALLERROR and an answer outside of its schema carry no response: what we asked, or how, may be wrong.
        what = " ".join(str(shown.get(name)) for name in ("status", "answer", "detail"))
        run.unanswered.append(f"{action} ({response.status_code} {what})")
