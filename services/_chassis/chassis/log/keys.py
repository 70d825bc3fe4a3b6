"""Which partition a key belongs to: the same answer as Kafka's own clients give, in memory too."""

from functools import lru_cache
from typing import Any

from aiokafka import partitioner

_murmur2: Any = partitioner.murmur2
_POSITIVE = 0x7FFFFFFF
_KEYS_REMEMBERED = 65_536


@lru_cache(_KEYS_REMEMBERED)
def partition_of(key: bytes, partitions: int) -> int:
    """Kafka's default partitioner."""
    return int((_murmur2(key) & _POSITIVE) % partitions)


def tenant_of(key: str) -> str:
    """The part before the first `/`; `_` is platform-wide."""
    return key.partition("/")[0]
