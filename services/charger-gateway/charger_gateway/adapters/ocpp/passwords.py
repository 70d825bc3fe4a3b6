"""Passwords that stations took: whoever had one set, the registry must learn it, or its station is locked out."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from charger_gateway.adapters.ocpp.commands import OutgoingCall
from charger_gateway.adapters.ocpp.commands.variables import AUTHORIZATION_KEY, is_hexadecimal_key, name_of
from charger_gateway.adapters.ocpp.frames import CallError, CallResult

_TAKEN = frozenset({"Accepted", "RebootRequired"})
_PASSWORD = name_of(AUTHORIZATION_KEY)


def password_taken(answered: Sequence[tuple[OutgoingCall, CallResult | CallError]]) -> bytes | None:
    """The newest that the station took, as the registry keeps it; None where it took none."""
    taken = [
        password
        for call, answer in answered
        if isinstance(answer, CallResult)
        for password in _passwords(call.action, call.payload, answer.payload)
    ]
    return taken[-1] if taken else None


def _passwords(action: str, asked: Mapping[str, Any], answer: object) -> Iterator[bytes]:
    # An answer that breaks its schema elsewhere may still say that the password was taken: only its shape is looked at.
    match action, answer:
        case "ChangeConfiguration", {"status": str(status)}:
            if asked.get("key") == AUTHORIZATION_KEY and status in _TAKEN:
                yield _as_kept(asked["value"])
        case "SetVariables", {"setVariableResult": [*results]}:
            for wanted, result in zip(asked["setVariableData"], results, strict=False):
                if _is_password(wanted) and _is_password(result) and _is_taken(result):
                    yield wanted["attributeValue"].encode()
        case _:
            return


def _is_password(one: object) -> bool:
    match one:
        case {"component": {"name": component}, "variable": {"name": variable}}:
            return (component, variable) == (_PASSWORD.component, _PASSWORD.variable)
        case _:
            return False


def _is_taken(result: object) -> bool:
    match result:
        case {"attributeStatus": str(status)}:
            return status in _TAKEN
        case _:
            return False


def _as_kept(key: str) -> bytes:
    # 1.6 is told hexadecimal digits and sends the bytes; whoever proves himself so is looked up by the digits.
    return key.lower().encode() if is_hexadecimal_key(key) else key.encode()
