"""Records that nobody can read, one on each topic; and a build of a service that does not know all records yet."""

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from chassis.clock import SystemClock, new_id, wall_now
from chassis.dead_letters.letters import DL_TOPIC
from chassis.log import Appender, Entry, Log, TopicPartition, read_to_end
from chassis.telemetry import Tracing
from ev_checks.reading import codec_of
from ev_contracts.catalogue import RECORDS, TOPICS
from ev_contracts.pricing import PublishTariff
from ev_contracts.record import Topic
from ev_lab import processes
from ev_lab.services import ROLES, Fleet, spec_of
from ev_seed.client import Platform

READ_BY_SERVICES = frozenset({"command", "event", "sample", "snapshot"})
"""Kinds whose records another worker decodes; states, replies and letters are a service's own."""

REPLICAS_FOLLOW = frozenset({"gateway.connection.event.v1", "gateway.desk.event.v1", "gateway.replica.sample.v1"})
NOT_EVERYWHERE = frozenset({"gateway.signing-outbox"})
"""Reactions that run only where an installation is set up for them."""

TABLES_OF_SAMPLES = frozenset({("asset-registry", "gateway.knock.sample.v1")})
READ_WHILE_WANTED = frozenset(
    {("charger-gateway", "pricing.rating.event.v1"), ("charger-gateway", "pricing.running-cost.sample.v1")}
)
"""The gateway looks at prices only while some station shows costs; these here show none."""

OLDER = """
import dataclasses, json, runpy, sys
import ev_contracts.catalogue as catalogue
package, unknown = sys.argv[1], json.loads(sys.argv[2])
for name, records in unknown.items():
    topic = catalogue.TOPICS[name]
    known = tuple(each for each in topic.records if each not in records)
    catalogue.TOPICS = {**catalogue.TOPICS, name: dataclasses.replace(topic, records=known)}
sys.argv = [package]
runpy.run_module(package, run_name="__main__")
"""


def poisonable() -> list[Topic]:
    """The topics of the catalogue that somebody decodes, by name."""
    return [topic for _, topic in sorted(TOPICS.items()) if topic.kind in READ_BY_SERVICES and topic.consumers]


def poison(name: str, key: str, ids: Mapping[str, int]) -> Entry:
    """A record of that name with good headers, the right schema's id and bytes that are none of it."""
    fingerprint = RECORDS[name].fingerprint
    now = wall_now().isoformat().encode()
    headers = [
        ("ce_id", new_id().encode()),
        ("ce_type", name.encode()),
        ("ce_source", b"/nobody"),
        ("ce_time", now),
        ("ce_tenant", key.partition("/")[0].encode()),
        ("schema_fp", fingerprint.encode()),
    ]
    return Entry(key.encode(), b"\0" + ids[fingerprint].to_bytes(4, "big") + b"\xff" * 64, headers)


async def spread(log: Log, ids: Mapping[str, int], tenant: str, topics: Sequence[Topic]) -> None:
    """One of each of its records on each topic, acknowledged: a reaction reads only those it is for."""
    for topic in topics:
        for name in topic.records:
            await (await log.producer.send(topic.name, poison(name, f"{tenant}/poison", ids)))


def start_older(services: Fleet, name: str, unknown: Mapping[str, Sequence[str]]) -> None:
    """Start a build of the service that does not know these records (topic -> names), and wait until it is ready."""
    spec, process = spec_of(name), services.process_name(name)
    command = [sys.executable, "-c", OLDER, spec.package, json.dumps(unknown)]
    launch = processes.Launch(name=process, command=command, environment=services.environment(spec), folder=spec.folder)
    processes.start(services.paths, launch)
    processes.wait_ready(services.paths, process, lambda: services.lacks(name), 60)


def readers_of(topics: Sequence[Topic]) -> list[str]:
    """The services that decode records of these topics; of the read models, the operator's."""
    found = {consumer.service for topic in topics for consumer in topic.consumers}
    return sorted("projections-cpo" if name == "projections" else name for name in found)


def edges_of(service: str) -> list[str]:
    """The edges at which a service lists what waits: its own, or those of the roles."""
    return [f"projections-{role}" for role in ROLES] if service == "projections" else [service]


def listed_at(topics: Sequence[Topic], key: str) -> set[tuple[str, str, str]]:
    """(Service, name, key) of what must be listed where each of these topics has one unreadable record of that key.

    Aggregates and reactions have a name and a state topic of their own; who merely follows is listed by the topic.
    What is looked at only when somebody asks (frames) is not there: nobody has asked.
    """
    names = {name.removesuffix(".state.v1"): topic.owner for name, topic in TOPICS.items() if topic.kind == "state"}
    followed = {
        (consumer.service, topic.name)
        for topic in topics
        for consumer in topic.consumers
        if (topic.kind == "snapshot" and consumer.live)
        or (topic.kind in {"event", "sample"} and consumer.service == "projections")
        or (topic.name in REPLICAS_FOLLOW and consumer.service == topic.owner)
        or (consumer.service, topic.name) in TABLES_OF_SAMPLES
    }
    named = {(owner, name) for name, owner in names.items() if name not in NOT_EVERYWHERE}
    return {(service, name, key) for service, name in {*named, *followed}}


def buried(topics: Sequence[Topic]) -> set[tuple[str, str]]:
    """(Dead-letter topic, topic) of what must be buried: commands by their owner, facts by each service that hears.

    What is followed is held by its tables; what a service says to itself it may merely follow.
    """
    box = {topic.owner: topic.name for topic in TOPICS.values() if topic.kind == "dlq"}
    return {
        (box[consumer.service], topic.name)
        for topic in topics
        if topic.kind != "snapshot"
        for consumer in topic.consumers
        if topic.kind == "command" or consumer.service != topic.owner
        if (consumer.service, topic.name) not in TABLES_OF_SAMPLES | READ_WHILE_WANTED
    }


async def letters(log: Log) -> set[tuple[str, str]]:
    """(Dead-letter topic, topic the letter came from) of all dead letters."""
    found: set[tuple[str, str]] = set()
    for box in (name for name, topic in TOPICS.items() if topic.kind == "dlq"):
        for partition in range(await log.partitions(box)):
            async for records in read_to_end(log, TopicPartition(box, partition)):
                found.update((box, dict(record.headers).get(DL_TOPIC, b"").decode()) for record in records)
    return found


async def parked_at(platform: Platform, service: str) -> list[dict[str, Any]]:
    """What an engineer of the operator is told that waits there."""
    answer = await platform.get("cpo-engineer", service, "/v1/parked")
    return list(answer["parked"])


async def publish(log: Log, schema_ids: Path, key: str, seller: str, at: datetime) -> None:
    """A seller's tariff on its topic, as an edge of a newer build than the worker says it."""
    tariff = PublishTariff.model_validate(
        {
            "at": at,
            "tariff_id": key.rpartition("/")[2],
            "issuer_party_id": seller,
            "name": "Later",
            "currency": "EUR",
            "components": [{"type": "ENERGY", "price": Decimal("0.30"), "vat_permille": 210, "step_size": 1}],
            "valid_from": at,
        }
    )
    codec, tracing = codec_of(schema_ids), Tracing("test")
    appender = Appender(log=log, codec=codec, clock=SystemClock(), service="test", tracing=tracing)
    await appender.append(topic="pricing.tariff.command.v1", key=key, record=tariff)


def total(metrics: Mapping[str, float], name: str) -> float:
    """All labels of a metric together."""
    return sum(value for known, value in metrics.items() if known.partition("{")[0] == name)
