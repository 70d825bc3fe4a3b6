"""Every shape ever released, append-only: history/<context>/<Record>/<n>.avsc, the bytes of its example in <n>.hex."""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fastavro

from ev_contract_tools import examples
from ev_contract_tools.python_types import context_of, short
from ev_contract_tools.shapes import released
from ev_contract_tools.source import Source, fingerprint, shape
from ev_contracts.catalogue import RECORDS

LIST = Path("history") / "released.txt"


def release(source: Source) -> list[Path]:
    """Write each shape that differs from its latest release; returns the new files (relative to contracts/)."""
    written = []
    for name in sorted(source.topic_of()):
        new, before = shape(source, name), released(source.root, name)
        if before and fingerprint(before[-1][1]) == fingerprint(new):
            continue
        number = before[-1][0] + 1 if before else 1
        path = Path("history") / context_of(name) / short(name) / f"{number}.avsc"
        target = source.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(json.dumps(new, indent=2) + "\n", encoding="utf-8")
        target.with_suffix(".hex").write_text(_bytes_of_the_example(source.root, name, new), encoding="ascii")
        with (source.root / LIST).open("a", encoding="utf-8") as lines:
            lines.write(_line(path, new))
        written.append(path)
    return written


def golden(root: Path, name: str) -> list[tuple[dict[str, Any], bytes]]:
    """The released shapes of a record, each with the bytes of an example as it was written then."""
    folder = root / "history" / context_of(name) / short(name)
    return [(old, bytes.fromhex((folder / f"{number}.hex").read_text())) for number, old in released(root, name)]


def _bytes_of_the_example(root: Path, name: str, schema: dict[str, Any]) -> str:
    text = examples.paths(root, name)[0].read_text(encoding="utf-8")
    buffer = io.BytesIO()
    fastavro.schemaless_writer(buffer, schema, RECORDS[name].python_class.model_validate_json(text).to_datum())
    return buffer.getvalue().hex() + "\n"


def tampered(root: Path) -> Iterator[str]:
    """A released shape that changed, vanished, or was never listed."""
    listed = set()
    if (root / LIST).exists():
        listed = set((root / LIST).read_text(encoding="utf-8").splitlines(keepends=True))
    present = {
        _line(path.relative_to(root), json.loads(path.read_text(encoding="utf-8")))
        for path in (root / "history").glob("*/*/*.avsc")
    }
    for line in sorted(present ^ listed):
        yield f"{line.split()[0]}: history is append-only, and this shape is not as it was released"


def _line(path: Path, schema: dict[str, Any]) -> str:
    return f"{path.as_posix()} {fingerprint(schema)}\n"
