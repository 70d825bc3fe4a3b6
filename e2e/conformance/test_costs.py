"""What stations that show costs are told beyond OCA's cases: in OCPP 1.6 by data transfers, and to others nothing."""

import asyncio
import contextlib
from typing import Any

import orjson

from chassis.testing import eventually
from conformance.price_texts import costs_in_words
from conformance.prices import costs_so_far, eur, is_rated, is_shown, nothing_is_shown
from conformance.seeding import VALID
from conformance.stand import Stand
from conformance.v16.point import Point
from conformance.v201.charger import Charger

_AGAIN_S = 0.3
_KEY = {"component": "OCPP16Configuration", "variable": "CustomDisplayCostAndPrice"}
_SHOWS = {"configurationKey": [{"key": "CustomDisplayCostAndPrice", "readonly": True, "value": "true"}]}


def _data(transfer: Any, message: str) -> Any:
    assert (transfer["vendorId"], transfer["messageId"]) == ("org.openchargealliance.costmsg", message)
    return orjson.loads(transfer["data"])


async def test_a_point_of_1_6_that_shows_costs_is_told_them_by_data_transfers(stand: Stand) -> None:
    point = Point(stand)
    await point.connect()
    await point.boots()
    await point.obeys("get-variables", {"variables": [_KEY]}, "GetConfiguration", _SHOWS)
    number = await point.charges()
    started = await point.was_started()

    running = _data(await is_shown(point, started, eur(350), "DataTransfer"), "RunningCost")
    assert (running["transactionId"], running["cost"], running["state"]) == (number, 3.5, "Charging")

    await point.stops(number)
    await is_rated(stand, started, eur(936))
    final = _data(await point.was_asked("DataTransfer"), "FinalCost")
    assert final == {"transactionId": number, "cost": 9.36, "priceText": "9.36, 18.42 kWh"}
    await point.disconnect()


async def test_a_point_of_1_6_that_shows_prices_is_told_the_drivers_by_a_data_transfer(stand: Stand) -> None:
    point = Point(stand)
    await point.connect()
    await point.boots()
    await costs_in_words(point, "0.51 EUR per kWh")
    await point.obeys("get-variables", {"variables": [_KEY]}, "GetConfiguration", _SHOWS)
    point.answers["DataTransfer"] = {"status": "Accepted"}

    async def told() -> Any:
        await point.says("Authorize", {"idTag": VALID})
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_AGAIN_S):
                return await point.was_asked("DataTransfer")

    price = _data(await eventually(told, what="the driver's price"), "SetUserPrice")
    assert price == {"idToken": VALID, "priceText": "0.51 EUR per kWh"}
    await point.disconnect()


async def test_a_station_that_shows_no_costs_is_told_none_and_answered_at_once(stand: Stand) -> None:
    charger = Charger(stand)
    await charger.connect()
    await charger.boots()
    session = await charger.charges()
    started = await charger.was_started()
    await costs_so_far(stand, started, eur(350))
    assert "totalCost" not in await session.ends("StopAuthorized", "Local")
    await is_rated(stand, started, eur(936))
    await nothing_is_shown(charger)
    await charger.disconnect()
