"""Rows on tariff and cost (OCPP 2.0.1 part 2, block I)."""

from conformance.cases import SHALL
from conformance.price_texts import asks_until, costs_in_words, goes_on_until_told, in_english, shows_messages
from conformance.prices import WHOLESALE, costs_so_far, eur, is_rated, is_shown, nothing_is_shown, shows_costs
from conformance.v201.charger import Charger, Transaction, token
from conformance.v201.costs import ends_at


@SHALL.case("I01.FR.02", "A price is told only to stations that can show it.")
async def to_displays_alone(charger: Charger) -> None:
    await costs_in_words(charger, "0.51 EUR per kWh")
    assert "personalMessage" not in await charger.authorize()
    await shows_messages(charger)
    told = await asks_until(charger, told=True)
    assert told == {"status": "Accepted", "personalMessage": in_english("0.51 EUR per kWh")}
    await shows_messages(charger, enabled=False)
    assert await asks_until(charger, told=False) == {"status": "Accepted"}


@SHALL.case("I02.FR.01", "The running cost is told within the session, as it grows and to whoever pays it alone.")
async def running(charger: Charger) -> None:
    await shows_costs(charger)
    session = await charger.charges()
    started = await charger.was_started()
    assert (await is_shown(charger, started, eur(100)))["totalCost"] == 1
    await costs_so_far(charger.stand, started, eur(250))
    assert await charger.was_asked("CostUpdated") == {"totalCost": 2.5, "transactionId": session.transaction_id}
    await costs_so_far(charger.stand, started, eur(250))
    await costs_so_far(charger.stand, started, eur(900), relation=WHOLESALE)
    await nothing_is_shown(charger)


@SHALL.case("I03.FR.02", "The answer to a session's end holds its cost where it is known, else it is told later.")
async def at_the_end(charger: Charger) -> None:
    await shows_costs(charger)
    session = await charger.charges()
    started = await charger.was_started()
    await is_shown(charger, started, eur(350))
    charger.answers["CostUpdated"] = {}
    assert "totalCost" not in await session.ends("StopAuthorized", "Local", idToken=token())
    await is_rated(charger.stand, started, eur(936))
    assert await charger.was_asked("CostUpdated") == {"totalCost": 9.36, "transactionId": session.transaction_id}


@SHALL.case("I03.FR.04", "A session that is free costs 0.00, said so.")
async def free(charger: Charger) -> None:
    await shows_costs(charger)
    session = await charger.charges()
    await is_shown(charger, await charger.was_started(), eur(0))
    assert await ends_at(charger, session, 0) == 0


async def _charges_at(charger: Charger, price: str) -> Transaction:
    """A session whose driver was told the price as he asked."""
    await costs_in_words(charger, price)
    await shows_messages(charger)
    await asks_until(charger, told=True)
    session = await charger.charges()
    assert await session.goes_on("MeterValuePeriodic") == {}
    return session


@SHALL.case("I06.FR.01", "At each event of a session it is looked whether its price changed.")
async def looked_at_each_event(charger: Charger) -> None:
    session = await _charges_at(charger, "0.51 EUR per kWh")
    prices = ["0.51 EUR per kWh"]
    for price in ("0.49 EUR per kWh", "0.47 EUR per kWh"):
        prices.append(price)
        await costs_in_words(charger, *prices)
        assert await goes_on_until_told(session) == in_english(price)
        assert await session.goes_on("MeterValuePeriodic") == {}


@SHALL.case("I06.FR.02", "A changed price is told in the answer to the session's next event.")
async def told_in_the_answer(charger: Charger) -> None:
    session = await _charges_at(charger, "0.51 EUR per kWh")
    await costs_in_words(charger, "0.51 EUR per kWh", "0.45 EUR per kWh")
    assert await goes_on_until_told(session) == in_english("0.45 EUR per kWh")
    assert "updatedPersonalMessage" not in await session.ends("StopAuthorized", "Local", idToken=token())
