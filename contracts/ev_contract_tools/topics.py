"""Creates the catalogue's topics on a broker, and refuses where one stands there with another shape."""

import asyncio
from collections.abc import Mapping

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError, for_code

from ev_contracts.record import Topic

DAY_MS = 24 * 3600 * 1000
SEGMENT_BYTES = 64 * 1024 * 1024
_LISTED_WITHIN_S = 30.0


class TopicError(RuntimeError):
    """A topic cannot be created, or stands there with another number of partitions."""


def settings_of(topic: Topic, *, replication: int) -> dict[str, str]:
    """The broker's settings of a topic: append time, and kept for ever, for days, or compacted."""
    shared = {
        "message.timestamp.type": "LogAppendTime",
        "segment.bytes": str(SEGMENT_BYTES),
        "min.insync.replicas": str(min(2, replication)),
        "unclean.leader.election.enable": "false",
    }
    if topic.compacted:
        return {**shared, "cleanup.policy": "compact", "max.compaction.lag.ms": str(3600 * 1000)}
    kept = -1 if topic.retention_days is None else topic.retention_days * DAY_MS
    return {**shared, "cleanup.policy": "delete", "retention.ms": str(kept)}


async def create_topics(
    bootstrap: str, topics: Mapping[str, Topic], *, namespace: str = "", replication: int = 1
) -> list[str]:
    """Create what is missing; the names of what was created. Idempotent. Raises TopicError.

    `namespace` is a prefix (`<namespace>.`) under which several systems share one broker.
    """
    prefix = f"{namespace}." if namespace else ""
    client = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await client.start()
    try:
        wanted = {prefix + topic.name: topic for topic in topics.values()}
        there = set(await client.list_topics())
        await _refuse_other_shapes(client, {name: topic for name, topic in wanted.items() if name in there})
        missing = sorted(set(wanted) - there)
        created = await _create(client, [(name, wanted[name]) for name in missing], replication)
        await _listed(client, missing)
        await _refuse_other_shapes(client, {name: wanted[name] for name in missing if name not in created})
        return created
    finally:
        await client.close()


async def _create(client: AIOKafkaAdminClient, missing: list[tuple[str, Topic]], replication: int) -> list[str]:
    """The names of what was created, sorted; somebody else may have been quicker."""
    new = [
        NewTopic(name, topic.partitions, replication, topic_configs=settings_of(topic, replication=replication))
        for name, topic in missing
    ]
    if not new:
        return []
    answer = await client.create_topics(new, timeout_ms=60_000)
    created = []
    for name, code, *detail in answer.topic_errors:
        error = for_code(code)
        if code and error is not TopicAlreadyExistsError:
            raise TopicError(f"topic {name}: {error.__name__} {detail[0] if detail else ''}".strip())
        if not code:
            created.append(name)
    return sorted(created)


async def _listed(client: AIOKafkaAdminClient, names: list[str]) -> None:
    """Return once the broker lists them, a moment after it has made them. Raises TopicError."""
    try:
        async with asyncio.timeout(_LISTED_WITHIN_S):
            while not set(names) <= set(await client.list_topics()):  # noqa: ASYNC110 - the broker tells nobody
                await asyncio.sleep(0.05)
    except TimeoutError as error:
        raise TopicError(f"the broker does not list its new topics after {_LISTED_WITHIN_S:.0f} s") from error


async def _refuse_other_shapes(client: AIOKafkaAdminClient, there: Mapping[str, Topic]) -> None:
    if not there:
        return
    for described in await client.describe_topics(sorted(there)):
        name, count = described["topic"], len(described["partitions"])
        if count != there[name].partitions:
            raise TopicError(
                f"topic {name} has {count} partitions where the catalogue says {there[name].partitions}; "
                "a partition count is a one-way door"
            )
