"""Blocks F and G: remote start, unlock, triggers and availability (OCPP 2.0.1)."""

from typing import Any

from charger_gateway.domain.station import TRANSACTION_EVENTS
from conformance.cases import V201
from conformance.seeding import VALID
from conformance.station import Payload, now
from conformance.v201.asking import asked, status
from conformance.v201.charger import Charger, Transaction, register_wh, token
from ev_contracts.common import ConnectorState
from ev_contracts.gateway import ConnectorStatusChanged

_EVSE: Payload = {"id": 1, "connectorId": 1}


async def _remote_start(charger: Charger) -> int:
    body = {"id_token": VALID, "evse_number": 1, "reason": "the driver asks"}
    wanted, command = await charger.obeys("start", body, "RequestStartTransaction")
    assert command["status"] == "succeeded"
    assert (wanted["idToken"]["idToken"], wanted["evseId"]) == (VALID, 1)
    return int(wanted["remoteStartId"])


async def _starts_remotely(charger: Charger, remote: int) -> None:
    running = Transaction(charger)
    info = {"remoteStartId": remote, "chargingState": "Charging"}
    answer = await running.event("Started", "RemoteStart", info=info, evse=_EVSE, idToken=token(VALID, "Central"))
    assert answer["idTokenInfo"]["status"] == "Accepted"
    assert (await charger.was_started()).remote_start_id is not None


@V201.case("TC_F_01_CSMS", "A remote start of a vehicle that is plugged in; the session names the command.")
async def plugged_in_first(charger: Charger) -> None:
    await charger.status(1, "Occupied")
    await _starts_remotely(charger, await _remote_start(charger))


@V201.case("TC_F_02_CSMS", "A remote start first, and the token is asked about before it starts.")
async def asked_about_first(charger: Charger) -> None:
    remote = await _remote_start(charger)
    assert (await charger.authorize(VALID, "Central"))["status"] == "Accepted"
    await _starts_remotely(charger, remote)


@V201.case("TC_F_03_CSMS", "A remote start first, and the token is not asked about.")
async def not_asked_about(charger: Charger) -> None:
    await _starts_remotely(charger, await _remote_start(charger))


@V201.case("TC_F_04_CSMS", "A remote start and no vehicle in time: the session ends as Timeout.")
async def nobody_comes(charger: Charger) -> None:
    remote = await _remote_start(charger)
    running = Transaction(charger)
    await running.event("Started", "RemoteStart", info={"remoteStartId": remote}, evse=_EVSE, idToken=token())
    await running.ends("EVConnectTimeout", "Timeout")
    assert (await charger.was_ended()).reason == "Timeout"


asked(
    "F_06",
    "An unlock without a session.",
    "UnlockConnector",
    {"evseId": 1, "connectorId": 1},
    answer=status("Unlocked"),
)


def _triggered(number: str, says: str, message: str, *then: tuple[str, Payload], evse: Payload | None = None) -> None:
    wanted: dict[str, Any] = {"requestedMessage": message} | ({"evse": evse} if evse else {})
    asked(f"F_{number}", says, "TriggerMessage", wanted, *then)


def _metered(evse: int) -> tuple[str, Payload]:
    return ("MeterValues", {"evseId": evse, "meterValue": [register_wh(10, "Trigger")]})


_triggered("11", "Meter values of one EVSE are triggered, and come.", "MeterValues", _metered(1), evse={"id": 1})
_triggered("12", "Meter values of all EVSEs are triggered, and come.", "MeterValues", _metered(1), _metered(2))


@V201.case("TC_F_13_CSMS", "The session's state at one EVSE is triggered, and comes.")
async def session_of_an_evse(charger: Charger) -> None:
    running = await charger.charges()
    await charger.told("TriggerMessage", {"requestedMessage": "TransactionEvent", "evse": {"id": 1}})
    await running.goes_on("Trigger", state="Charging")


@V201.case("TC_F_14_CSMS", "The sessions' state at all EVSEs is triggered, and comes.")
async def sessions_of_all(charger: Charger) -> None:
    both = [await charger.charges(1), await charger.charges(2)]
    await charger.told("TriggerMessage", {"requestedMessage": "TransactionEvent"})
    for running in both:
        await running.goes_on("Trigger", state="Charging")


