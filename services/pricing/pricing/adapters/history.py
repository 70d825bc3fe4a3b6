"""The ratings and the feeds' prices of a tenant, as the log has kept them."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime

from chassis.codec import Codec
from chassis.log import Log
from chassis.log.envelope import context_of
from chassis.log.port import TopicPartition
from chassis.log.reading import read_to_end
from ev_contracts.common import PricePoint
from ev_contracts.pricing import PricePointPublished, SessionRated, SessionRerated
from ev_contracts.record import Record

RATINGS = "pricing.rating.event.v1"
FEEDS = "pricing.price-feed.event.v1"


async def ratings_of(log: Log, codec: Codec, tenant: str) -> AsyncIterator[SessionRated | SessionRerated]:
    """All until now, those of one rating in their order. Raises Poison and LogError."""
    async for event in _told(log, codec, RATINGS, tenant):
        if isinstance(event, SessionRated | SessionRerated):
            yield event


async def points_of(log: Log, codec: Codec, tenant: str, feed_id: str) -> Sequence[PricePoint]:
    """What a feed said last of each interval, the earliest first; older ones than its snapshots keep too."""
    points: dict[datetime, PricePoint] = {}
    async for event in _told(log, codec, FEEDS, tenant):
        if isinstance(event, PricePointPublished) and event.feed_id == feed_id:
            points[event.point.starts_at] = event.point
    return [point for _, point in sorted(points.items())]


async def _told(log: Log, codec: Codec, topic: str, tenant: str) -> AsyncIterator[Record]:
    for partition in range(await log.partitions(topic)):
        async for records in read_to_end(log, TopicPartition(topic, partition)):
            for record in records:
                headers = dict(record.headers)
                if record.value is not None and context_of(topic, partition, record, headers).tenant == tenant:
                    yield codec.decode(topic, record.value, headers)
