"""Frames that no station should send: valid calls drawn from the OCA's schemas and a corpus, then broken in many ways.

hypothesis-jsonschema 0.23.1 does not run with the hypothesis of today, so payloads are drawn here, from one seed.
"""

import importlib.util
import json
import string
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

FOLDERS = {"1.6": "v16", "2.0.1": "v201", "2.1": "v21"}
CORPUS = Path(__file__).parents[1] / "corpus"
ID = "@ID@"

_ODD_TOKENS = (
    b"NaN", b"Infinity", b"-Infinity", b"1e999", b"-0", b"1E400", b"99999999999999999999999", b"\\ud800", b"\\u0000",
    b"\xff", b"\xc3\x28", b"\xed\xa0\x80", b"[" * 70, b"{" * 70, b"]" * 70, b'{"a":' * 70, b"null", b'""', b"[]", b"{}",
    b'"', b",", b":", b"true", b"\x00", b"//", b"\xef\xbb\xbf",
)  # fmt: skip
_ODD_VALUES: tuple[Any, ...] = (
    None, True, -1, 0, 1.5, 2**31, 2**63, -(2**63), 10**30, "", "x" * 5_000, "é" * 300, "banana", "1e308", "NaN", "-0",
    "2026-11-20T12:00:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "\u0000", [], {}, [[]], {"a": {}},
)  # fmt: skip
_MOST_ITEMS = 3
_MOST_DEPTH = 12


@cache
def schema(version: str, name: str) -> Mapping[str, Any]:
    """The OCA's schema of a message."""
    spec = importlib.util.find_spec("ocpp")
    assert spec is not None
    assert spec.submodule_search_locations
    folder = Path(spec.submodule_search_locations[0]) / FOLDERS[version] / "schemas"
    loaded: Mapping[str, Any] = json.loads((folder / f"{name}.json").read_text(encoding="utf-8-sig"))
    return loaded


@cache
def actions(version: str) -> tuple[str, ...]:
    """Every action of the version, in either direction."""
    spec = importlib.util.find_spec("ocpp")
    assert spec is not None
    assert spec.submodule_search_locations
    folder = Path(spec.submodule_search_locations[0]) / FOLDERS[version] / "schemas"
    return tuple(sorted(path.stem.removesuffix("Response") for path in folder.glob("*Response.json")))


@cache
def corpus(version: str) -> tuple[bytes, ...]:
    """Frames of real stations' kinds, one a line; the id stands for a fresh one."""
    lines = (CORPUS / f"{FOLDERS[version]}.jsonl").read_bytes().splitlines()
    return tuple(line for line in lines if line)


def drawn(shape: Mapping[str, Any], root: Mapping[str, Any], random: Random, depth: int = 0) -> Any:
    """A value that the schema allows, mostly."""
    if "$ref" in shape:
        shape = root["definitions"][shape["$ref"].rpartition("/")[2]]
    if "enum" in shape:
        return random.choice(shape["enum"])
    match shape.get("type"):
        case "object":
            needed = set(shape.get("required", ()))
            wanted = {
                name: inner
                for name, inner in shape.get("properties", {}).items()
                if name in needed or (depth < _MOST_DEPTH and random.random() < 0.3)
            }
            return {name: drawn(inner, root, random, depth + 1) for name, inner in wanted.items()}
        case "array":
            least = shape.get("minItems", 0)
            count = random.randint(least, max(least, min(shape.get("maxItems", _MOST_ITEMS), _MOST_ITEMS)))
            return [drawn(shape["items"], root, random, depth + 1) for _ in range(count)]
        case "integer":
            return random.choice((0, 1, 2, random.randint(-1_000, 100_000)))
        case "number":
            return random.choice((0, 1.5, round(random.uniform(-1e6, 1e6), 3)))
        case "boolean":
            return random.random() < 0.5
        case _:
            return _text(shape, random)


def _text(shape: Mapping[str, Any], random: Random) -> str:
    if shape.get("format") == "date-time":
        return f"20{random.randint(10, 40)}-{random.randint(1, 12):02d}-{random.randint(1, 28):02d}T12:00:00Z"
    most = min(shape.get("maxLength", 20), 40)
    return "".join(random.choice(string.ascii_letters + string.digits) for _ in range(random.randint(1, most)))


def call_of(version: str, random: Random) -> bytes:
    """A call that stands, of any action of the version."""
    if random.random() < 0.5:
        return random.choice(corpus(version))
    action = random.choice(actions(version))
    shape = schema(version, action if version == "1.6" else f"{action}Request")
    return json.dumps([2, ID, action, drawn(shape, shape, random)], separators=(",", ":")).encode()


def broken(raw: bytes, random: Random) -> bytes:
    """The frame after one to three mutations, of its bytes or of its values."""
    for _ in range(random.randint(1, 3)):
        raw = _mutated_values(raw, random) if random.random() < 0.5 else _mutated_bytes(raw, random)
    return raw


def _mutated_bytes(raw: bytes, random: Random) -> bytes:
    at = random.randrange(len(raw) + 1)
    upto = min(len(raw), at + random.randint(0, 12))
    match random.randrange(6):
        case 0:
            return raw[:at] + raw[upto:]
        case 1:
            return raw[:at] + raw[at:upto] * random.randint(2, 40) + raw[upto:]
        case 2:
            return raw[:at]
        case 3:
            return raw[:at] + random.choice(_ODD_TOKENS) + raw[at:]
        case 4:
            return raw[:at] + random.choice(_ODD_TOKENS) + raw[upto:]
        case _:
            return raw[:at] + bytes([random.randrange(256)]) + raw[at + 1 :]


def _mutated_values(raw: bytes, random: Random) -> bytes:
    try:
        message = json.loads(raw)
    except (ValueError, RecursionError):
        return _mutated_bytes(raw, random)
    places = list(_places(message))
    if not places:
        return _mutated_bytes(raw, random)
    holder, key = random.choice(places)
    match random.randrange(4):
        case 0:
            del holder[key]
        case 1 if isinstance(holder, dict):
            holder[f"{key}X"] = holder.pop(key)
        case _:
            holder[key] = random.choice(_ODD_VALUES)
    return json.dumps(message).encode("utf-8", "surrogatepass")


def _places(value: Any, depth: int = 0) -> Iterator[tuple[Any, Any]]:
    keys = value.keys() if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield value, key
        if depth < _MOST_DEPTH:
            yield from _places(value[key], depth + 1)


def frames(version: str, seed: int, count: int) -> Iterator[bytes]:
    """So many frames: one in ten as it should be, the others broken; each call with an id of its own."""
    random = Random(f"{version}|{seed}")
    for number in range(count):
        raw = call_of(version, random).replace(ID.encode(), f"f{number}".encode())
        yield raw if random.random() < 0.1 else broken(raw, random)
