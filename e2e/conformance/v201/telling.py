"""A charger that says of itself how much it takes in a message, and holds the gateway to it."""

from collections.abc import Mapping
from typing import Any

from conformance.station import Payload
from conformance.v201.charger import Charger

_RESULTS = {
    "GetVariables": ("getVariableData", "getVariableResult"),
    "SetVariables": ("setVariableData", "setVariableResult"),
    "ClearVariableMonitoring": ("id", "clearMonitoringResult"),
}


class Telling(Charger):
    """Answers what it is asked of its variables, and takes no more than `MOST` items in a message."""

    MOST = 2

    def answer_to(self, action: str, payload: Payload, /) -> Payload | None:
        """A result for each item."""
        if action not in _RESULTS:
            return super().answer_to(action, payload)
        asked, results = _RESULTS[action]
        assert len(payload[asked]) <= self.MOST
        return {results: [self._result(action, one) for one in payload[asked]]}

    def _result(self, action: str, item: Any) -> Payload:
        if action == "ClearVariableMonitoring":
            return {"status": "Accepted", "id": item}
        said = {"attributeStatus": "Accepted", "component": item["component"], "variable": item["variable"]}
        return said | ({"attributeValue": str(self.MOST)} if _asks_for_items(action, item) else {})


def _asks_for_items(action: str, item: Mapping[str, Any]) -> bool:
    return action == "GetVariables" and item["variable"]["name"] == "ItemsPerMessage"


async def in_parts(charger: Charger, path: str, body: Payload) -> tuple[list[tuple[str, Payload]], Any]:
    """What another such charger is asked, one after the other, by a command; and the command as it ended."""
    one = Telling(charger.stand)
    await one.connect()
    try:
        await one.boots()
        shown = (await one.stand.command(one.station_id, path, body)).json()
        return [one.asked.get_nowait() for _ in range(one.asked.qsize())], shown
    finally:
        await one.disconnect()
