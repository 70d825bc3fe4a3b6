"""How much one message may hold, by the station's own word (OCPP 2.0.1 B05.FR.11, B06.FR.05, N04.FR.09, N06.FR.04)."""

from collections.abc import Sequence
from typing import Any

from charger_gateway.adapters.ocpp.commands.model import OutgoingCall
from charger_gateway.adapters.ocpp.commands.told import Place, Told
from charger_gateway.adapters.ocpp.frames import V16, call_frame

_ITEMS = {
    "GetVariables": ("DeviceDataCtrlr", "getVariableData"),
    "SetVariables": ("DeviceDataCtrlr", "setVariableData"),
    "SetVariableMonitoring": ("MonitoringCtrlr", "setMonitoringData"),
    "ClearVariableMonitoring": ("MonitoringCtrlr", "id"),
}
_ANY_MESSAGE_ID = "0" * 36


async def within_limits(calls: Sequence[OutgoingCall], station: Told) -> Sequence[OutgoingCall]:
    """The calls, split where the station takes fewer items or bytes in a message than stand there.

    Raises what the station's `say` raises.
    """
    if station.version == V16:
        return calls
    parts: list[OutgoingCall] = []
    for call in calls:
        component, name = _ITEMS.get(call.action, ("", ""))
        items = call.payload.get(name, ())
        if len(items) <= 1:
            parts.append(call)
            continue
        most = await _most(station, component, "ItemsPerMessage", call.action) or len(items)
        most_bytes = await _most(station, component, "BytesPerMessage", call.action)
        parts += [_with(call, name, part) for part in _parted(call, name, most, most_bytes)]
    return parts


async def _most(station: Told, component: str, variable: str, action: str) -> int | None:
    value = await station.value(Place(component=component, variable=variable, instance=action))
    return int(value) if value.isascii() and value.isdigit() and int(value) > 0 else None


def _parted(call: OutgoingCall, name: str, most: int, most_bytes: int | None) -> list[list[Any]]:
    """A single item that is too long alone goes alone: nothing smaller can be said."""
    parts: list[list[Any]] = [[]]
    for item in call.payload[name]:
        grown = [*parts[-1], item]
        if len(grown) > 1 and (len(grown) > most or _is_longer(_with(call, name, grown), most_bytes)):
            parts.append([item])
        else:
            parts[-1] = grown
    return parts


def _is_longer(call: OutgoingCall, most_bytes: int | None) -> bool:
    return most_bytes is not None and len(call_frame(_ANY_MESSAGE_ID, call.action, call.payload)) > most_bytes


def _with(call: OutgoingCall, name: str, items: list[Any]) -> OutgoingCall:
    return OutgoingCall(action=call.action, payload={**call.payload, name: items})
