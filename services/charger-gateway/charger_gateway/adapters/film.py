"""A station's film: what was on its wire, what became true of it, what was asked of it and decided, in one order."""

import asyncio
import base64
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from charger_gateway.adapters.tails import ClearFrame, read_or_hold
from charger_gateway.domain.station import STATION_EVENTS, TRANSACTION_EVENTS
from chassis.log import TopicPartition, partition_of
from chassis.log.envelope import context_of
from chassis.log.port import Fetched
from chassis.log.reading import read_to_end
from chassis.runner import Env

MOST_RECORDS = 20_000
LOOK_TIMEOUT_S = 5.0
AROUND = timedelta(seconds=30)
"""How much of what surrounds a transaction is shown with it."""

# What each of the gateway's topics tells of a station, in the words of the film.
_TOLD: Mapping[str, str] = {
    "gateway.connection.event.v1": "event",
    STATION_EVENTS: "event",
    TRANSACTION_EVENTS: "event",
    "gateway.desk.command.v1": "command",
    "gateway.desk.event.v1": "decision",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One thing at one time; `kind` is frame, event, command or decision."""

    at: datetime
    kind: str
    name: str
    body: Mapping[str, Any]


class Film:
    """Reads what the gateway wrote of one station; bounded, newest first kept."""

    def __init__(self, *, env: Env) -> None:
        self._stream = env.log
        self._env = env

    async def scenes(self, key: str, frames: Sequence[ClearFrame]) -> list[Scene]:
        """Everything of the station `<tenant>/<station_id>`, oldest first. Raises TimeoutError."""
        found = [_framed(frame) for frame in frames]
        async with asyncio.timeout(LOOK_TIMEOUT_S):
            for topic, kind in _TOLD.items():
                async for scene in self._told(topic, kind, key):
                    found.append(scene)  # noqa: PERF401 - an async loop
        return sorted(found, key=lambda scene: scene.at)

    async def _told(self, topic: str, kind: str, key: str) -> AsyncIterator[Scene]:
        partition = TopicPartition(topic, partition_of(key.encode(), await self._stream.partitions(topic)))
        end = (await self._stream.ends([partition]))[partition]
        async for batch in read_to_end(self._stream, partition, max(0, end - MOST_RECORDS)):
            for fetched in batch:
                if fetched.key != key.encode() or fetched.value is None:
                    continue
                record = read_or_hold(self._env, partition, fetched)
                if record is None:
                    continue
                # A command's own time is that of its asking, which its decision carries on.
                at = getattr(record, "at", None) or _time_of(partition, fetched)
                yield Scene(at=at, kind=kind, name=type(record).__name__, body=_shown(record))


def _time_of(at: TopicPartition, record: Fetched) -> datetime:
    return context_of(at.topic, at.partition, record, dict(record.headers)).time


def around(scenes: Sequence[Scene], transaction_id: str) -> list[Scene]:
    """What happened at the station from a little before a transaction's first fact to a little after its last."""
    own = [one for one in scenes if one.body.get("transaction_id") == transaction_id and one.kind == "event"]
    if not own:
        return []
    begins, ends = own[0].at - AROUND, own[-1].at + AROUND
    return [one for one in scenes if begins <= one.at <= ends and not _of_another(one, transaction_id)]


def _of_another(scene: Scene, transaction_id: str) -> bool:
    return scene.kind == "event" and scene.body.get("transaction_id") not in {None, transaction_id}


def _framed(frame: ClearFrame) -> Scene:
    body = {
        "frame_ref": frame.frame_ref,
        "epoch": frame.epoch,
        "from_station": frame.inbound,
        "text": frame.text,
    }
    return Scene(at=frame.at, kind="frame", name="Frame", body=body)


def _shown(record: Any) -> dict[str, Any]:
    """The record as JSON takes it; what is sealed is left out."""
    said = record.model_dump(exclude_none=True)
    return {name: _plain(value) for name, value in said.items() if not name.endswith("_sealed")}


def _plain(value: Any) -> Any:
    match value:
        case dict():
            return {name: _plain(inner) for name, inner in value.items()}
        case list() | tuple():
            return [_plain(inner) for inner in value]
        case datetime():
            return value.isoformat()
        case bytes():
            return base64.b64encode(value).decode()
        case bool() | int() | str():
            return value
        case _:
            return str(value)
