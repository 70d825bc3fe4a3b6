"""A command as people see it."""

from typing import Any, Protocol

from charger_gateway.domain.command_book import CommandView
from ev_contracts.gateway import StationResponse
from ev_contracts.record import Record


class Opening(Protocol):
    """Opens what stations answered; raises ValueError."""

    def reveal(self, command_id: str, sealed: bytes) -> Any: ...


def shown(view: CommandView, opening: Opening) -> dict[str, Any]:
    """What a caller who may see the command is told; transferred data and raw answers are opened for him."""
    return {
        "command_id": view.command_id,
        "station_id": view.station_id,
        "action": view.action,
        "status": view.status,
        "answer": view.answer,
        "detail": view.detail,
        "job_id": view.job_id,
        "progress": [{"status": status, "at": at.isoformat()} for status, at in view.progress],
        "response": None if view.response is None else _response(view.command_id, view.response, opening),
        "requested_by": view.requested_by,
        "reason": view.reason,
        "requested_at": view.requested_at.isoformat(),
        "expires_at": view.expires_at.isoformat(),
        "sent_at": None if view.sent_at is None else view.sent_at.isoformat(),
        "decided_at": None if view.decided_at is None else view.decided_at.isoformat(),
    }


def _response(command_id: str, response: StationResponse, opening: Opening) -> dict[str, Any]:
    found = _said(response)
    for name, sealed in (("data", response.data_sealed), ("payload", response.payload_sealed)):
        if sealed is not None:
            found[name] = _opened(command_id, sealed, opening)
    return found


def _opened(command_id: str, sealed: bytes, opening: Opening) -> Any:
    try:
        return opening.reveal(command_id, sealed)
    except ValueError:
        return None


def _said(record: Record) -> dict[str, Any]:
    """What is there, without what is sealed: nobody is shown a station's password."""
    whole = record.model_dump(mode="json")
    return {name: _clean(value) for name, value in whole.items() if _is_said(name, value)}


def _clean(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _clean(inner) for name, inner in value.items() if _is_said(name, inner)}
    return [_clean(one) for one in value] if isinstance(value, list) else value


def _is_said(name: str, value: Any) -> bool:
    return value is not None and value != [] and not name.endswith("_sealed")
