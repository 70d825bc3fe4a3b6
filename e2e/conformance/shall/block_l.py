"""The row on firmware (OCPP 2.0.1 part 2, block L)."""

from conformance.cases import SHALL
from conformance.station import now
from conformance.v201.charger import Charger


@SHALL.case("L01.FR.11", "A firmware is sent with the certificate that signed it.")
async def signed(charger: Charger) -> None:
    firmware = {
        "location": "https://firmware.example/2.bin",
        "retrieve_at": now(),
        "signing_certificate": "-----BEGIN CERTIFICATE-----",
        "signature": "c2lnbmVk",
    }
    sent, _ = await charger.obeys("update-firmware", firmware, "UpdateFirmware")
    assert sent["firmware"]["signingCertificate"] == "-----BEGIN CERTIFICATE-----"
    assert sent["firmware"]["signature"] == "c2lnbmVk"
