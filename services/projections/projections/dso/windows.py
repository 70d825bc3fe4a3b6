"""The stream analysis of load: a faust table of meter points per grid connection, its outputs events on a topic.

At least once; the outputs are absolute values, so repeats change nothing. It decides nothing about money.
"""

import asyncio
from functools import partial
from pathlib import Path
from typing import Any, cast

import faust
from aiokafka.errors import KafkaError
from faust.transport.drivers import aiokafka as driver
from faust.types import AppT, FutureMessage, StreamT, TableT
from faust.types.tuples import Message

from chassis.codec import Codec, Poison
from chassis.dead_letters import Unreadable
from chassis.log import Appender, LogError, TopicPartition
from chassis.runner import Env
from ev_contracts.projections import ConnectionMetered
from projections.dso.loads import Entry, absorb
from projections.settings import Settings

_SOURCE, _OUTPUT = "projections.connection-meter.sample.v1", "projections.feeder-load.sample.v1"
_CHANGELOG = "projections.feeder-load.changelog.v1"
_PARTITIONS = 4
_GROUP = "projections.dso-windows"
_PAUSE_S = 2.0
_KEPT_WITHIN_S = 30.0
_AWAY = (KafkaError, LogError, OSError, TimeoutError)
"""What passes by itself: the analysis is built anew, and resumes from its changelog and its committed offsets."""


class _ReadCommittedThread(driver.AIOKafkaConsumerThread):
    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = super()._create_worker_consumer(transport)
        # Without this the worker reads records of aborted transactions; faust has no setting for it.
        consumer._isolation_level = "read_committed"  # noqa: SLF001 - pinned, and tested on a real broker
        return consumer


class _ReadCommittedConsumer(driver.Consumer):
    def _new_consumer_thread(self) -> Any:
        return _ReadCommittedThread(self, loop=self.loop, beacon=self.beacon)


class _ReadCommittedTransport(driver.Transport):
    Consumer = _ReadCommittedConsumer


class ReadCommittedApp(faust.App):
    """A faust app that sees committed records only, and ends where its agent fails."""

    def _new_transport(self) -> Any:
        return _ReadCommittedTransport(self.conf.broker_consumer, self)

    async def _on_agent_error(self, _agent: Any, error: BaseException) -> None:
        await self.crash(error)


class CodecSchema(faust.Schema[str, Any]):
    """Bytes to records by the one codec of the platform, or a Poison, which is told and passed by; keys stay text."""

    def __init__(self, codec: Codec, topic: str, unreadable: Unreadable) -> None:
        super().__init__()
        self._codec = codec
        self._topic = topic
        self._unreadable = unreadable

    def loads_key(self, app: AppT, message: Message, **_options: Any) -> str:  # noqa: ARG002 - faust calls it so
        return (message.key or b"").decode(errors="replace")

    def loads_value(self, app: AppT, message: Message, **_options: Any) -> Any:  # noqa: ARG002 - faust calls it so
        try:
            return self._codec.decode(self._topic, message.value, dict(message.headers or ()))
        except Poison as poison:
            # Raised, it would end the analysis, at every start again.
            self._unreadable.hold(_GROUP, TopicPartition(self._topic, message.partition), message, poison)
            return poison


class KeptTable(faust.Table[bytes, Entry]):
    """A table whose changes are waited for.

    faust hands them to a buffer and commits the record they come from whether or not they reached the log; at a stop
    the buffer is given up after a moment.
    """

    def __init__(self, app: AppT, **options: Any) -> None:
        super().__init__(app, **options)
        self._sent: list[FutureMessage] = []

    def send_changelog(self, *args: Any, **kwargs: Any) -> FutureMessage:
        """As faust's own, and remembered."""
        sent = super().send_changelog(*args, **kwargs)
        self._sent.append(sent)
        return sent

    async def kept(self) -> None:
        """Until all changes made so far are on the log. Raises KafkaError, TimeoutError."""
        sent, self._sent = self._sent, []
        async with asyncio.timeout(_KEPT_WITHIN_S):
            for each in sent:
                await each


def windows_app(settings: Settings, *, env: Env, appender: Appender) -> faust.App:
    """To be built inside the loop that runs it. Concurrency is 1, so that no offset runs ahead of its record."""
    prefix = f"{settings.namespace}." if settings.namespace else ""
    app = ReadCommittedApp(
        f"{prefix}{_GROUP}",
        broker=f"kafka://{settings.kafka.replace(',', ';')}",
        store="memory://",
        Table=KeptTable,
        datadir=str(Path(settings.data_dir) / "windows"),
        autodiscover=False,
        web_enabled=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
        topic_partitions=_PARTITIONS,
        table_standby_replicas=0,
        stream_wait_empty=True,
        consumer_auto_offset_reset="earliest",
        broker_session_timeout=max(settings.session_timeout_ms / 1000, 6.0),
        broker_heartbeat_interval=2.0,
    )
    loads = _loads(app, f"{prefix}{_CHANGELOG}")
    source = app.topic(f"{prefix}{_SOURCE}", schema=CodecSchema(env.codec, _SOURCE, env.unreadable))

    # An agent that fails goes on with the next record and acknowledges the one it failed at: so we do that by hand.
    @app.agent(source, concurrency=1)
    async def _measure(readings: StreamT[ConnectionMetered]) -> None:
        async for event in readings.noack().events():  # type: ignore[attr-defined]  # absent from its own interface
            if isinstance(event.value, Poison):
                event.ack()
                continue
            key = str(event.key)
            with env.tracing.processing(_SOURCE, dict(event.message.headers or ())):
                absorbed = absorb(partial(_entry, loads, key), event.value)
                for each in absorbed.measured:
                    await appender.append(topic=_OUTPUT, key=key, record=each)
                for name, entry in absorbed.entries.items():
                    _keep(loads, _key_of(key, name), entry)
                await loads.kept()
            event.ack()

    return app


def _loads(app: faust.App, topic: str) -> KeptTable:
    changelog = app.topic(
        topic,
        key_type=bytes,
        key_serializer="raw",
        value_serializer="json",
        partitions=_PARTITIONS,
        compacting=True,
        # As faust makes its own: what only restores a table is never committed by an agent.
        acks=False,
        internal=True,
        allow_empty=True,
        maxsize=131_072,
    )
    table = app.Table("loads", default=dict, key_type=bytes, partitions=_PARTITIONS, changelog_topic=changelog)
    return cast(KeptTable, table)


def _key_of(key: str, name: str) -> bytes:
    return f"{key}|{name}".encode()


def _entry(loads: TableT[bytes, Entry], key: str, name: str) -> Entry | None:
    return loads.get(_key_of(key, name)) or None  # a table with a default gives an empty one


def _keep(loads: TableT[bytes, Entry], key: bytes, entry: Entry | None) -> None:
    if entry is not None:
        loads[key] = entry
    elif key in loads:
        del loads[key]


async def run_windows(settings: Settings, *, env: Env, appender: Appender) -> None:
    """Until cancelled. A log that goes away is waited for; whatever else stops the analysis stops the process."""
    while True:
        app = windows_app(settings, env=env, appender=appender)
        try:
            await app.start()
            await app.wait_until_stopped()
            reason = app.crash_reason
        except _AWAY as error:
            reason = error
        finally:
            await asyncio.shield(app.stop())
        if isinstance(reason, _AWAY):
            env.lines.warning("partition.restarted", topic=_SOURCE, error=f"{type(reason).__name__}: {reason}")
            await asyncio.sleep(_PAUSE_S)
        else:
            raise RuntimeError("the stream analysis stopped") from reason  # noqa: TRY004 - of whatever kind it was
