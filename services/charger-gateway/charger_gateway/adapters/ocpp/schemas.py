"""The OCA's JSON schemas, compiled; they come as data from the `ocpp` package, whose code is not used."""

import importlib.util
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs

from charger_gateway.adapters.ocpp.frames import V16, V21, V201
from charger_gateway.domain.values import is_instant

_FOLDERS = {V16: "v16", V201: "v201", V21: "v21"}
_REQUEST_SUFFIX = {V16: "", V201: "Request", V21: "Request"}
# The one SEND of 2.1 has no request or response of its name.
_SEND = "NotifyPeriodicEventStream"
_NO_SCHEMAS = "the package 'ocpp' (source of the OCPP schemas) is not installed"

_OCCURRENCE = {
    V16: "OccurenceConstraintViolation",
    V201: "OccurrenceConstraintViolation",
    V21: "OccurrenceConstraintViolation",
}
_FORMAT = {V16: "FormationViolation", V201: "FormatViolation", V21: "FormatViolation"}
_TYPE = "TypeConstraintViolation"
_PROPERTY = "PropertyConstraintViolation"
_MOST_OF_A_RULE = 500
_OCCURRENCE_RULES = frozenset({"required", "minItems", "maxItems"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """Why a payload is not what its action asks for, in the version's own error code."""

    code: str
    description: str


@cache
def actions(version: str) -> frozenset[str]:
    """Every action that the version knows, in either direction."""
    suffix = "Response"
    names = (path.stem for path in _folder(version).glob(f"*{suffix}.json"))
    return frozenset(name.removesuffix(suffix) for name in names)


@cache
def _quick(version: str, name: str) -> Any:
    """By RFC 3339 alone, without a step into Python: what nearly every station writes."""
    return jsonschema_rs.validator_for(_schema(version, name), validate_formats=True)


@cache
def _validator(version: str, name: str) -> Any:
    """Times by our own reading: stations write them without an offset, which RFC 3339 and its checkers refuse."""
    schema = _schema(version, name)
    return jsonschema_rs.validator_for(schema, validate_formats=True, formats={"date-time": is_instant})


def _schema(version: str, name: str) -> Any:
    return json.loads((_folder(version) / f"{name}.json").read_text(encoding="utf-8-sig"))


def enumerated(version: str, action: str, field: str) -> frozenset[str]:
    """The words that a request's field may hold."""
    path = _folder(version) / f"{action}{_REQUEST_SUFFIX[version]}.json"
    schema = json.loads(path.read_text(encoding="utf-8-sig"))
    found = schema["properties"][field]
    if "$ref" in found:
        found = schema["definitions"][found["$ref"].rpartition("/")[2]]
    return frozenset(found["enum"])


def request_violation(version: str, action: str, payload: Any) -> Violation | None:
    """What is wrong with a request; None where it stands. The action must be a known one."""
    return _violation(version, action + _REQUEST_SUFFIX[version], payload)


def send_violation(action: str, payload: Any) -> Violation | None:
    """What is wrong with a message that is not answered (2.1); None where it stands."""
    if action != _SEND:
        return Violation(code="NotImplemented", description="no such SEND")
    return _violation(V21, action, payload)


def response_violation(version: str, action: str, payload: Any) -> Violation | None:
    """What is wrong with an answer; None where it stands."""
    return _violation(version, f"{action}Response", payload)


def response_read(version: str, action: str, payload: Any) -> Mapping[str, Any] | Violation:
    """The answer; what stands where an optional field is null is read as if it were absent (2.x, part 4)."""
    violation = response_violation(version, action, payload)
    if violation is None:
        found: Mapping[str, Any] = payload
        return found
    # Go's ocpp-go 0.19.0 answers Reset and SetNetworkProfile with a statusInfo of null: it has done what it was asked.
    bare: Mapping[str, Any] = _without_nulls(payload)
    return bare if response_violation(version, action, bare) is None else violation


def _without_nulls(said: Any) -> Any:
    match said:
        case dict():
            return {name: _without_nulls(inner) for name, inner in said.items() if inner is not None}
        case list():
            return [_without_nulls(one) for one in said]
        case _:
            return said


def _violation(version: str, name: str, payload: Any) -> Violation | None:
    if _quick(version, name).is_valid(payload):
        return None
    validator = _validator(version, name)
    if validator.is_valid(payload):
        return None
    error = next(iter(validator.iter_errors(payload)))
    keyword = error.kind.name
    where = "/".join(str(part) for part in error.instance_path)
    # The message quotes the payload, which may hold a token: name the place and the rule only.
    description = f"{where or 'payload'}: {_rule(error.kind)}"
    if keyword in _OCCURRENCE_RULES:
        code = _OCCURRENCE[version]
    elif keyword == "format":
        code = _TYPE
    elif keyword == "type":
        code = _TYPE if error.instance_path else _FORMAT[version]
    elif keyword == "additionalProperties":
        code = _FORMAT[version]
    else:
        code = _PROPERTY
    return Violation(code=code, description=description)


def _rule(kind: Any) -> str:
    """The broken rule as the schema has it: `enum Hard, Soft`. What fields are foreign only the payload knows."""
    if kind.name == "additionalProperties":
        return "additionalProperties"
    value = ", ".join(map(str, kind.value)) if isinstance(kind.value, list) else str(kind.value)
    return f"{kind.name} {value}"[:_MOST_OF_A_RULE]


@cache
def _folder(version: str) -> Path:
    spec = importlib.util.find_spec("ocpp")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError(_NO_SCHEMAS)
    return Path(spec.submodule_search_locations[0]) / _FOLDERS[version] / "schemas"
