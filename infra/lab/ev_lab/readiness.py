"""When a part is really ready: it does its work once, an open port is not enough. Each says what is missing."""

import asyncio
import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError
from cassandra import DriverException
from cassandra.cluster import Cluster, ExecutionProfile, NoHostAvailable
from cassandra.policies import WhiteListRoundRobinPolicy

from ev_lab.endpoints import Endpoints

HEALTH_TOPIC = "lab.health.sample.v1"
PATIENCE_S = 4.0


def kafka_lacks(where: Endpoints) -> str:
    """Empty once a record stands in the health topic, acknowledged by all."""
    host, _, port = where.kafka.split(",")[0].rpartition(":")
    if not _listens(host, int(port)):
        return f"nobody listens on {where.kafka}"
    with _hushed("aiokafka"):
        try:
            asyncio.run(asyncio.wait_for(_produce_once(where.kafka), PATIENCE_S))
        except (KafkaError, OSError, TimeoutError) as error:
            return f"a record cannot be written: {error!r}"
    return ""


async def _produce_once(bootstrap: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    try:
        await admin.start()
        if HEALTH_TOPIC not in await admin.list_topics():
            topic = NewTopic(HEALTH_TOPIC, 1, 1, topic_configs={"retention.ms": "3600000"})
            await admin.create_topics([topic])
    except TopicAlreadyExistsError:
        pass
    finally:
        await admin.close()
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all")
    try:
        await producer.start()
        await producer.send_and_wait(HEALTH_TOPIC, b"ready")
    finally:
        await producer.stop()


def registry_lacks(where: Endpoints) -> str:
    """Empty once the list of subjects is a list."""
    try:
        answer = httpx2.get(f"{where.registry}/subjects", timeout=PATIENCE_S)
    except httpx2.HTTPError as error:
        return f"{where.registry} does not answer: {error!r}"
    return "" if answer.is_success and isinstance(answer.json(), list) else f"it answers {answer.status_code}"


def cassandra_lacks(where: Endpoints) -> str:
    """Empty once a row can be read."""
    if not _listens(where.cassandra_hosts[0], where.cassandra_port):
        return f"nobody listens on port {where.cassandra_port}"
    only = ExecutionProfile(load_balancing_policy=WhiteListRoundRobinPolicy(list(where.cassandra_hosts[:1])))
    cluster = Cluster(
        list(where.cassandra_hosts[:1]),
        port=where.cassandra_port,
        execution_profiles={"default": only},
        connect_timeout=PATIENCE_S,
        protocol_version=5,
    )
    with _hushed("cassandra"):
        try:
            cluster.connect().execute("select release_version from system.local").one()
        except (NoHostAvailable, DriverException, OSError) as error:
            return f"a row cannot be read: {error!r}"
        finally:
            cluster.shutdown()
    return ""


def _listens(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=1):
            return True
    except OSError:
        return False


@contextmanager
def _hushed(name: str) -> Iterator[None]:
    """A part that is still starting is no news; what stays wrong is in our own words."""
    logger = logging.getLogger(name)
    before = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(before)
