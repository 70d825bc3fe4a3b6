"""Rows on authorisation (OCPP 2.0.1 part 2, block C)."""

from typing import Any

from chassis.testing import eventually
from conformance.cases import SHALL
from conformance.seeding import BLOCKED, CONTRACT, FIRST, GROUP, PIN, UNKNOWN, VALID, card, shape_of
from conformance.v201.charger import Charger, Transaction, token
from conformance.vehicles import Holder
from ev_contracts.accounts import ChargingPlaces


async def _restricted(charger: Charger, uid: str, places: ChargingPlaces) -> Any:
    """What the station is told of a new card that is for these places, once accounts' word of it has come."""
    await charger.stand.says(*card(uid, 100, places=places))

    async def known() -> Any:
        told = await charger.authorize(uid)
        return None if told["status"] == "Invalid" else told

    return await eventually(known, what="the new card")


async def _start_is_refused(charger: Charger, uid: str, why: str, **place: int) -> None:
    """The operator's own remote start for the card; the station hears nothing of it."""
    asked = {"id_token": uid, "reason": "he asked for help"} | place
    response = await charger.stand.command(charger.station_id, "start", asked)
    assert (response.status_code, why in response.text) == (409, True), response.text
    assert charger.asked.empty()


@SHALL.case("C01.FR.18", "A good token of a driver who may not use this kind of EVSE is NotAllowedTypeEVSE.")
async def not_this_kind(charger: Charger) -> None:
    told = await _restricted(charger, "CAFE0118", ChargingPlaces(site_ids=("S-OCTT",), allows_ac=False))
    assert told == {"status": "NotAllowedTypeEVSE"}
    await _start_is_refused(charger, "CAFE0118", "not-at-this-kind-of-evse")


@SHALL.case("C01.FR.20", "A token for some EVSEs of the station is answered with the list of them.")
async def some_evses(charger: Charger) -> None:
    second = shape_of(charger.station_id).evses[1].evse_id
    told = await _restricted(charger, "CAFE0120", ChargingPlaces(evse_ids=(second,)))
    assert told == {"status": "Accepted", "evseId": [2]}
    await _start_is_refused(charger, "CAFE0120", "not-at-this-location", evse_number=1)
    first = await Transaction(charger).starts("Authorized", idToken=token("CAFE0120"))
    assert first["idTokenInfo"]["status"] == "NotAtThisLocation"
    second_one = await Transaction(charger, evse=2).starts("Authorized", idToken=token("CAFE0120"))
    assert second_one["idTokenInfo"] == {"status": "Accepted", "evseId": [2]}


@SHALL.case("C01.FR.22", "A token for none of the station's EVSEs is NotAtThisLocation.")
async def no_evse(charger: Charger) -> None:
    told = await _restricted(charger, "CAFE0122", ChargingPlaces(site_ids=("S-ELSEWHERE",)))
    assert told == {"status": "NotAtThisLocation"}
    await _start_is_refused(charger, "CAFE0122", "not-at-this-location")


@SHALL.case("C01.FR.19", "A token for all EVSEs of the station is answered without a list of them.")
async def all_evses(charger: Charger) -> None:
    told = await charger.authorize()
    assert told["status"] == "Accepted"
    assert "evseId" not in told


@SHALL.case("C02.FR.02", "A session without authorisation is Accepted.")
async def without_authorisation(charger: Charger) -> None:
    nobody = {"idToken": "", "type": "NoAuthorization"}
    answer = await Transaction(charger).starts("RemoteStart", idToken=nobody)
    assert answer["idTokenInfo"]["status"] == "Accepted"


@SHALL.case("C04.FR.01", "A key code that is not valid here is Invalid.")
async def unknown_key_code(charger: Charger) -> None:
    assert (await charger.authorize(UNKNOWN, "KeyCode"))["status"] == "Invalid"


@SHALL.case("C04.FR.02", "A key code that is valid here is Accepted.")
async def key_code(charger: Charger) -> None:
    assert (await charger.authorize(PIN, "KeyCode"))["status"] == "Accepted"


