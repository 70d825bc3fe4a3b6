"""How a station stands with the roots that its document names, for people."""

from collections.abc import Sequence
from typing import Any

from charger_gateway.domain.desk_state import DeskEvent
from ev_contracts.gateway import (
    DesiredRoots,
    DesiredRootsChanged,
    RootDrift,
    RootDriftFound,
    RootDriftRemains,
    RootDriftRepaired,
    RootsHeld,
    TrustedRoot,
)


def roots_shown(roots: DesiredRoots) -> dict[str, Any]:
    """As the document says them; nobody has looked yet."""
    return {
        "certificate_types": list(roots.certificate_types),
        "delete_retired": roots.delete_retired,
        "trusted_roots": _named(roots.trusted_roots),
        "state": "unchecked",
        "missing": [],
        "retired": [],
        "job_id": None,
        "why": None,
        "checked_at": None,
    }


def _named(roots: Sequence[TrustedRoot]) -> list[dict[str, Any]]:
    return [_drift(RootDrift(certificate_type=one.certificate_type, certificate=one.names[0])) for one in roots]


def _drift(one: RootDrift) -> dict[str, Any]:
    return one.model_dump(exclude_none=True)


def roots_state(event: DeskEvent) -> dict[str, Any]:
    """What an event changes: unchecked, held, drifted, repaired or remaining."""
    match event:
        case DesiredRootsChanged():
            return {"trusted_roots": _named(event.trusted_roots), "state": "unchecked"}
        case RootsHeld():
            return _checked("held", event, missing=[], retired=[], job_id=None)
        case RootDriftFound():
            missing, retired = ([_drift(one) for one in found] for found in (event.missing, event.retired))
            return _checked("drifted", event, missing=missing, retired=retired, job_id=None)
        case RootDriftRepaired():
            return _checked("repaired", event, job_id=event.job_id)
        case RootDriftRemains():
            return _checked("remaining", event) | {"why": event.why}
        case _:
            return {}


def _checked(
    state: str, event: RootsHeld | RootDriftFound | RootDriftRepaired | RootDriftRemains, **more: Any
) -> dict[str, Any]:
    return {"state": state, "why": None, "checked_at": event.at.isoformat(), **more}
