"""Block H: reservations (OCPP 2.0.1)."""

from typing import Any

from conformance.cases import V201
from conformance.seeding import FIRST, GROUP, SECOND, VALID
from conformance.station import Payload, now
from conformance.v201.asking import asked, status
from conformance.v201.charger import Charger, Transaction, token


def _reserved(number: int, **more: Any) -> Payload:
    return {"id": number, "expiryDateTime": now(3_600), "idToken": token(VALID), **more}


def _update(number: int, word: str) -> tuple[str, Payload]:
    return ("ReservationStatusUpdate", {"reservationId": number, "reservationUpdateStatus": word})


@V201.case("TC_H_01_CSMS", "A reserved EVSE is used by the token that it waits for.")
async def used(charger: Charger) -> None:
    await charger.told("ReserveNow", _reserved(1, evseId=1))
    await charger.status(1, "Reserved")
    assert (await charger.authorize())["status"] == "Accepted"
    answer = await Transaction(charger).starts("Authorized", idToken=token(), reservationId=1)
    assert answer["idTokenInfo"]["status"] == "Accepted"
    assert getattr(await charger.was_started(), "reservation_id", None) == "1"


asked("H_07", "A reservation that nobody used runs out.", "ReserveNow", _reserved(7, evseId=1), _update(7, "Expired"))
asked("H_08", "Any EVSE is reserved.", "ReserveNow", _reserved(8))


@V201.case("TC_H_14_CSMS", "As many reservations as EVSEs: both are taken, and the connectors become Reserved.")
async def as_many_as_evses(charger: Charger) -> None:
    for number in (1, 2):
        await charger.told("ReserveNow", _reserved(14 + number))
    for evse in (1, 2):
        await charger.status(evse, "Reserved")


asked("H_15", "A connector of a kind is reserved.", "ReserveNow", _reserved(15, connectorType="cType2"))


@V201.case("TC_H_17_CSMS", "A reservation is cancelled.")
async def cancelled(charger: Charger) -> None:
    await charger.told("ReserveNow", _reserved(17, evseId=1))
    await charger.told("CancelReservation", {"reservationId": 17})
    await charger.status(1, "Available")


@V201.case("TC_H_19_CSMS", "A reservation for a group is used by another token of the group.")
async def of_a_group(charger: Charger) -> None:
    wanted = {"reservation_number": 19, "reservation_expires_at": now(3_600), "evse_number": 1}
    card = {"uid": FIRST, "type": "ISO14443"}
    sent, _ = await charger.obeys("reserve-now", {**wanted, "id_token": card}, "ReserveNow")
    assert sent["groupIdToken"] == {"idToken": GROUP, "type": "Central"}
    await charger.status(1, "Reserved")
    assert (await charger.authorize(SECOND))["groupIdToken"] == sent["groupIdToken"]
    answer = await Transaction(charger).starts("Authorized", idToken=token(SECOND), reservationId=19)
    assert answer["idTokenInfo"]["status"] == "Accepted"


asked("H_20", "A fault ends a reservation.", "ReserveNow", _reserved(20, evseId=1), _update(20, "Removed"))
asked(
    "H_22",
    "A station that takes no reservations rejects them.",
    "ReserveNow",
    _reserved(22, evseId=1),
    answer=status("Rejected"),
    outcome="refused",
)
