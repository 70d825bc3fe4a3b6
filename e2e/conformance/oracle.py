"""Says whether what the gateway sends is what the OCA's schemas ask for; reads them itself, formats checked."""

import importlib.util
import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs

_FOLDERS = {"1.6": "v16", "2.0.1": "v201", "2.1": "v21"}
_REQUEST = {"1.6": "", "2.0.1": "Request", "2.1": "Request"}


class NotAsTheSchema(AssertionError):
    """The gateway said what the schema forbids."""


def check_request(version: str, action: str, payload: Any) -> None:
    """Raises NotAsTheSchema."""
    _check(version, action + _REQUEST[version], payload)


def check_answer(version: str, action: str, payload: Any) -> None:
    """Raises NotAsTheSchema."""
    _check(version, f"{action}Response", payload)


def _check(version: str, name: str, payload: Any) -> None:
    for error in _validator(version, name).iter_errors(payload):
        raise NotAsTheSchema(f"{name}: {error}")


@cache
def _validator(version: str, name: str) -> Any:
    spec = importlib.util.find_spec("ocpp")
    assert spec is not None
    assert spec.submodule_search_locations
    folder = Path(spec.submodule_search_locations[0]) / _FOLDERS[version] / "schemas"
    schema = json.loads((folder / f"{name}.json").read_text(encoding="utf-8-sig"))
    return jsonschema_rs.validator_for(schema, validate_formats=True)
