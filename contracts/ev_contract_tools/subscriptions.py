"""Each service reads and writes only what the catalogue says: found by reading its code, not by running it."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ev_contract_tools.source import BadContractError, Source

_TOPIC = re.compile(r"[a-z-]+\.[a-z-]+\.(?:event|command|sample|state|snapshot|reply|changelog|dlq)\.v\d+")
_ENTITY_KINDS = ("command", "event", "state")
_KEEPS_POSITION = frozenset({"Policy", "Outbox", "Transform"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """A topic named in a service's code; `writes` where the code makes the service its producer."""

    topic: str
    writes: bool
    where: str


def unread(source: Source) -> Iterator[str]:
    """Arrows that nobody walks: the catalogue names a reader whose code never names the topic."""
    services = source.root.parent / "services"
    packages = {path.parent.parent.name: path.parent for path in services.glob("[a-z]*/[a-z]*/__init__.py")}
    named = {
        service: {mention.topic for mention in mentions(package, services)} for service, package in packages.items()
    }
    for topic in source.topics.values():
        for consumer in topic.consumers:
            foreign = consumer.service in named and consumer.service != topic.owner
            if foreign and topic.name not in named[consumer.service]:
                yield f"{topic.name}: {consumer.service} is to read it, but its code never names it"


def problems(source: Source) -> Iterator[str]:
    """Topics that a service names in its code but the catalogue does not give it."""
    services = source.root.parent / "services"
    for package in sorted(services.glob("[a-z]*/[a-z]*/__init__.py")):
        service = package.parent.parent.name
        for mention in mentions(package.parent, services):
            topic = source.topics.get(mention.topic)
            if topic is None:
                yield f"{mention.where}: {mention.topic} is not in the catalogue"
            elif mention.writes and topic.owner != service:
                yield f"{mention.where}: {service} writes {mention.topic}, which is {topic.owner}'s"
            elif topic.owner != service and service not in {consumer.service for consumer in topic.consumers}:
                yield f"{mention.where}: {service} reads {mention.topic}, but the catalogue does not list it"


def mentions(package: Path, shown_from: Path) -> Iterator[Mention]:
    """Each topic that the package's code names, by string or by an Entity's, Policy's or Outbox's name."""
    for path in sorted(package.rglob("*.py")):
        shown = path.relative_to(shown_from)
        try:
            tree = ast.parse(path.read_text(encoding="utf-8"))
        except SyntaxError as error:
            raise BadContractError(f"{shown}:{error.lineno}: is not Python: {error.msg}") from error
        for node in ast.walk(tree):
            where = f"{shown}:{getattr(node, 'lineno', 0)}"
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and _TOPIC.fullmatch(node.value):
                yield Mention(topic=node.value, writes=False, where=where)
            elif isinstance(node, ast.Call):
                yield from _part(node, where)


def _part(call: ast.Call, where: str) -> Iterator[Mention]:
    kind = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
    words = {word.arg: word.value.value for word in call.keywords
             if isinstance(word.value, ast.Constant) and isinstance(word.value.value, str)}  # fmt: skip
    name = words.get("name", "")
    if kind == "Entity" and name:
        yield from (Mention(topic=f"{name}.{each}.v1", writes=True, where=where) for each in _ENTITY_KINDS)
    if kind in _KEEPS_POSITION and name:
        yield Mention(topic=f"{name}.state.v1", writes=True, where=where)
    if "target_topic" in words:
        yield Mention(topic=words["target_topic"], writes=True, where=where)
