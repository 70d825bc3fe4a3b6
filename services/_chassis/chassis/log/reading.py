"""Reading partitions from an offset to their committed ends."""

import contextlib
from collections.abc import AsyncGenerator, Iterable, Sequence

from chassis.log.port import Fetched, Log, TopicPartition

_FETCH_S = 1.0
_BATCH = 5_000


async def read_to_end(log: Log, partition: TopicPartition, start: int = 0) -> AsyncGenerator[Sequence[Fetched]]:
    """Batches of all records committed by now, from `start` or the first one kept."""
    async with contextlib.aclosing(read_all_to_end(log, [partition], start)) as batches:
        async for _, records in batches:
            yield records


async def read_all_to_end(
    log: Log, partitions: Iterable[TopicPartition], start: int = 0
) -> AsyncGenerator[tuple[TopicPartition, Sequence[Fetched]]]:
    """Batches of several partitions, by one reader and in no order between partitions; otherwise as `read_to_end`."""
    at = list(partitions)
    ends, starts = await log.ends(at), await log.starts(at)
    left = {each: first for each in at if (first := max(start, starts[each])) < ends[each]}
    if not left:
        return
    consumer = await log.assigned(left)
    try:
        while left:
            found = await consumer.fetch(*left, timeout_s=_FETCH_S, max_records=_BATCH)
            for each, records in found.items():
                wanted = [record for record in records if record.offset < ends[each]]
                if wanted:
                    yield each, wanted
            left = {each: position for each in left if (position := await consumer.position(each)) < ends[each]}
    finally:
        await consumer.stop()
