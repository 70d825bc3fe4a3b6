"""Topics on a real broker: made as the catalogue says, made once, and never with another partition count."""

import uuid
from dataclasses import replace

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from ev_contract_tools.topics import TopicError, create_topics, settings_of
from ev_contracts.catalogue import TOPICS
from ev_lab.endpoints import Endpoints

SESSIONS = TOPICS["sessions.session.event.v1"]
STATE = TOPICS["sessions.session.state.v1"]
FEW = {topic.name: topic for topic in (SESSIONS, STATE)}


def test_events_are_kept_for_ever_and_commands_for_their_days() -> None:
    assert settings_of(SESSIONS, replication=1)["retention.ms"] == "-1"
    command = settings_of(TOPICS["sessions.session.command.v1"], replication=1)
    assert (command["cleanup.policy"], command["retention.ms"]) == ("delete", str(7 * 24 * 3600 * 1000))


def test_state_is_compacted_and_the_logs_own_time_counts() -> None:
    settings = settings_of(STATE, replication=3)
    assert (settings["cleanup.policy"], settings["message.timestamp.type"]) == ("compact", "LogAppendTime")
    assert settings["min.insync.replicas"] == "2"


async def test_topics_are_made_once_and_refused_with_another_partition_count(lab: Endpoints) -> None:
    namespace = f"t{uuid.uuid4().hex[:8]}"
    names = sorted(f"{namespace}.{name}" for name in FEW)
    admin = AIOKafkaAdminClient(bootstrap_servers=lab.kafka)
    await admin.start()
    try:
        assert await create_topics(lab.kafka, FEW, namespace=namespace) == names
        assert await create_topics(lab.kafka, FEW, namespace=namespace) == []
        assert await said_by_the_broker(admin, f"{namespace}.{STATE.name}", "cleanup.policy") == "compact"
        wider = {SESSIONS.name: replace(SESSIONS, partitions=SESSIONS.partitions + 1)}
        with pytest.raises(TopicError, match="has 4 partitions where the catalogue says 5"):
            await create_topics(lab.kafka, wider, namespace=namespace)
    finally:
        await admin.delete_topics(names)
        await admin.close()


async def said_by_the_broker(admin: AIOKafkaAdminClient, topic: str, setting: str) -> str:
    (answer,) = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic, {setting: None})])
    return str(answer.resources[0][4][0][1])
