"""Calls of every OCPP version in canonical words, or the error that each deserves."""

from collections.abc import Mapping
from typing import Any

from charger_gateway.adapters.ocpp.frames import V16, V21, V201, Call, Send
from charger_gateway.adapters.ocpp.interpreter import Asked, Handler, Interpreter, Said
from charger_gateway.adapters.ocpp.schemas import Violation, actions, request_violation, send_violation
from charger_gateway.adapters.ocpp.served_v2 import SERVED_V21, SERVED_V201
from charger_gateway.adapters.ocpp.served_v16 import SERVED as SERVED_V16
from charger_gateway.domain import translate_v21 as v21
from charger_gateway.domain.quarantine import MAY_HOLD_ENERGY, quarantined
from charger_gateway.domain.station import Fact, Heard
from charger_gateway.domain.values import BadField, BadType

__all__ = ["SUBPROTOCOLS", "Asked", "Interpreter", "hear", "hear_sent", "quarantine"]

SUBPROTOCOLS: Mapping[str, str] = {"ocpp1.6": V16, "ocpp2.0.1": V201, "ocpp2.1": V21}

_SERVED: Mapping[str, Mapping[str, Handler]] = {V16: SERVED_V16, V201: SERVED_V201, V21: SERVED_V21}


def hear(interpreter: Interpreter, call: Call, heard: Heard) -> Said | Violation:
    """The call in canonical words, or the error that its station is answered."""
    version = heard.version
    handler = _SERVED[version].get(call.action)
    if handler is None:
        return _not_served(version, call.action)
    payload = call.payload
    if payload is None and version == V16:
        # OCPP-J 1.6, 4.2.1: an empty payload may be null.
        payload = {}
    violation = request_violation(version, call.action, payload)
    if violation is not None:
        return violation
    return _translated(handler, interpreter, payload, heard)


def _translated(handler: Handler, interpreter: Interpreter, payload: Any, heard: Heard) -> Said | Violation:
    try:
        return handler(interpreter, payload, heard)
    except BadType as error:
        return Violation(code="TypeConstraintViolation", description=str(error))
    except BadField as error:
        return Violation(code="PropertyConstraintViolation", description=str(error))


def hear_sent(send: Send, heard: Heard) -> tuple[Fact, ...] | Violation:
    """A message that is never answered (2.1): what it makes true, or why nothing."""
    violation = send_violation(send.action, send.payload)
    if violation is not None:
        return violation
    try:
        return v21.stream_values(send.payload, heard)
    except BadField as error:
        return Violation(code="PropertyConstraintViolation", description=str(error))


def quarantine(call: Call, violation: Violation, heard: Heard) -> tuple[Fact, ...]:
    """What stays of a refused call: one that may hold energy is kept for a person to judge."""
    if call.action not in MAY_HOLD_ENERGY:
        return ()
    return (quarantined(call.action, call.message_id, call.payload, heard, violation=violation),)


def _not_served(version: str, action: str) -> Violation:
    if action in actions(version):
        return Violation(code="NotSupported", description="known, but not supported here")
    return Violation(code="NotImplemented", description="no such action in this version")
