"""Cassandra through the Apache driver: one session, prepared statements, and no write without a version."""

import asyncio
import logging
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cassandra
from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster, ExecutionProfile, NoHostAvailable, ResponseFuture, Session
from cassandra.connection import ConnectionException
from cassandra.policies import (
    DCAwareRoundRobinPolicy,
    ExponentialReconnectionPolicy,
    FallthroughRetryPolicy,
    TokenAwarePolicy,
)
from cassandra.query import BatchStatement, BatchType, BoundStatement, dict_factory

from chassis.cassandra.writes import Delete, Upsert, Write, newest

_IN_FLIGHT = 128
_STATEMENTS_A_BATCH = 50
_BYTES_A_BATCH = 4_000
"""Cassandra warns of batches above 5 KiB and refuses them above 50."""
_TIMEOUT_S = 5.0
_DDL_TIMEOUT_S = 60.0
_RECONNECT_S = (0.5, 5.0)
"""First and longest pause; the driver's own longest is ten minutes, as long as which rows would stay old."""
_COMMENT = re.compile(r"--[^\n]*|//[^\n]*")

StoreUnavailable = (
    cassandra.OperationTimedOut,
    cassandra.Timeout,
    cassandra.Unavailable,
    cassandra.CoordinationFailure,
    # What was under way when a connection broke; our retry policy hands it on.
    ConnectionException,
    NoHostAvailable,
)
"""What passes by itself: the projection waits and tries again."""


class Cassandra:
    """One per process. `keyspace` already carries the installation's prefix."""

    def __init__(
        self,
        hosts: Sequence[str],
        *,
        port: int = 9042,
        datacenter: str = "datacenter1",
        keyspace: str,
        tables_cql: Path | None = None,
        replication: str = "{'class': 'SimpleStrategy', 'replication_factor': 1}",
    ) -> None:
        self._hosts = [host.partition(":")[0] for host in hosts]
        given = {host.partition(":")[2] for host in hosts} - {""}
        self._port = int(given.pop()) if given else port
        self._datacenter = datacenter
        self.keyspace = keyspace
        self._tables_cql = tables_cql
        self._replication = replication
        self._cluster: Cluster | None = None
        self._session: Session | None = None
        self._prepared: dict[str, Any] = {}
        self._places = asyncio.Semaphore(_IN_FLIGHT)

    async def start(self) -> None:
        """Connect, make keyspace and tables where they are missing. Raises NoHostAvailable."""
        await asyncio.to_thread(self._open)

    def _open(self) -> None:
        profile = ExecutionProfile(
            load_balancing_policy=TokenAwarePolicy(DCAwareRoundRobinPolicy(local_dc=self._datacenter)),
            retry_policy=FallthroughRetryPolicy(),
            consistency_level=cassandra.ConsistencyLevel.LOCAL_QUORUM,
            request_timeout=_TIMEOUT_S,
            row_factory=dict_factory,
        )
        self._cluster = Cluster(
            self._hosts,
            port=self._port,
            execution_profiles={EXEC_PROFILE_DEFAULT: profile},
            protocol_version=5,
            reconnection_policy=ExponentialReconnectionPolicy(*_RECONNECT_S),
        )
        session = self._cluster.connect()
        session.execute(
            f"CREATE KEYSPACE IF NOT EXISTS {self.keyspace} WITH replication = {self._replication}",
            timeout=_DDL_TIMEOUT_S,
        )
        session.set_keyspace(self.keyspace)
        # The server warns at each statement that depends on the session's keyspace; ours never changes.
        logging.getLogger("cassandra.protocol").addFilter(_about_something_else)
        for statement in statements_of(self._tables_cql):
            session.execute(statement, timeout=_DDL_TIMEOUT_S)
        self._session = session

    async def stop(self) -> None:
        """Close all connections."""
        cluster, self._cluster, self._session = self._cluster, None, None
        if cluster is not None:
            await asyncio.to_thread(cluster.shutdown)

    async def execute(self, statement: str, parameters: Mapping[str, Any] | Sequence[Any] = ()) -> Sequence[Any]:
        """Rows as dictionaries of one bounded read, all pages. Writes belong into write()."""
        if not statement.lstrip()[:6].upper().startswith("SELECT"):
            raise ValueError("execute() reads; a write without a version could freeze a row for ever")
        rows: list[Any] = []
        async with self._places:
            prepared = await self._prepare(statement)
            session = self._live()
            pages: ResponseFuture = session.execute_async(prepared, parameters)
            rows.extend(await _first_page(pages))
            while pages.has_more_pages:
                page = _bridge(pages)
                pages.start_fetching_next_page()
                rows.extend(await page)
        return rows

    async def write(self, writes: Sequence[Write]) -> None:
        """All of them, each USING TIMESTAMP its version; rows of one partition together, partitions in parallel.

        Raises one of StoreUnavailable; then some of them may stand, and all are to be written again.
        """
        by_partition: dict[object, list[BoundStatement]] = {}
        for write in newest(writes):
            statement, parameters = cql_of(write)
            bound = (await self._prepare(statement)).bind(parameters)
            by_partition.setdefault(bound.routing_key, []).append(bound)
        await asyncio.gather(*(self._send(each) for rows in by_partition.values() for each in _batches(rows)))

    async def _send(self, rows: Sequence[BoundStatement]) -> None:
        request = rows[0]
        if len(rows) > 1:
            # Not logged: one partition is one node's write, and an outcome not known is written again.
            request = BatchStatement(batch_type=BatchType.UNLOGGED)
            request.is_idempotent = True
            for row in rows:
                request.add(row)
        async with self._places:
            await _first_page(self._live().execute_async(request))

    async def _prepare(self, statement: str) -> Any:
        prepared: Any = self._prepared.get(statement)
        if prepared is None:
            prepared = await asyncio.to_thread(self._live().prepare, statement)
            # True by the law of full values and versions; the driver assumes the contrary.
            prepared.is_idempotent = True
            self._prepared[statement] = prepared
        return prepared

    def _live(self) -> Session:
        if self._session is None:
            raise RuntimeError("the store was not started")
        return self._session

    async def drop_keyspace(self) -> None:
        """For rebuilds and tests."""
        await asyncio.to_thread(
            self._live().execute, f"DROP KEYSPACE IF EXISTS {self.keyspace}", timeout=_DDL_TIMEOUT_S
        )


