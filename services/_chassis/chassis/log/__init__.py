"""The log: a port, Kafka behind it, and a twin in memory that passes the same tests."""

from chassis.log.appender import Appender
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
from chassis.log.reading import read_to_end

__all__ = [
    "Appended",
    "Appender",
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
    "read_to_end",
    "tenant_of",
]
