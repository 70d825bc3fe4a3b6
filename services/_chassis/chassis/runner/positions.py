"""Where a worker resumes: from `@pos` in its own state topic, and from nowhere else."""

import orjson

from chassis.log.port import Entry, Log, PositionLost, TopicPartition

POSITION_KEY = b"@pos"
PARKED_KEY = b"@parked"


def beside(key: bytes, topic: str) -> bytes:
    """The reserved key of a second input: `@pos/<topic>`, `@parked/<topic>`."""
    return key + b"/" + topic.encode()


def position_entry(offset: int, *, again: int | None = None, key: bytes = POSITION_KEY) -> Entry:
    """The next offset to process; and where to read `again` from, for what is held in memory only."""
    told = {"next": offset} if again is None else {"next": offset, "again": again}
    return Entry(key, orjson.dumps(told))


def parse_position(value: bytes) -> int:
    """The next offset to process."""
    return int(orjson.loads(value)["next"])


def parse_again(value: bytes) -> int | None:
    """From where on the events were still needed when the position was kept."""
    again = orjson.loads(value).get("again")
    return None if again is None else int(again)


async def resume_at(log: Log, source: TopicPartition, stored: int | None, *, may_skip: bool = False) -> int:
    """The offset to seek: the stored one, or the very first at the first start. Raises PositionLost.

    `may_skip`: a source of kind sample, whose past may be gone, begins where it begins.
    """
    start = (await log.starts([source]))[source]
    end = (await log.ends([source]))[source]
    if stored is None:
        if start > 0 and not may_skip:
            raise PositionLost(f"{source.topic}/{source.partition} begins at {start} and no position is stored")
        return start
    if stored < start:
        if may_skip:
            return start
        raise PositionLost(f"position {stored} is below the start {start} of {source.topic}/{source.partition}")
    if stored > end:
        raise PositionLost(f"position {stored} is past the end {end} of {source.topic}/{source.partition}")
    return stored
