"""Reading one partition from an offset to its committed end."""

from collections.abc import AsyncIterator, Sequence

from chassis.log.port import Fetched, Log, TopicPartition

_FETCH_S = 1.0
_BATCH = 5_000


async def read_to_end(log: Log, partition: TopicPartition, start: int = 0) -> AsyncIterator[Sequence[Fetched]]:
    """Batches of all records committed by now, from `start` or the first one kept."""
    end = (await log.ends([partition]))[partition]
    first = max(start, (await log.starts([partition]))[partition])
    if first >= end:
        return
    consumer = await log.assigned({partition: first})
    try:
        while await consumer.position(partition) < end:
            found = await consumer.fetch(partition, timeout_s=_FETCH_S, max_records=_BATCH)
            records = [record for record in found.get(partition, ()) if record.offset < end]
            if records:
                yield records
    finally:
        await consumer.stop()
