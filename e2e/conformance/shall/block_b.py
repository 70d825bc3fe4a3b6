"""Rows on the boot (OCPP 2.0.1 part 2, block B)."""

import asyncio
import contextlib

from conformance.cases import SHALL
from conformance.lacks import PENDING, SERIAL
from conformance.station import Gone, Refusal
from conformance.v201.charger import BOOT, Charger

SHALL.not_built("B01.FR.10", "Before its boot is accepted a station's call is a SecurityError.", PENDING)
SHALL.not_built("B02.FR.09", "The same while it is pending.", PENDING)
SHALL.not_built("B03.FR.07", "The same once it was rejected.", PENDING)


@SHALL.case(
    "B01.FR.12",
    "A boot whose serial number is not the certificate's name ends the connection.",
    missing=SERIAL,
    connects=False,
)
async def another_serial(charger: Charger) -> None:
    certificates = charger.stand.certificates
    await charger.connect_securely(certificates.client(charger.station_id), additional_headers={})
    station = {**BOOT["chargingStation"], "serialNumber": "ANOTHER-ONE"}
    with contextlib.suppress(Refusal, Gone):
        await charger.says("BootNotification", {**BOOT, "chargingStation": station})
    async with asyncio.timeout(1):
        await charger.is_closed()
