"""A phase is named only to an EVSE that can switch phases, by the station's own word (OCPP 2.0.1 K01.FR.20)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from charger_gateway.adapters.ocpp.commands.model import CannotSay, OutgoingCall
from charger_gateway.adapters.ocpp.commands.told import Place, Told

_PROFILES = {"SetChargingProfile": "chargingProfile", "RequestStartTransaction": "chargingProfile"}


async def phases_can_be_named(calls: Iterable[OutgoingCall], station: Told) -> None:
    """Raises CannotSay for a phase that the EVSE cannot choose, and what the station's `say` raises."""
    for call in calls:
        if not _names_a_phase(call.payload.get(_PROFILES.get(call.action, ""), {})):
            continue
        if not await _switches(station, call.payload.get("evseId", 0)):
            raise CannotSay("the EVSE does not say that it can switch phases (K01.FR.20)")


def _names_a_phase(profile: Mapping[str, Any]) -> bool:
    return any("phaseToUse" in period for period in _periods(profile.get("chargingSchedule", ())))


def _periods(schedules: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for schedule in schedules:
        yield from schedule["chargingSchedulePeriod"]


async def _switches(station: Told, evse_number: int) -> bool:
    """The EVSE's own word; the whole station's where the EVSE says nothing, or none is named."""
    value = ""
    if evse_number:
        value = await station.value(_switching(evse_number))
    return (value or await station.value(_switching(None))).lower() == "true"


def _switching(evse_number: int | None) -> Place:
    return Place(component="SmartChargingCtrlr", variable="ACPhaseSwitchingSupported", evse_number=evse_number)
