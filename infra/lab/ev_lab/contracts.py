"""Makes the lab ready for our contracts: their schemas in its registry, their topics on its broker."""

import asyncio

from aiokafka.admin import AIOKafkaAdminClient
from cassandra.cluster import Cluster, ExecutionProfile
from cassandra.policies import WhiteListRoundRobinPolicy

from ev_contract_tools.release import RegistryError, register, write_ids
from ev_contract_tools.topics import TopicError, create_topics
from ev_contracts.catalogue import RECORDS, TOPICS
from ev_lab.endpoints import Endpoints
from ev_lab.errors import LabError
from ev_lab.paths import LabPaths
from ev_lab.ports import only_one


def release(paths: LabPaths, where: Endpoints) -> int:
    """Registers every schema and writes their ids down; how many. Idempotent. Raises LabError."""
    try:
        with only_one(paths.home / "contracts.lock"):
            ids = register(where.registry, RECORDS)
            write_ids(paths.schema_ids, ids)
    except RegistryError as error:
        raise LabError(str(error)) from error
    return len(ids)


def make_topics(where: Endpoints, namespace: str = "") -> list[str]:
    """Creates the catalogue's topics that the namespace lacks; their names. Raises LabError."""
    try:
        return asyncio.run(create_topics(where.kafka, TOPICS, namespace=namespace))
    except TopicError as error:
        raise LabError(str(error)) from error


def remove(where: Endpoints, namespace: str) -> None:
    """Deletes the topics and keyspaces of a namespace, as a test does when it is done."""
    if not namespace:
        raise LabError("the namespace must be named: without one, every topic would go")
    asyncio.run(_topics(where.kafka, f"{namespace}.", delete=True))
    only = ExecutionProfile(load_balancing_policy=WhiteListRoundRobinPolicy(list(where.cassandra_hosts)))
    cluster = Cluster(list(where.cassandra_hosts), port=where.cassandra_port, execution_profiles={"default": only})
    try:
        session = cluster.connect()
        for keyspace in [name for name in cluster.metadata.keyspaces if name.startswith(f"{namespace}_")]:
            session.execute(f'drop keyspace "{keyspace}"', timeout=60)
    finally:
        cluster.shutdown()


def topics_of(where: Endpoints, namespace: str) -> list[str]:
    """The topics that stand in a namespace; the broker forgets deleted ones a moment after it was asked."""
    return asyncio.run(_topics(where.kafka, f"{namespace}.", delete=False))


async def _topics(bootstrap: str, prefix: str, *, delete: bool) -> list[str]:
    client = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await client.start()
    try:
        ours = [name for name in await client.list_topics() if name.startswith(prefix)]
        if ours and delete:
            await client.delete_topics(ours)
        return ours
    finally:
        await client.close()
