"""Rows on transactions (OCPP 2.0.1 part 2, block E)."""

from conformance.cases import SHALL
from conformance.seeding import BLOCKED, FIRST, GROUP
from conformance.v201.charger import Charger, Transaction, token


@SHALL.case("E01.FR.11", "The token of a session that starts is judged.")
async def judged(charger: Charger) -> None:
    for uid, word in ((FIRST, "Accepted"), (BLOCKED, "Blocked")):
        answer = await Transaction(charger).starts("Authorized", idToken=token(uid))
        assert answer["idTokenInfo"]["status"] == word


@SHALL.case("E01.FR.12", "The answer to a session's start holds the verdict and the group.")
async def verdict_and_group(charger: Charger) -> None:
    told = (await Transaction(charger).starts("Authorized", idToken=token(FIRST)))["idTokenInfo"]
    assert (told["status"], told["groupIdToken"]["idToken"]) == ("Accepted", GROUP)


@SHALL.case("E02.FR.02", "The answer to a session that was authorised holds the verdict.")
async def authorised_later(charger: Charger) -> None:
    running = Transaction(charger)
    assert "idTokenInfo" not in await running.starts("CablePluggedIn", state="EVConnected")
    answer = await running.goes_on("Authorized", state="Charging", idToken=token())
    assert answer["idTokenInfo"]["status"] == "Accepted"


@SHALL.case("E02.FR.04", "The token of a session that was plugged in first is judged, whatever the station knew of it.")
async def plugged_in_first(charger: Charger) -> None:
    running = Transaction(charger)
    await running.starts("CablePluggedIn", state="EVConnected")
    answer = await running.goes_on("Authorized", state="Charging", idToken=token(BLOCKED))
    assert answer["idTokenInfo"]["status"] == "Blocked"


@SHALL.case("E03.FR.02", "The answer to a session that began with its token holds the verdict.")
async def token_first(charger: Charger) -> None:
    running = Transaction(charger)
    assert (await running.starts("Authorized", idToken=token()))["idTokenInfo"]["status"] == "Accepted"
    assert "idTokenInfo" not in await running.goes_on("CablePluggedIn", state="EVConnected")


@SHALL.case("E05.FR.01", "A token that the station believed good is judged.")
async def believed_good(charger: Charger) -> None:
    running = Transaction(charger)
    answer = await running.starts("Authorized", state="Charging", offline=True, idToken=token(BLOCKED))
    assert answer["idTokenInfo"]["status"] == "Blocked"
    await running.ends("Deauthorized", "DeAuthorized")
    assert (await charger.was_ended()).reason == "DeAuthorized"
