"""Rows on meter values (OCPP 2.0.1 part 2, block J)."""

from conformance.cases import SHALL
from conformance.v201.charger import Charger, register_wh


@SHALL.case("J01.FR.18", "Values of the meter are answered.")
async def outside(charger: Charger) -> None:
    assert await charger.says("MeterValues", {"evseId": 1, "meterValue": [register_wh(1_000)]}) == {}


@SHALL.case("J02.FR.19", "Values of the meter within a session are answered.")
async def within(charger: Charger) -> None:
    session = await charger.charges()
    assert await session.goes_on("MeterValuePeriodic", meterValue=[register_wh(1_500)]) == {}
