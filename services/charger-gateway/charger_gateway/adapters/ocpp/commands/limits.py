"""How many variables one message may hold, by the station's own word (OCPP 2.0.1 B05.FR.11, B06.FR.05)."""

from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from typing import Any, TypeAlias

from charger_gateway.adapters.ocpp.commands.model import OutgoingCall
from charger_gateway.adapters.ocpp.frames import V16, CallError, CallResult
from charger_gateway.adapters.ocpp.schemas import response_violation

Say: TypeAlias = Callable[[str, Mapping[str, Any]], Awaitable[CallResult | CallError]]

_ITEMS = {"GetVariables": "getVariableData", "SetVariables": "setVariableData"}


async def within_limits(
    calls: Sequence[OutgoingCall], version: str, known: MutableMapping[str, int | None], say: Say
) -> Sequence[OutgoingCall]:
    """The calls, split where the station takes fewer items; it is asked once a connection, and only if it matters.

    Raises what `say` raises.
    """
    if version == V16:
        return calls
    parts: list[OutgoingCall] = []
    for call in calls:
        items = call.payload.get(_ITEMS.get(call.action, ""), ())
        if len(items) <= 1:
            parts.append(call)
            continue
        if call.action not in known:
            known[call.action] = _most_of(version, await say("GetVariables", _question(call.action)))
        parts += _split(call, items, known[call.action] or len(items))
    return parts


def _split(call: OutgoingCall, items: Sequence[Any], most: int) -> list[OutgoingCall]:
    name = _ITEMS[call.action]
    return [
        OutgoingCall(action=call.action, payload={**call.payload, name: list(items[start : start + most])})
        for start in range(0, len(items), most)
    ]


def _question(action: str) -> Mapping[str, Any]:
    variable = {"name": "ItemsPerMessage", "instance": action}
    return {"getVariableData": [{"component": {"name": "DeviceDataCtrlr"}, "variable": variable}]}


def _most_of(version: str, answer: CallResult | CallError) -> int | None:
    if isinstance(answer, CallError) or response_violation(version, "GetVariables", answer.payload) is not None:
        return None
    value = answer.payload["getVariableResult"][0].get("attributeValue", "")
    return int(value) if value.isascii() and value.isdigit() and int(value) > 0 else None
