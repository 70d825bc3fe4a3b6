"""Who may do what: the authority table (contracts/authority.yaml) as data; every HTTP route names one act of it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from types import MappingProxyType


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """A role may act where all the named conditions hold on the resource; none means everywhere."""

    role: str
    when: tuple[str, ...] = ()


def _acts() -> Mapping[str, tuple[Allowed, ...]]:
    table = json.loads((resources.files("ev_contracts") / "authority.json").read_text(encoding="utf-8"))
    return {
        act: tuple(Allowed(role=row["role"], when=tuple(row.get("when", ()))) for row in rows)
        for act, rows in table.items()
    }


ACTS: Mapping[str, tuple[Allowed, ...]] = MappingProxyType(dict(_acts()))
"""Act -> who may. An act that is not in here does not exist, and nobody may do it."""
