"""Block I: what a session costs (OCPP 2.0.1)."""

import asyncio

from conformance.cases import V201
from conformance.prices import eur, is_rated, is_shown, shows_costs
from conformance.v201.charger import Charger, Transaction, token


@V201.case("TC_I_01_CSMS", "The running cost is sent to the station within the session.")
async def running_cost(charger: Charger) -> None:
    await shows_costs(charger)
    running = await charger.charges()
    shown = await is_shown(charger, await charger.was_started(), eur(350))
    assert shown == {"totalCost": 3.5, "transactionId": running.transaction_id}


async def ends_at(charger: Charger, running: Transaction, minor: int) -> object:
    """The cost in the answer to the end of a session that is rated as soon as it ended; None where none is said."""
    started = await charger.was_started()
    ending = asyncio.create_task(running.ends("StopAuthorized", "Local", idToken=token()))
    await charger.was_ended()
    await is_rated(charger.stand, started, eur(minor))
    return (await ending).get("totalCost")


@V201.case("TC_I_02_CSMS", "The answer to the end of a session holds its cost.")
async def final_cost(charger: Charger) -> None:
    await shows_costs(charger)
    running = await charger.charges()
    await is_shown(charger, await charger.was_started(), eur(350))
    assert await ends_at(charger, running, 936) == 9.36
