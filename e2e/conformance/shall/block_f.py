"""Rows on remote control (OCPP 2.0.1 part 2, block F)."""

from conformance.cases import SHALL
from conformance.seeding import VALID
from conformance.v201.charger import Charger, Transaction, token


async def _is_stopped(charger: Charger, running: Transaction) -> None:
    await charger.was_started()
    body = {"transaction_id": running.transaction_id, "reason": "the driver asks"}
    wanted, command = await charger.obeys("stop", body, "RequestStopTransaction")
    assert (wanted, command["status"]) == ({"transactionId": running.transaction_id}, "succeeded")


@SHALL.case("F03.FR.01", "A remote stop names the transaction.")
async def stopped(charger: Charger) -> None:
    await _is_stopped(charger, await charger.charges())


@SHALL.case("F04.FR.01", "A remote stop of a session that was started remotely names the transaction.")
async def started_and_stopped(charger: Charger) -> None:
    body = {"id_token": VALID, "evse_number": 1, "reason": "the driver asks"}
    wanted, _ = await charger.obeys("start", body, "RequestStartTransaction")
    running = Transaction(charger)
    info = {"remoteStartId": wanted["remoteStartId"], "chargingState": "Charging"}
    evse = {"id": 1, "connectorId": 1}
    await running.event("Started", "RemoteStart", info=info, evse=evse, idToken=token(VALID, "Central"))
    await _is_stopped(charger, running)


@SHALL.case("F06.FR.01", "A trigger names the message that is wished for.")
async def trigger(charger: Charger) -> None:
    wanted, _ = await charger.obeys("trigger", {"message": "Heartbeat"}, "TriggerMessage")
    assert wanted == {"requestedMessage": "Heartbeat"}


@SHALL.case("F06.FR.13", "A trigger of a status names the connector.")
async def trigger_of_a_status(charger: Charger) -> None:
    nameless = {"message": "StatusNotification", "evse_number": 1}
    told = (await charger.stand.command(charger.station_id, "trigger", nameless)).json()
    assert (told["status"], told["answer"]) == ("refused", "inexpressible")
    wanted, _ = await charger.obeys("trigger", {**nameless, "connector_number": 1}, "TriggerMessage")
    assert wanted == {"requestedMessage": "StatusNotification", "evse": {"id": 1, "connectorId": 1}}
