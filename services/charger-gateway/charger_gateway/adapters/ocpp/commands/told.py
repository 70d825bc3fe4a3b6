"""What a station of 2.x says of itself where a command's form depends on it: asked once a connection, if it matters."""

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from charger_gateway.adapters.ocpp.frames import CallError, CallResult
from charger_gateway.adapters.ocpp.schemas import Violation, response_read

_MOST_KNOWN = 256

Say: TypeAlias = Callable[[str, Mapping[str, Any]], Awaitable[CallResult | CallError]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A variable of the device model, of one EVSE where it names it."""

    component: str
    variable: str
    instance: str | None = None
    evse_number: int | None = None

    def question(self) -> Mapping[str, Any]:
        """A GetVariables of it alone: a station may take no more than one in a message."""
        evse = {} if self.evse_number is None else {"evse": {"id": self.evse_number}}
        instance = {} if self.instance is None else {"instance": self.instance}
        named = {"component": {"name": self.component} | evse, "variable": {"name": self.variable} | instance}
        return {"getVariableData": [named]}


Known: TypeAlias = MutableMapping[Place, str]
"""What was told on a connection; empty text where a station says nothing of a variable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The variables of one station, as it told them on this connection."""

    version: str
    known: Known
    say: Say

    async def value(self, place: Place) -> str:
        """Empty where the station has no such variable or cannot say. Raises what `say` raises."""
        if place not in self.known:
            if len(self.known) >= _MOST_KNOWN:
                self.known.clear()
            self.known[place] = self._value_in(await self.say("GetVariables", place.question()))
        return self.known[place]

    def _value_in(self, answer: CallResult | CallError) -> str:
        if isinstance(answer, CallError):
            return ""
        read = response_read(self.version, "GetVariables", answer.payload)
        if isinstance(read, Violation):
            return ""
        value: str = read["getVariableResult"][0].get("attributeValue", "")
        return value
