"""Stations of a library that is not ours, which answer every call that a management system may make."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from types import ModuleType
from typing import Any

import ocpp.v16
import ocpp.v21
import ocpp.v201
from ocpp.routing import on

from charger_gateway.adapters.ocpp.commands.table import from_csms

from .whole import Whole  # noqa: TID252 - tests are no package of the installation

LIBRARY: Mapping[str, ModuleType] = {"1.6": ocpp.v16, "2.0.1": ocpp.v201, "2.1": ocpp.v21}
STATION = {"1.6": "NLVOLT0001", "2.0.1": "NLVOLT0002", "2.1": "NLVOLT0003"}
_VARIABLE = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "HeartbeatInterval"}}
_SCHEDULE = {"chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16}]}
# What the library's answers say where a status is not all; in the library's own spelling.
_SAYS: dict[str, dict[str, Any]] = {
    "UnlockConnector": {"status": "Unlocked"},
    "UnpublishFirmware": {"status": "Unpublished"},
    "CostUpdated": {},
    "NotifyWebPaymentStarted": {},
    "GetPeriodicEventStream": {},
    "GetTransactionStatus": {"messages_in_queue": True, "ongoing_indicator": True},
    "GetConfiguration": {"configuration_key": [{"key": "HeartbeatInterval", "readonly": False, "value": "300"}]},
    "GetDiagnostics": {"file_name": "diagnostics.zip"},
    "ClearVariableMonitoring": {"clear_monitoring_result": [{"status": "Accepted", "id": 11}]},
    "SetVariableMonitoring": {
        "set_monitoring_result": [{"status": "Accepted", **_VARIABLE, "type": "Delta", "severity": 3}]
    },
    "GetVariables": {"get_variable_result": [{**_VARIABLE, "attributeStatus": "Accepted", "attributeValue": "300"}]},
    "SetVariables": {"set_variable_result": [{**_VARIABLE, "attributeStatus": "Accepted"}]},
    "ClearTariffs": {"clear_tariffs_result": [{"status": "Accepted"}]},
}
_SAYS_V16: dict[str, dict[str, Any]] = {
    "GetLocalListVersion": {"list_version": 3},
    "UpdateFirmware": {},
    "GetCompositeSchedule": {"status": "Accepted", "connector_id": 1, "charging_schedule": _SCHEDULE},
}
_SAYS_V2X: dict[str, dict[str, Any]] = {
    "GetLocalListVersion": {"version_number": 3},
    "GetCompositeSchedule": {
        "status": "Accepted",
        "schedule": {"evseId": 1, "duration": 60, "scheduleStart": "2026-11-20T17:00:00Z", **_SCHEDULE},
    },
}


def willing(version: str) -> type:
    """A station of the library that answers every call of its version with a yes, and remembers what it heard."""
    library = LIBRARY[version]
    own = _SAYS | (_SAYS_V16 if version == "1.6" else _SAYS_V2X)

    def answering(action: str) -> Any:
        kind = getattr(library.call_result, action)

        async def answer(self: Any, **payload: Any) -> Any:
            self.heard[action] = payload
            said = self.says.get(action) or own.get(action, {"status": "Accepted"})
            return kind(**(_refused(said) if action in self.refuses else said))

        # The library finds its handlers by their names.
        answer.__name__ = f"on_{action}"
        return on(action)(answer)

    handlers = {f"on_{action}": answering(action) for action in sorted(from_csms(version))}
    return type("Willing", (library.ChargePoint,), {**handlers, "heard": {}, "says": {}, "refuses": set()})


def _refused(said: Mapping[str, Any]) -> dict[str, Any]:
    """The same answer with a no in it."""
    noes = {"status": "Rejected", "attributeStatus": "Rejected"}
    return {
        key: [_refused(one) for one in value] if isinstance(value, list) else noes.get(key, value)
        for key, value in said.items()
    }


@contextlib.asynccontextmanager
async def willing_station(whole: Whole, version: str) -> AsyncIterator[Any]:
    """Connected and listening while inside."""
    station_id = STATION[version]
    async with whole.station(station_id, f"ocpp{version}") as ws:
        station = willing(version)(station_id, ws, response_timeout=5)
        task = asyncio.create_task(station.start())
        try:
            await station.call(LIBRARY[version].call.Heartbeat())
            yield station
        finally:
            task.cancel()