def _about_something_else(line: logging.LogRecord) -> bool:
    return "USE <keyspace>" not in line.getMessage()


def _bridge(pages: ResponseFuture) -> "asyncio.Future[list[Any]]":
    loop = asyncio.get_running_loop()
    outcome: asyncio.Future[list[Any]] = loop.create_future()

    def done(rows: Any) -> None:
        loop.call_soon_threadsafe(_settle, outcome, list(rows or ()), None)

    def failed(error: BaseException) -> None:
        loop.call_soon_threadsafe(_settle, outcome, [], error)

    pages.clear_callbacks()
    pages.add_callbacks(done, failed)
    return outcome


def _settle(outcome: "asyncio.Future[list[Any]]", rows: list[Any], error: BaseException | None) -> None:
    if outcome.done():
        return
    if error is not None:
        outcome.set_exception(error)
    else:
        outcome.set_result(rows)


async def _first_page(pages: ResponseFuture) -> list[Any]:
    return await _bridge(pages)


def _batches(rows: Sequence[BoundStatement]) -> list[list[BoundStatement]]:
    """The statements in their order, cut so that each batch is one that a store likes."""
    batches: list[list[BoundStatement]] = []
    room = 0
    for row in rows:
        size = sum(len(value) for value in row.values if isinstance(value, bytes))
        if not batches or size > room or len(batches[-1]) == _STATEMENTS_A_BATCH:
            batches.append([])
            room = _BYTES_A_BATCH
        batches[-1].append(row)
        room -= size
    return batches


def cql_of(write: Write) -> tuple[str, list[Any]]:
    """The statement and its values; a write without values makes the row exist."""
    where = " AND ".join(f"{name} = ?" for name in write.key)
    match write:
        case Upsert(values=values) if values:
            sets = ", ".join(f"{name} = ?" for name in values)
            statement = f"UPDATE {write.table} USING TIMESTAMP ? SET {sets} WHERE {where}"  # noqa: S608 - our own names
            return statement, [write.version, *values.values(), *write.key.values()]
        case Upsert():
            names, marks = ", ".join(write.key), ", ".join("?" for _ in write.key)
            statement = f"INSERT INTO {write.table} ({names}) VALUES ({marks}) USING TIMESTAMP ?"  # noqa: S608
            return statement, [*write.key.values(), write.version]
        case Delete(columns=columns):
            what = f" {', '.join(columns)}" if columns else ""
            statement = f"DELETE{what} FROM {write.table} USING TIMESTAMP ? WHERE {where}"
            return statement, [write.version, *write.key.values()]


def statements_of(tables_cql: Path | None) -> list[str]:
    """The statements of a .cql file, comments dropped."""
    if tables_cql is None:
        return []
    text = _COMMENT.sub("", tables_cql.read_text(encoding="utf-8"))
    return [statement.strip() for statement in text.split(";") if statement.strip()]
