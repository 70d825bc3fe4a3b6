"""Records that could not be taken: kept in order with the reason, and the parked aggregates they wait for."""

import time
from collections import deque
from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson

from chassis.codec import Poison
from chassis.log.port import Entry, Fetched

MAX_PARKED_PER_MINUTE = 10
_MINUTE_S = 60.0

DL_TOPIC = "dl_topic"
DL_PARTITION = "dl_partition"
DL_OFFSET = "dl_offset"
DL_REASON = "dl_reason"
DL_DETAIL = "dl_detail"


class TooManyParked(RuntimeError):
    """More than ten aggregates were parked within a minute: this is no bad record, it is a bad build or a bad peer."""


class Parked(NamedTuple):
    """An aggregate that waits: why, and which of its records (by their offsets on their own topic) wait with it."""

    reason: str
    since: int
    last: int
    failed_repair: str = ""
    """The repair in which the first waiting record failed again; the rest of that repair is void."""


def dead_letter(topic: str, partition: int, record: Fetched, poison: Poison) -> Entry:
    """The record as it was, with where it stood and why it was not taken. It is written once, repairs only read it."""
    return Entry(
        record.key or b"_",
        record.value if record.value is not None else b"",
        [
            *record.headers,
            (DL_TOPIC, topic.encode()),
            (DL_PARTITION, str(partition).encode()),
            (DL_OFFSET, str(record.offset).encode()),
            (DL_REASON, poison.reason.encode()),
            (DL_DETAIL, poison.detail.encode()),
        ],
    )


def dead_letter_topic(name: str) -> str:
    """One topic a context: `<context>.parked.dlq.v1`."""
    return f"{name.partition('.')[0]}.parked.dlq.v1"


def dumps_parked(parked: Mapping[str, Parked]) -> bytes:
    """The value of the reserved key `@parked`."""
    return orjson.dumps({key: list(each) for key, each in parked.items()})


def loads_parked(value: bytes) -> dict[str, Parked]:
    """What dumps_parked wrote."""
    plain: dict[str, Any] = orjson.loads(value)
    return {key: Parked(*each) for key, each in plain.items()}


class ParkingRate:
    """Stops the worker when parking becomes the rule."""

    def __init__(self) -> None:
        self._times: deque[float] = deque()

    def count(self) -> None:
        """One more was parked. Raises TooManyParked."""
        now = time.monotonic()
        self._times.append(now)
        while self._times and self._times[0] < now - _MINUTE_S:
            self._times.popleft()
        if len(self._times) > MAX_PARKED_PER_MINUTE:
            raise TooManyParked(f"{len(self._times)} aggregates parked within a minute")
