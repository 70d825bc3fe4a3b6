"""What stands between the desk's words and the wire's: calls, outcomes, and why there is none."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from charger_gateway.domain.station import Heard
from ev_contracts.gateway import StationResponse


class Sealing(Protocol):
    """Secrets and tokens on their way through the log; bound to their command."""

    def hide(self, command_id: str, value: Any) -> bytes:
        """Seal a JSON value."""
        ...

    def reveal(self, command_id: str, sealed: bytes) -> Any:
        """The JSON value. Raises ValueError where the seal is not of this desk's key or command."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Station:
    """To whom a command is said: the version it speaks, and what is known of it."""

    version: str
    heard: Heard


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingCall:
    """What is put on the wire."""

    action: str
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Inexpressible:
    """The station's version of OCPP has no words for the command, or none for a part of it."""

    why: str


def present(**fields: Any) -> dict[str, Any]:
    """The fields that are there; OCPP leaves out what is absent."""
    return {key: value for key, value in fields.items() if value is not None}


def outgoing(action: str, **payload: Any) -> OutgoingCall:
    """A call of what is there."""
    return OutgoingCall(action=action, payload=present(**payload))


class CannotSay(Exception):
    """Raised inside a translation; becomes Inexpressible at its edge."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a station's answer means for the desk: succeeded or refused, in the station's own word, and all it said."""

    outcome: str
    answer: str
    detail: str | None = None
    response: StationResponse | None = None
