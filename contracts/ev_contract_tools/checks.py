"""Everything that `make contracts-check` refuses; each check has a test with a bad file."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from ev_contract_tools import compat, examples, generate, history, subscriptions
from ev_contract_tools.source import KINDS, KINDS_OF_THE_CHASSIS, BadContractError, Source, references, shape
from ev_contracts.record import Topic

SERVICES = frozenset({
    "charger-gateway", "asset-registry", "accounts", "session-ledger", "pricing", "billing", "roaming", "projections",
})  # fmt: skip
_NAME = re.compile(r"(?:partner-[a-z0-9-]+|[a-z]+)(?:\.[a-z]+(?:-[a-z]+)*)\.(?P<kind>[a-z]+)\.v[1-9][0-9]*")
_VISIBILITY = frozenset({"private", "platform", "partner"})
_PERSONAL_DATA = frozenset({"none", "pseudonymous", "encrypted"})


def problems(source: Source) -> list[str]:
    """All that is wrong, in words that name the file or record; empty is good."""
    definition_faults = [*_lint(source), *_unresolved(source), *_places(source)]
    found = [*_topics(source), *_partition_counts(source), *definition_faults]
    if definition_faults:
        return found  # the rest needs definitions that hold together
    found += [*generate.stale(source), *compat.breaks(source), *compat.lost_records(source)]
    found += [*history.tampered(source.root), *examples.problems(source)]
    return [*found, *subscriptions.problems(source), *subscriptions.unread(source)]


def _topics(source: Source) -> Iterator[str]:
    for name, topic in sorted(source.topics.items()):
        yield from (f"{name}: {fault}" for fault in [*_topic_faults(topic), *_audience_faults(topic)])


def _topic_faults(topic: Topic) -> Iterator[str]:
    match = _NAME.fullmatch(topic.name)
    if match is None or match["kind"] not in KINDS or match["kind"] != topic.kind:
        yield "not <context>.<entity>.<kind>.v<N> with a kind that the file says"
    if topic.visibility not in _VISIBILITY or topic.personal_data not in _PERSONAL_DATA:
        yield "unknown visibility or personal_data"
    if bool(topic.records) == (topic.kind in KINDS_OF_THE_CHASSIS):
        yield f"a topic of kind {topic.kind} {'lists no' if topic.records else 'must list its'} records"


def _audience_faults(topic: Topic) -> Iterator[str]:
    if topic.owner not in SERVICES:
        yield f"has no owner that is a service ({topic.owner!r})"
    if not topic.consumers:
        yield "nobody consumes it; a topic enters with its first producer and consumer"
    for consumer in topic.consumers:
        if consumer.service not in SERVICES or not consumer.why:
            yield f"consumer {consumer.service!r} is no service, or does not say why"


def _partition_counts(source: Source) -> Iterator[str]:
    by_entity: dict[str, dict[str, int]] = {}
    for topic in source.topics.values():
        if topic.kind in {"command", "event", "state"}:
            by_entity.setdefault(topic.name.rpartition(f".{topic.kind}.")[0], {})[topic.name] = topic.partitions
    for entity, counts in sorted(by_entity.items()):
        if len(set(counts.values())) > 1:
            yield f"{entity}: partition counts of its topics differ: {counts}"


def _places(source: Source) -> Iterator[str]:
    """A record stands on exactly one topic, unless it is only a part of others."""
    places = Counter(record for topic in source.topics.values() for record in topic.records)
    parts = {reference for definition in source.definitions.values() for reference in references(definition)}
    for record, count in sorted(places.items()):
        if record not in source.definitions:
            yield f"{record}: on a topic, but defined nowhere"
        if count > 1:
            yield f"{record}: on {count} topics"
    for name in sorted(source.definitions.keys() - places.keys() - parts):
        yield f"{name}: on no topic, and no part of another record"


def _unresolved(source: Source) -> Iterator[str]:
    for name in sorted(source.definitions):
        try:
            shape(source, name)
        except BadContractError as error:
            yield str(error)


def _lint(source: Source) -> Iterator[str]:
    for name, definition in sorted(source.definitions.items()):
        if not definition.get("doc"):
            yield f"{name}: has no doc"
        if definition["type"] == "enum" and (definition["symbols"][0], definition.get("default")) != (
            "UNKNOWN",
            "UNKNOWN",
        ):
            yield f"{name}: an enum starts with UNKNOWN and has it as default"
        for field in definition.get("fields", ()):
            yield from (f"{name}.{field['name']}: {fault}" for fault in _field_faults(field))


def _field_faults(field: dict[str, Any]) -> Iterator[str]:
    avro_type, text = field["type"], str(field["type"])
    if re.search(r"\b(float|double)\b", text):
        yield "a float is never money and never energy"
    if isinstance(avro_type, list) and (avro_type[0] != "null" or field.get("default", "") is not None):
        yield "optional is [null, X] with the default null"
    if isinstance(avro_type, dict) and avro_type["type"] == "array" and field.get("default") != []:
        yield "an array has the default []"
    if "decimal" in text and ("'precision': 24" not in text or "'scale': 8" not in text):
        yield "a decimal has precision 24 and scale 8"
    is_time = "timestamp-" in text
    if is_time and (
        "timestamp-millis" not in text or not re.fullmatch(r"at|\w+_at|valid_from|valid_until", field["name"])
    ):
        yield "a time is timestamp-millis, and its name ends in _at"
