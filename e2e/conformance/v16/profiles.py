"""Local lists, reservations and charging profiles (OCPP 1.6)."""

from typing import Any

from conformance.cases import V16
from conformance.seeding import VALID
from conformance.station import ACCEPTED, Payload, now
from conformance.v16.point import Point

_ENTRY = {"idTag": VALID, "idTagInfo": {"status": "Accepted"}}


def _list(version: int, update: str = "Full") -> dict[str, Any]:
    return {"listVersion": version, "updateType": update, "localAuthorizationList": [_ENTRY]}


def _reservation(number: int, connector: int = 1, **more: Any) -> dict[str, Any]:
    reserved = {"connectorId": connector, "expiryDate": now(3_600), "idTag": VALID, "reservationId": number}
    return reserved | more


def _profile(number: int, purpose: str, **more: Any) -> dict[str, Any]:
    schedule = {"chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 6.0}]}
    return {
        "chargingProfileId": number,
        "stackLevel": 0,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": "Relative",
        "chargingSchedule": schedule,
    } | more


async def _list_version(point: Point, version: int) -> None:
    outcome = "refused" if version < 0 else "succeeded"
    await point.told("GetLocalListVersion", {}, {"listVersion": version}, outcome)


async def _sends_list(point: Point, answer: str, outcome: str, update: str = "Full") -> None:
    await point.told("SendLocalList", _list(5, update), {"status": answer}, outcome)


async def _reserves(point: Point, number: int, connector: int = 1, answer: Payload = ACCEPTED, **more: Any) -> None:
    outcome = "succeeded" if answer == ACCEPTED else "refused"
    await point.told("ReserveNow", _reservation(number, connector, **more), answer, outcome)


@V16.case("TC_042_1_CSMS", "A station without local lists says version -1.")
async def no_local_list(point: Point) -> None:
    await _list_version(point, -1)


@V16.case("TC_042_2_CSMS", "A station whose list is empty says version 0.")
async def empty_local_list(point: Point) -> None:
    await _list_version(point, 0)


@V16.case("TC_043_1_CSMS", "A station without local lists takes none.")
async def list_not_supported(point: Point) -> None:
    await _sends_list(point, "NotSupported", "refused")


@V16.case("TC_043_3_CSMS", "A list that the station could not store has failed.")
async def list_failed(point: Point) -> None:
    await _sends_list(point, "Failed", "refused")


@V16.case("TC_043_4_CSMS", "A full list is taken, and its version is the station's afterwards.")
async def full_list(point: Point) -> None:
    await _sends_list(point, "Accepted", "succeeded")
    await _list_version(point, 5)


@V16.case("TC_043_5_CSMS", "A list of differences is taken, and its version is the station's afterwards.")
async def differential_list(point: Point) -> None:
    await _list_version(point, 4)
    await _sends_list(point, "Accepted", "succeeded", "Differential")
    await _list_version(point, 5)


@V16.case("TC_046_CSMS", "A reserved connector is used by the card that it waits for.")
async def reservation_used(point: Point) -> None:
    await _reserves(point, 46)
    await point.status(1, "Reserved")
    assert await point.authorize() == "Accepted"
    _, status = await point.starts(reservationId=46)
    assert status == "Accepted"
    assert getattr(await point.was_started(), "reservation_id", None) == "46"


@V16.case("TC_047_CSMS", "A reservation that nobody used runs out, and the connector is free.")
async def reservation_expires(point: Point) -> None:
    await _reserves(point, 47)
    await point.status(1, "Reserved")
    await point.status(1, "Available")


@V16.case("TC_048_1_CSMS", "A faulted connector cannot be reserved.")
async def reservation_faulted(point: Point) -> None:
    await point.status(1, "Faulted", errorCode="OtherError")
    await _reserves(point, 48, answer={"status": "Faulted"})


@V16.case("TC_048_2_CSMS", "An occupied connector cannot be reserved.")
async def reservation_occupied(point: Point) -> None:
    await point.charges()
    await _reserves(point, 48, answer={"status": "Occupied"})


@V16.case("TC_048_3_CSMS", "A connector out of service cannot be reserved.")
async def reservation_unavailable(point: Point) -> None:
    await point.told("ChangeAvailability", {"connectorId": 1, "type": "Inoperative"})
    await point.status(1, "Unavailable")
    await _reserves(point, 48, answer={"status": "Unavailable"})


@V16.case("TC_048_4_CSMS", "A station that takes no reservations rejects them.")
async def reservation_rejected(point: Point) -> None:
    await _reserves(point, 48, answer={"status": "Rejected"})


@V16.case("TC_049_CSMS", "The station as a whole (connector 0) is reserved and used on any connector.")
async def reservation_of_the_station(point: Point) -> None:
    await _reserves(point, 49, 0)
    _, status = await point.starts(connector=2, reservationId=49)
    assert status == "Accepted"


@V16.case("TC_051_CSMS", "A reservation is cancelled, and the connector is free.")
async def reservation_cancelled(point: Point) -> None:
    await _reserves(point, 51)
    await point.status(1, "Reserved")
    await point.told("CancelReservation", {"reservationId": 51})
    await point.status(1, "Available")


@V16.case("TC_052_CSMS", "Cancelling what was never reserved is rejected.")
async def cancel_rejected(point: Point) -> None:
    await point.told("CancelReservation", {"reservationId": 9_999}, {"status": "Rejected"}, "refused")


@V16.case("TC_053_CSMS", "A reservation for a group is used by another card of the group.")
async def reservation_of_a_group(point: Point) -> None:
    await _reserves(point, 53, parentIdTag="GROUP-1")
    _, status = await point.starts(reservationId=53)
    assert status == "Accepted"


@V16.case("TC_056_CSMS", "A default profile for all transactions is set.")
async def default_profile(point: Point) -> None:
    wanted = {"connectorId": 0, "csChargingProfiles": _profile(56, "TxDefaultProfile")}
    await point.told("SetChargingProfile", wanted)


@V16.case("TC_057_CSMS", "A profile for the running transaction names that transaction.")
async def transaction_profile(point: Point) -> None:
    number = await point.charges()
    wanted = {"connectorId": 1, "csChargingProfiles": _profile(57, "TxProfile", transactionId=number)}
    await point.told("SetChargingProfile", wanted)


@V16.case("TC_059_CSMS", "A remote start brings its profile, which names no transaction.")
async def remote_start_with_a_profile(point: Point) -> None:
    wanted = {"idTag": VALID, "connectorId": 1, "chargingProfile": _profile(59, "TxProfile")}
    await point.told("RemoteStartTransaction", wanted)
    await point.charges()


@V16.case("TC_066_CSMS", "The schedule that results from all profiles comes back.")
async def composite_schedule(point: Point) -> None:
    schedule = {"chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 10.0}]}
    answer = {"status": "Accepted", "connectorId": 1, "scheduleStart": now(), "chargingSchedule": schedule}
    await point.told("GetCompositeSchedule", {"connectorId": 1, "duration": 300}, answer)


@V16.case("TC_067_CSMS", "A profile is cleared by its id, and by its purpose.")
async def clear_profile(point: Point) -> None:
    await point.told("ClearChargingProfile", {"id": 56})
    await point.told("ClearChargingProfile", {"chargingProfilePurpose": "TxDefaultProfile", "stackLevel": 0})