@SHALL.case("C04.FR.04", "A key code stands in no log.")
async def key_code_unwritten(charger: Charger) -> None:
    await charger.authorize(PIN, "KeyCode")
    running = Transaction(charger)
    await running.starts("Authorized", idToken=token(PIN, "KeyCode"))
    await running.ends("StopAuthorized", "Local", idToken=token(PIN, "KeyCode"))
    await charger.was_ended()
    assert await charger.stand.records_with(PIN.encode()) == []


async def _shows(charger: Charger, contract: Holder, uid: str = CONTRACT) -> tuple[str, str]:
    shown = charger.stand.operator.chain(contract)
    payload: dict[str, Any] = {"idToken": token(uid, "eMAID"), "certificate": shown}
    answer = await charger.says("Authorize", payload)
    return answer["idTokenInfo"]["status"], answer["certificateStatus"]


@SHALL.case("C07.FR.05", "A contract certificate and its chain are checked by OCSP.")
async def asked_of_the_responder(charger: Charger) -> None:
    operator = charger.stand.operator
    before = operator.asked
    assert await _shows(charger, operator.contract(CONTRACT)) == ("Accepted", "Accepted")
    assert operator.asked > before


@SHALL.case("C07.FR.13", "A good contract certificate of a token that is not good is ContractCancelled.")
async def contract_cancelled(charger: Charger) -> None:
    contract = charger.stand.operator.contract(BLOCKED)
    assert await _shows(charger, contract, BLOCKED) == ("Blocked", "ContractCancelled")


@SHALL.case("C07.FR.14", "A good contract certificate of a good token is Accepted.")
async def good_contract(charger: Charger) -> None:
    assert await _shows(charger, charger.stand.operator.contract(CONTRACT)) == ("Accepted", "Accepted")


@SHALL.case("C07.FR.15", "An expired contract certificate is CertificateExpired, and its token Expired.")
async def expired_contract(charger: Charger) -> None:
    contract = charger.stand.operator.contract(CONTRACT, days=(-30, -1))
    assert await _shows(charger, contract) == ("Expired", "CertificateExpired")


@SHALL.case("C07.FR.16", "A revoked contract certificate is CertificateRevoked, and its token Invalid.")
async def revoked_contract(charger: Charger) -> None:
    operator = charger.stand.operator
    contract = operator.contract(CONTRACT)
    operator.revoked.add(contract.certificate.serial_number)
    assert await _shows(charger, contract) == ("Invalid", "CertificateRevoked")


@SHALL.case("C07.FR.17", "A contract certificate that cannot be verified is CertChainError, and its token Invalid.")
async def unverifiable_contract(charger: Charger) -> None:
    payload = {"idToken": token(CONTRACT, "eMAID"), "certificate": charger.stand.operator.contract(CONTRACT).pem}
    answer = await charger.says("Authorize", payload)
    assert (answer["idTokenInfo"]["status"], answer["certificateStatus"]) == ("Invalid", "CertChainError")


@SHALL.case("C09.FR.09", "The answer about a token names its group.")
async def group_of_a_token(charger: Charger) -> None:
    assert (await charger.authorize(FIRST))["groupIdToken"]["idToken"] == GROUP
    assert "groupIdToken" not in await charger.authorize(VALID)


@SHALL.case("C09.FR.12", "The answer to a session's event with a token names its group.")
async def group_in_a_session(charger: Charger) -> None:
    answer = await Transaction(charger).starts("Authorized", idToken=token(FIRST))
    assert answer["idTokenInfo"]["groupIdToken"]["idToken"] == GROUP


@SHALL.case("C12.FR.03", "A token that the station took from its cache is judged again.")
async def cached_token(charger: Charger) -> None:
    answer = await Transaction(charger).starts("Authorized", state="Charging", idToken=token(BLOCKED))
    assert answer["idTokenInfo"]["status"] == "Blocked"
