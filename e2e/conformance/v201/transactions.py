"""Block E: when a session starts and ends, by what the station takes for its start and its end (OCPP 2.0.1)."""

from typing import Any

from charger_gateway.domain.station import TRANSACTION_EVENTS
from conformance.cases import V201
from conformance.seeding import UNKNOWN, VALID
from conformance.v201.charger import Charger, Transaction, register_wh, token
from ev_contracts.gateway import TransactionStarted, TransactionUpdated


def _started(number: str, says: str, *steps: tuple[str, str | None, bool]) -> None:
    """A session starts with the first step and goes on with the others: (trigger, charging state, with the token)."""

    @V201.case(f"TC_E_{number}_CSMS", says)
    async def case(charger: Charger) -> None:
        running = Transaction(charger)
        for place, (trigger, state, with_token) in enumerate(steps):
            more: dict[str, Any] = {"idToken": token()} if with_token else {}
            say = running.goes_on if place else running.starts
            answer = await say(trigger, state=state, **more)
            assert answer.get("idTokenInfo", {}).get("status") == ("Accepted" if with_token else None)
        assert (await charger.was_started()).transaction_id == running.transaction_id
        assert len(await _updates(charger)) == len(steps) - 1


async def _updates(charger: Charger) -> list[TransactionUpdated]:
    return await charger.stand.facts(TRANSACTION_EVENTS, charger.station_id, TransactionUpdated)


def _ended(
    number: str, says: str, trigger: str, reason: str, *, state: str = "EVConnected", uid: str | None = None
) -> None:
    """A running session ends, in one message."""

    @V201.case(f"TC_E_{number}_CSMS", says)
    async def case(charger: Charger) -> None:
        running = await charger.charges()
        await running.goes_on("ChargingStateChanged", state=state)
        more: dict[str, Any] = {"idToken": token(uid)} if uid else {}
        await running.ends(trigger, reason, state=state, meterValue=[register_wh(2_000, "Transaction.End")], **more)
        ended = await charger.was_ended()
        assert (ended.reason, ended.transaction_id) == (reason, running.transaction_id)
        assert ended.readings[-1].register_wh == 2_000


_PLUGGED = ("CablePluggedIn", "EVConnected", False)
_AUTHORIZED = ("Authorized", None, True)
_CHARGES = ("ChargingStateChanged", "Charging", False)
_started(
    "01", "The session starts as the path of power closes.", ("ChargingStateChanged", "EVConnected", True), _CHARGES
)
_started("02", "The session starts as energy flows.", ("ChargingStateChanged", "Charging", True))
_started("03", "Plug in first, then the token.", _PLUGGED, _AUTHORIZED, _CHARGES)
_started("04", "The token first, then plug in.", _AUTHORIZED, _PLUGGED, _CHARGES)
_started("09", "The session starts as the vehicle is connected.", _PLUGGED, _AUTHORIZED, _CHARGES)
_started("10", "The session starts with the token.", _AUTHORIZED, _PLUGGED)
_started("11", "The session starts with signed data.", ("SignedDataReceived", "EVConnected", True), _CHARGES)
_started("12", "The session starts as the bay is taken.", ("EVDetected", "Idle", False), _PLUGGED, _AUTHORIZED)
_SUSPENDED = ("ChargingStateChanged", "SuspendedEV", False)
_started("38", "The vehicle is not ready: the session waits for it.", _PLUGGED, _AUTHORIZED, _SUSPENDED)

_ended("07", "The token ends it as the path of power opens.", "StopAuthorized", "Local", uid=VALID)
_ended("08", "The token ends it as energy stops.", "StopAuthorized", "Local", uid=VALID)
_ended("14", "The cable leaves the station.", "EVCommunicationLost", "EVDisconnected", state="Idle")
_ended("15", "The token ends it.", "StopAuthorized", "Local", uid=VALID)
_ended(
    "17",
    "The cable leaves the vehicle, and the token's right with it.",
    "EVCommunicationLost",
    "EVDisconnected",
    state="Idle",
)
_ended("19", "The bay is left.", "EVDeparted", "Local", state="Idle")
_ended("20", "The cable leaves the vehicle.", "EVCommunicationLost", "EVDisconnected", state="Idle")
_ended("21", "The operator ends it.", "RemoteStop", "Remote")
_ended("22", "The vehicle has enough.", "ChargingStateChanged", "StoppedByEV", state="SuspendedEV")
_ended("39", "No cable in time.", "EVConnectTimeout", "Timeout", state="Idle")


@V201.case("TC_E_16_CSMS", "A bad token within a session is told, and the session ends as DeAuthorized.")
async def deauthorized(charger: Charger) -> None:
    running = Transaction(charger)
    await running.starts("CablePluggedIn", state="EVConnected")
    answer = await running.goes_on("Authorized", idToken=token(UNKNOWN))
    assert answer["idTokenInfo"]["status"] in {"Invalid", "Unknown"}
    await running.ends("Deauthorized", "DeAuthorized")
    assert (await charger.was_ended()).reason == "DeAuthorized"


@V201.case("TC_E_26_CSMS", "The vehicle's side is unplugged: the session is suspended and goes on afterwards.")
async def suspended(charger: Charger) -> None:
    running = await charger.charges()
    await running.goes_on("EVCommunicationLost", state="Idle")
    await running.goes_on("CablePluggedIn", state="EVConnected")
    await running.goes_on("ChargingStateChanged", state="Charging")
    assert [one.charging_state for one in await _updates(charger)] == ["Idle", "EVConnected", "Charging"]


@V201.case("TC_E_53_CSMS", "Two sessions one after the other both count from 0.")
async def counts_from_nought(charger: Charger) -> None:
    for _ in range(2):
        running = await charger.charges()
        await running.ends("StopAuthorized", "Local", idToken=token())
    starts = await charger.stand.facts(TRANSACTION_EVENTS, charger.station_id, TransactionStarted)
    assert [one.seq_no for one in starts] == [0, 0]
    assert len({one.session_id for one in starts}) == 2


def _status_of(number: str, says: str, *, named: bool, ongoing: bool | None, waits: bool) -> None:
    """The operator asks what became of a session, or of the station's queue."""

    @V201.case(f"TC_E_{number}_CSMS", says)
    async def case(charger: Charger) -> None:
        running = await charger.charges()
        if ongoing is False:
            await running.ends("StopAuthorized", "Local", idToken=token())
        wanted = {"transactionId": running.transaction_id} if named else {}
        answer = {"messagesInQueue": waits} | ({} if ongoing is None else {"ongoingIndicator": ongoing})
        await charger.told("GetTransactionStatus", wanted, answer)


_status_of("29", "A running session, with messages that wait.", named=True, ongoing=True, waits=True)
_status_of("30", "A running session, with none that wait.", named=True, ongoing=True, waits=False)
_status_of("31", "An ended session, with messages that wait.", named=True, ongoing=False, waits=True)
_status_of("33", "No session named: messages wait.", named=False, ongoing=None, waits=True)
_status_of("34", "No session named: none wait.", named=False, ongoing=None, waits=False)
