"""Writes everything that is generated: Python types, the catalogue, schemas, diagrams and tables."""

import json
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ev_contract_tools import dataflow
from ev_contract_tools.python_types import GENERATED, context_of, module, short
from ev_contract_tools.shapes import released
from ev_contract_tools.source import Source, fingerprint, shape
from ev_contracts.record import Topic

_CATALOGUE_HEAD = '''"""Every record that may stand on a topic, and every topic."""

import json
from collections.abc import Iterator, Mapping
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ev_contracts import {modules}
from ev_contracts.record import Consumer, Record, RecordType, Topic


def schema_ids(path: Path) -> Mapping[str, int]:
    """Fingerprint -> id, as this installation's registry gave them out; `make contracts-release` writes the file."""
    ids = json.loads(path.read_text(encoding="utf-8"))
    return MappingProxyType({{str(fingerprint): int(schema_id) for fingerprint, schema_id in ids.items()}})


def _packaged(name: str) -> dict[str, dict[str, Any]]:
    parsed: dict[str, dict[str, Any]] = json.loads((resources.files("ev_contracts") / name).read_text(encoding="utf-8"))
    return parsed


def _topics() -> Iterator[tuple[str, Topic]]:
    for name, entry in _packaged("topics.json").items():
        consumers = tuple(Consumer(**consumer) for consumer in entry.pop("consumers"))
        yield name, Topic(name=name, consumers=consumers, records=tuple(entry.pop("records")), **entry)


def _records() -> Iterator[tuple[str, RecordType]]:
    schemas = _packaged("schemas.json")
    for topic, classes in _ON_TOPIC.items():
        for python_class in classes:
            name = f"ev.{{python_class.__module__.rpartition('.')[2]}}.{{python_class.__name__}}"
            yield name, RecordType(name=name, topic=topic, python_class=python_class, **schemas[name])
'''

_CATALOGUE_TAIL = '''
TOPICS: Mapping[str, Topic] = MappingProxyType(dict(_topics()))
"""Topic name (without the installation's prefix) -> what the catalogue says of it."""

RECORDS: Mapping[str, RecordType] = MappingProxyType(dict(_records()))
"""Full name (`ev.sessions.SessionStarted`) -> record."""

BY_CLASS: Mapping[type[Record], RecordType] = MappingProxyType({each.python_class: each for each in RECORDS.values()})
"""Python class -> record."""
'''


def files(source: Source) -> dict[Path, str]:
    """Path (relative to contracts/) -> content of each file that is generated whole."""
    package = Path("ev_contracts")
    contexts = sorted({context_of(name) for name in source.definitions})
    python = {package / f"{context}.py": module(source, context) for context in contexts}
    python[package / "catalogue.py"] = _catalogue(source)
    return {
        **_formatted(python),
        package / "schemas.json": _json_lines({name: _schema(source, name) for name in sorted(source.topic_of())}),
        package / "topics.json": _json_lines({name: _topic(topic) for name, topic in sorted(source.topics.items())}),
        package / "authority.json": _json_lines(source.authority),
    }


def _schema(source: Source, name: str) -> dict[str, Any]:
    schema = shape(source, name)
    entry: dict[str, Any] = {"fingerprint": fingerprint(schema), "schema": schema}
    earlier = {fingerprint(old): old for _, old in released(source.root, name) if old != schema}
    return {**entry, "earlier": earlier} if earlier else entry


def _topic(topic: Topic) -> dict[str, Any]:
    return {key: value for key, value in asdict(topic).items() if key != "name"}


def _json_lines(entries: dict[str, Any]) -> str:
    lines = (f"{json.dumps(name)}: {json.dumps(each, separators=(',', ':'))}" for name, each in entries.items())
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _catalogue(source: Source) -> str:
    lines = []
    for name, topic in sorted(source.topics.items()):
        if topic.records:
            classes = ", ".join(f"{context_of(each)}.{short(each)}" for each in sorted(topic.records))
            lines.append(f'    "{name}": ({classes},),')
    modules = ", ".join(sorted({context_of(name) for name in source.topic_of()}))
    on_topic = "\n".join(lines)
    return (
        f"{GENERATED}{_CATALOGUE_HEAD.format(modules=modules)}\n\n"
        f"_ON_TOPIC: dict[str, tuple[type[Record], ...]] = {{\n{on_topic}\n}}\n{_CATALOGUE_TAIL}"
    )


def _formatted(texts: dict[Path, str]) -> dict[Path, str]:
    """As ruff formats them in this repository, so that a review sees one style."""
    options = ["--quiet", "--isolated", "--target-version", "py311", "--config", "line-length=120", "."]
    known = ["--select", "I", "--config", 'lint.isort.known-first-party=["ev_contracts"]']
    with tempfile.TemporaryDirectory() as folder:
        for path, text in texts.items():
            (Path(folder) / path.name).write_text(text, encoding="utf-8")
        for verb in (["check", "--fix", *known], ["format"]):
            subprocess.run([sys.executable, "-m", "ruff", *verb, *options], cwd=folder, check=True)
        return {path: (Path(folder) / path.name).read_text(encoding="utf-8") for path in texts}


def stale(source: Source) -> list[str]:
    """Which generated files differ from a fresh generation, in words."""
    problems = [
        f"{path}: differs from a fresh generation (run `make contracts`)"
        for path, text in files(source).items()
        if not (source.root / path).exists() or (source.root / path).read_text(encoding="utf-8") != text
    ]
    return problems + dataflow.stale(source)


def write(source: Source) -> list[Path]:
    """Write what differs; returns what was written."""
    written = []
    for path, text in files(source).items():
        target = source.root / path
        if not target.exists() or target.read_text(encoding="utf-8") != text:
            target.write_text(text, encoding="utf-8")
            written.append(path)
    return written + dataflow.write(source)
