"""The log: a port, Kafka behind it, and a twin in memory that passes the same tests."""

from chassis.log.kafka import KafkaLog
from chassis.log.keys import partition_of, tenant_of
from chassis.log.memory import MemoryLog
from chassis.log.port import (
    Appended,
    Consumer,
    Entry,
    Fenced,
    Fetched,
    Log,
    LogError,
    PositionLost,
    Producer,
    TopicPartition,
    Transactional,
)

__all__ = [
    "Appended",
    "Consumer",
    "Entry",
    "Fenced",
    "Fetched",
    "KafkaLog",
    "Log",
    "LogError",
    "MemoryLog",
    "PositionLost",
    "Producer",
    "TopicPartition",
    "Transactional",
    "partition_of",
    "tenant_of",
]
