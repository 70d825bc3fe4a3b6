"""The real log for tests: a namespace of its own with the toy topics, dropped afterwards."""

import contextlib
from collections.abc import AsyncIterator, Mapping

import toy
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

import ev_lab
from chassis.clock import new_id
from chassis.log import KafkaLog
from chassis.testing import eventually

SESSION_TIMEOUT_MS = 6000


def bootstrap() -> str:
    """The lab's broker; the lab must be up."""
    return str(ev_lab.endpoints().kafka)


@contextlib.asynccontextmanager
async def namespace(topics: Mapping[str, toy.Topic] = toy.TOPICS) -> AsyncIterator[str]:
    """A fresh prefix under which the topics exist."""
    prefix = f"zz-{new_id()[:8]}"
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap())
    await admin.start()
    new = [
        NewTopic(
            f"{prefix}.{name}",
            topic.partitions,
            1,
            topic_configs={
                "message.timestamp.type": "LogAppendTime",
                "cleanup.policy": "compact" if topic.kind in {"state", "snapshot"} else "delete",
            },
        )
        for name, topic in topics.items()
    ]
    try:
        await admin.create_topics(new)
        await eventually(lambda: _all_there(admin, [topic.name for topic in new]), deadline_s=60)
        yield prefix
    finally:
        await admin.delete_topics([f"{prefix}.{name}" for name in topics])
        await admin.close()


async def _all_there(admin: AIOKafkaAdminClient, names: list[str]) -> bool:
    found = await admin.describe_topics(names)
    return all(topic["error_code"] == 0 for topic in found)


def kafka_log(prefix: str) -> KafkaLog:
    """A log in that namespace."""
    return KafkaLog(bootstrap(), namespace=prefix, session_timeout_ms=SESSION_TIMEOUT_MS)
