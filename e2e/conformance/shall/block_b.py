"""Rows on the boot and on variables (OCPP 2.0.1 part 2, block B)."""

import asyncio
import contextlib

from conformance.cases import SHALL
from conformance.commissioning import is_told
from conformance.station import ACCEPTED, Gone, Payload, Refusal
from conformance.v201.charger import BOOT, Charger
from conformance.v201.telling import in_parts
from ev_contracts.assets import RegistrationState

_AWAITING, _SUSPENDED = RegistrationState.AWAITING_SET_UP, RegistrationState.SUSPENDED


async def _boots_with(charger: Charger, serial_number: str) -> None:
    station = {**BOOT["chargingStation"], "serialNumber": serial_number}
    await charger.says("BootNotification", {**BOOT, "chargingStation": station})


async def _shows_its_certificate(charger: Charger) -> None:
    certificates = charger.stand.certificates
    await charger.connect_securely(certificates.client(charger.station_id), additional_headers={})


@SHALL.case("B01.FR.02", "A boot is answered with whether the station is accepted.", booted=False)
async def boot_answered(charger: Charger) -> None:
    for registration, word in (
        (_AWAITING, "Pending"),
        (_SUSPENDED, "Rejected"),
        (RegistrationState.ACCEPTED, "Accepted"),
    ):
        assert (await is_told(charger, registration, word))["interval"] > 0


@SHALL.case("B01.FR.10", "Before its boot is accepted a station's call is a SecurityError.", booted=False)
async def not_booted(charger: Charger) -> None:
    await is_told(charger, _AWAITING, "Pending")
    await charger.disconnect()
    await charger.connect()
    assert await charger.is_refused("Heartbeat") == "SecurityError"


@SHALL.case("B01.FR.11", "With a certificate, the serial number of a boot is compared with its name.", connects=False)
async def same_serial(charger: Charger) -> None:
    await _shows_its_certificate(charger)
    await _boots_with(charger, charger.station_id)
    assert await charger.says("Heartbeat")


@SHALL.case(
    "B01.FR.12", "A boot whose serial number is not the certificate's name ends the connection.", connects=False
)
async def another_serial(charger: Charger) -> None:
    await _shows_its_certificate(charger)
    with contextlib.suppress(Refusal, Gone):
        await _boots_with(charger, "ANOTHER-ONE")
    async with asyncio.timeout(1):
        await charger.is_closed()


@SHALL.case("B02.FR.09", "A pending station's call is a SecurityError, unless it was triggered.", booted=False)
async def pending(charger: Charger) -> None:
    await is_told(charger, _AWAITING, "Pending")
    assert await charger.is_refused("Heartbeat") == "SecurityError"
    await charger.told("TriggerMessage", {"requestedMessage": "Heartbeat"})
    assert await charger.says("Heartbeat")


@SHALL.case("B03.FR.03", "To a rejected station nothing is sent.", booted=False)
async def nothing_sent(charger: Charger) -> None:
    await is_told(charger, _SUSPENDED, "Rejected")
    charger.answers["ClearCache"] = ACCEPTED
    response = await charger.stand.command(charger.station_id, "clear-cache", {})
    told = response.json()
    assert (told["status"], told["answer"]) == ("refused", "not-accepted")
    assert charger.asked.empty()


@SHALL.case("B03.FR.07", "A rejected station's call is a SecurityError.", booted=False)
async def rejected(charger: Charger) -> None:
    await is_told(charger, _SUSPENDED, "Rejected")
    assert await charger.is_refused("Heartbeat") == "SecurityError"


def _setting(variable: str, value: str = "300") -> dict[str, str]:
    return {"component": "OCPPCommCtrlr", "variable": variable, "value": value}


async def _all_in_parts(charger: Charger, path: str, *, action: str, body: Payload) -> None:
    asked, told = await in_parts(charger, path, body)
    assert (told["status"], len(told["response"]["variables"])) == ("succeeded", 5)
    assert [name for name, _ in asked] == ["GetVariables", "GetVariables", action, action, action]


_FIVE = [_setting(f"Variable{number}") for number in range(5)]


@SHALL.case("B05.FR.11", "No more variables are set in a message than the station takes.", connects=False)
async def set_in_parts(charger: Charger) -> None:
    await _all_in_parts(charger, "set-variables", action="SetVariables", body={"variables": _FIVE})


@SHALL.case("B05.FR.13", "No variable is set twice in one message.")
async def set_once(charger: Charger) -> None:
    twice = {"variables": [_setting("HeartbeatInterval"), _setting("HeartbeatInterval", "60")]}
    told = (await charger.stand.command(charger.station_id, "set-variables", twice)).json()
    assert (told["status"], told["answer"]) == ("refused", "inexpressible")
    assert charger.asked.empty()


@SHALL.case("B06.FR.05", "No more variables are asked for in a message than the station takes.", connects=False)
async def asked_in_parts(charger: Charger) -> None:
    wanted = [{"component": one["component"], "variable": one["variable"]} for one in _FIVE]
    await _all_in_parts(charger, "get-variables", action="GetVariables", body={"variables": wanted})
