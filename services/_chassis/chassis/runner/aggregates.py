"""One aggregate as the decider loop keeps it: its state and what makes repeats harmless."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple

import orjson

from chassis.runner.states import StateCodec, dumps

RING_SIZE = 64
_RING_AGE_MS = timedelta(hours=24) // timedelta(milliseconds=1)


class Remembered(NamedTuple):
    """A command that was decided: what came of it, told again to whoever repeats it or asks."""

    command_id: str
    body_hash: str
    refused: bool
    reason: str
    detail: str
    events: tuple[Mapping[str, Any], ...]
    log_time_ms: int


class Source(NamedTuple):
    """How far reactions to one source partition have come: the offset, and which of its reactions."""

    offset: int
    nth: int


@dataclass(frozen=True, slots=True)
class Live:
    """Never changed in place: a batch that fails leaves no trace."""

    version: int
    state: Any
    sources: Mapping[str, Source]
    ring: tuple[Remembered, ...]

    def remembered(self, command_id: str) -> Remembered | None:
        return next((each for each in reversed(self.ring) if each.command_id == command_id), None)


def with_memory(ring: tuple[Remembered, ...], new: Remembered) -> tuple[Remembered, ...]:
    """The ring with one more, at most 64 and none older than 24 h by the log's time."""
    oldest = new.log_time_ms - _RING_AGE_MS
    kept = ring if not ring or ring[0].log_time_ms >= oldest else tuple(e for e in ring if e.log_time_ms >= oldest)
    return (*kept[-(RING_SIZE - 1) :], new)


def parse_source(header: bytes) -> tuple[str, Source]:
    """`<topic>/<partition>/<offset>/<index>` as source partition and place in it. Raises ValueError."""
    where, offset, index = header.decode().rsplit("/", 2)
    return where, Source(int(offset), int(index))


def _remembered(plain: Sequence[Any]) -> Remembered:
    command_id, body_hash, refused, reason, detail, events, log_time_ms = plain
    return Remembered(command_id, body_hash, refused, reason, detail, tuple(events), log_time_ms)


class AggregateCodec:
    """State records: {fingerprint of the state code, version, sources, ring, state}."""

    def __init__(self, decider: Any) -> None:
        self.states = StateCodec(decider)
        self._decider = decider

    @property
    def fingerprint(self) -> str:
        return self.states.fingerprint

    def dumps(self, live: Live) -> bytes:
        return dumps(
            {"fp": self.fingerprint, "v": live.version, "src": live.sources, "ring": live.ring, "s": live.state}
        )

    def loads(self, value: bytes) -> tuple[Live, bool]:
        """The aggregate, and whether its state is still to be refolded because other code wrote it."""
        plain = orjson.loads(value)
        stale = plain["fp"] != self.fingerprint
        live = Live(
            version=plain["v"],
            state=self._decider.initial if stale else self.states.decode(plain["s"]),
            sources={where: Source(*place) for where, place in plain["src"].items()},
            ring=tuple(_remembered(each) for each in plain["ring"]),
        )
        return live, stale
