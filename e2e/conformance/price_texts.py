"""What pricing would say of a price in words, and what a station that shows it is told."""

from typing import Any

from chassis.testing import eventually
from conformance.seeding import LONG_AGO, PROVIDER
from conformance.station import Payload, Station, now
from conformance.v201.charger import Charger, Transaction
from ev_contracts.common import RelationKind
from ev_contracts.pricing import PriceText, PriceTextSnapshot, PriceTextVersion


async def costs_in_words(station: Station, *prices: str) -> None:
    """The provider's price at this station; each next one is a correction that counts as long as the one before."""
    versions = tuple(
        PriceTextVersion(
            version=number,
            valid_from=LONG_AGO,
            currency="EUR",
            texts=(PriceText(language="en", text=price), PriceText(language="nl", text=f"{price}, in het Nederlands")),
        )
        for number, price in enumerate(prices, start=1)
    )
    text = PriceTextSnapshot(
        assignment_id=station.station_id,
        tariff_id="retail",
        seller_party_id=PROVIDER,
        relation=RelationKind.EMSP_TO_DRIVER,
        station_id=station.station_id,
        valid_from=LONG_AGO,
        place_rank=2,
        audience_rank=0,
        versions=versions,
    )
    await station.stand.says("pricing.price-text.snapshot.v1", f"emo/retail#{station.station_id}", text)


async def shows_messages(charger: Charger, *, enabled: bool = True) -> None:
    """The station reports whether its display shows messages."""
    attribute = {"type": "Actual", "value": str(enabled).lower(), "mutability": "ReadWrite"}
    variable = {
        "component": {"name": "DisplayMessageCtrlr"},
        "variable": {"name": "Enabled"},
        "variableAttribute": [attribute],
    }
    report = {"requestId": 1, "generatedAt": now(), "seqNo": 0, "tbc": False, "reportData": [variable]}
    assert await charger.says("NotifyReport", report) == {}


async def asks_until(charger: Charger, *, told: bool) -> Payload:
    """The message for the driver, once the gateway knows of the display and the price; or none any more."""

    async def answer() -> Any:
        info = await charger.authorize()
        return info if ("personalMessage" in info) is told else None

    info: Payload = await eventually(answer, what="the price in words")
    return info


async def goes_on_until_told(session: Transaction) -> Payload:
    """The message in the answer to the first event of the session that tells another price."""

    async def answer() -> Any:
        return (await session.goes_on("MeterValuePeriodic")).get("updatedPersonalMessage")

    message: Payload = await eventually(answer, what="the changed price")
    return message


def in_english(price: str) -> Payload:
    """As OCPP says it."""
    return {"format": "UTF8", "language": "en", "content": price}
