"""The ratings of a tenant, as the log has kept them."""

from collections.abc import AsyncIterator

from chassis.codec import Codec
from chassis.log import Log
from chassis.log.envelope import context_of
from chassis.log.port import TopicPartition
from chassis.log.reading import read_to_end
from ev_contracts.pricing import SessionRated, SessionRerated

RATINGS = "pricing.rating.event.v1"


async def ratings_of(log: Log, codec: Codec, tenant: str) -> AsyncIterator[SessionRated | SessionRerated]:
    """All until now, those of one rating in their order. Raises Poison and LogError."""
    for partition in range(await log.partitions(RATINGS)):
        async for records in read_to_end(log, TopicPartition(RATINGS, partition)):
            for record in records:
                headers = dict(record.headers)
                if record.value is None or context_of(RATINGS, partition, record, headers).tenant != tenant:
                    continue
                event = codec.decode(RATINGS, record.value, headers)
                if isinstance(event, SessionRated | SessionRerated):
                    yield event
