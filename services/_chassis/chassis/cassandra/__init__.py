"""The read store: idempotent, versioned writes to Cassandra, and a twin in memory that passes the same tests."""

from chassis.cassandra.driver import Cassandra, StoreUnavailable
from chassis.cassandra.rows import Rows
from chassis.cassandra.writes import Delete, Upsert, Write

__all__ = ["Cassandra", "Delete", "Rows", "StoreUnavailable", "Upsert", "Write"]