_triggered(
    "15", "The log's state is triggered: idle.", "LogStatusNotification", ("LogStatusNotification", status("Idle"))
)
_IDLE = ("FirmwareStatusNotification", status("Idle"))
_triggered("18", "The firmware's state is triggered: idle.", "FirmwareStatusNotification", _IDLE)


@V201.case("TC_F_20_CSMS", "A heartbeat is triggered, and comes.")
async def heartbeat(charger: Charger) -> None:
    _, command = await charger.obeys("trigger", {"message": "Heartbeat"}, "TriggerMessage")
    assert command["status"] == "succeeded"
    assert (await charger.says("Heartbeat"))["currentTime"]


async def _status_triggered(charger: Charger, word: str) -> None:
    body = {"message": "StatusNotification", "evse_number": 1, "connector_number": 1}
    wanted, _ = await charger.obeys("trigger", body, "TriggerMessage")
    assert wanted == {"requestedMessage": "StatusNotification", "evse": _EVSE}
    await charger.status(1, word)


@V201.case("TC_F_23_CSMS", "A connector's status is triggered by its name: Available.")
async def available(charger: Charger) -> None:
    await _status_triggered(charger, "Available")


@V201.case("TC_F_24_CSMS", "A connector's status is triggered by its name: Occupied.")
async def occupied(charger: Charger) -> None:
    await _status_triggered(charger, "Occupied")


@V201.case("TC_F_27_CSMS", "A trigger that the station does not know is refused as NotImplemented.")
async def trigger_unknown(charger: Charger) -> None:
    body = {"message": "MeterValues"}
    _, command = await charger.obeys("trigger", body, "TriggerMessage", status("NotImplemented"))
    assert (command["status"], command["answer"]) == ("refused", "NotImplemented")


@V201.case("TC_G_01_CSMS", "A connector's status is taken.")
async def connector_status(charger: Charger) -> None:
    await charger.status(2, "Reserved")
    changed = await charger.stand.fact(TRANSACTION_EVENTS, charger.station_id, ConnectorStatusChanged, 3)
    assert (changed.evse_number, changed.state) == (2, ConnectorState.RESERVED)


def _availability(number: str, of: Payload, wanted: str, *, charging: bool = False) -> None:
    payload: dict[str, Any] = {"operationalStatus": wanted} | ({"evse": of} if of else {})
    place = {0: "the station", 1: "an EVSE", 2: "a connector"}[len(of)]
    says = f"{place} becomes {wanted}{', once its session ended' if charging else ''}."
    word = "Unavailable" if wanted == "Inoperative" else "Available"
    told = {"timestamp": now(), "connectorStatus": word, "evseId": 1, "connectorId": 1}
    answer = status("Scheduled" if charging else "Accepted")
    then = ("StatusNotification", told)
    asked(f"G_{number}", says.capitalize(), "ChangeAvailability", payload, then, answer=answer, charging=charging)


_availability("03", {"id": 1}, "Inoperative")
_availability("04", {"id": 1}, "Operative")
_availability("05", {}, "Inoperative")
_availability("06", {}, "Operative")
_availability("07", _EVSE, "Inoperative")
_availability("08", _EVSE, "Operative")
_availability("11", {"id": 1}, "Inoperative", charging=True)
_availability("14", {}, "Inoperative", charging=True)
_availability("17", _EVSE, "Inoperative", charging=True)


@V201.case("TC_G_20_CSMS", "The connector does not lock: its event is taken.")
async def lock_failure(charger: Charger) -> None:
    assert (await charger.authorize())["status"] == "Accepted"
    lock = {"name": "ConnectorPlugRetentionLock", "evse": _EVSE}
    event = {
        "eventId": 1,
        "timestamp": now(),
        "trigger": "Alerting",
        "actualValue": "true",
        "eventNotificationType": "HardWiredNotification",
        "component": lock,
        "variable": {"name": "Problem"},
    }
    assert await charger.says("NotifyEvent", {"generatedAt": now(), "seqNo": 0, "eventData": [event]}) == {}
