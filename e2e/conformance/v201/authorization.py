"""Block C: which tokens may charge (OCPP 2.0.1)."""

from conformance.cases import V201
from conformance.seeding import (
    BLOCKED,
    CONTRACT,
    EXPIRED,
    FIRST,
    GROUP,
    LAPSED,
    MASTER,
    MASTER_GROUP,
    SECOND,
    UNKNOWN,
    VALID,
)
from conformance.v201.asking import REJECTED, asked
from conformance.v201.charger import Charger, Transaction, token


@V201.case("TC_C_02_CSMS", "An unknown token is Invalid or Unknown.")
async def unknown(charger: Charger) -> None:
    assert (await charger.authorize(UNKNOWN))["status"] in {"Invalid", "Unknown"}


@V201.case("TC_C_06_CSMS", "A blocked token is Blocked.")
async def blocked(charger: Charger) -> None:
    assert (await charger.authorize(BLOCKED))["status"] == "Blocked"


@V201.case("TC_C_07_CSMS", "A token past its time is Expired.")
async def expired(charger: Charger) -> None:
    assert (await charger.authorize(EXPIRED))["status"] == "Expired"


@V201.case("TC_C_08_CSMS", "A token from the station's cache is judged again as its session starts.")
async def from_the_cache(charger: Charger) -> None:
    assert (await charger.authorize())["status"] == "Accepted"
    answer = await Transaction(charger).starts("Authorized", idToken=token())
    assert answer["idTokenInfo"]["status"] == "Accepted"


@V201.case("TC_C_20_CSMS", "A cached token that is no longer good is told as its session starts.")
async def from_a_stale_cache(charger: Charger) -> None:
    running = Transaction(charger)
    answer = await running.starts("Authorized", idToken=token(BLOCKED))
    assert answer["idTokenInfo"]["status"] == "Blocked"
    await running.ends("Deauthorized", "DeAuthorized")


asked("C_37", "The station clears its authorisation cache.", "ClearCache", {})
asked("C_38", "A station without a cache rejects its clearing.", "ClearCache", {}, answer=REJECTED, outcome="refused")


def _word(status: str, group: str = GROUP) -> dict[str, object]:
    """What is told of a token that belongs to a group."""
    return {"status": status, "groupIdToken": {"idToken": group, "type": "Central"}}


async def _begun_by(charger: Charger, uid: str, evse: int = 1) -> Transaction:
    running = Transaction(charger, evse)
    answer = await running.starts("Authorized", state="Charging", idToken=token(uid))
    assert answer["idTokenInfo"]["status"] == "Accepted"
    return running


async def _ended_by(running: Transaction, uid: str) -> object:
    return (await running.ends("StopAuthorized", "Local", idToken=token(uid)))["idTokenInfo"]


async def _listed(charger: Charger, *cards: tuple[str, str]) -> list[object]:
    """What the station's local list says of these cards, where the operator named no group."""
    entries = [{"id_token": {"uid": uid, "type": "ISO14443"}, "status": word} for uid, word in cards]
    wanted = {"list_version": 1, "update_type": "Full", "entries": entries}
    sent, _ = await charger.obeys("send-local-list", wanted, "SendLocalList")
    return [entry["idTokenInfo"] for entry in sent["localAuthorizationList"]]


@V201.case("TC_C_39_CSMS", "Two tokens of one group start and stop one session.")
async def two_of_a_group(charger: Charger) -> None:
    assert await charger.authorize(FIRST) == _word("Accepted")
    running = await _begun_by(charger, FIRST)
    assert await charger.authorize(SECOND) == _word("Accepted")
    assert await _ended_by(running, SECOND) == _word("Accepted")
    assert (await charger.was_ended()).token_group_id == GROUP


@V201.case("TC_C_40_CSMS", "As before, with the second token in the local list.")
async def one_of_the_group_in_the_list(charger: Charger) -> None:
    assert await _listed(charger, (SECOND, "Accepted")) == [_word("Accepted")]
    running = await _begun_by(charger, FIRST)
    assert await _ended_by(running, SECOND) == _word("Accepted")


@V201.case("TC_C_43_CSMS", "A token of the group that is not good itself stops nothing.")
async def lapsed_of_the_group(charger: Charger) -> None:
    assert await _listed(charger, (FIRST, "Accepted"), (LAPSED, "Blocked")) == [_word("Accepted"), _word("Blocked")]
    running = await _begun_by(charger, FIRST)
    assert await charger.authorize(LAPSED) == _word("Blocked")
    assert await _ended_by(running, FIRST) == _word("Accepted")


async def _master_ends(charger: Charger, *sessions: Transaction) -> None:
    assert await charger.authorize(MASTER) == _word("Accepted", MASTER_GROUP)
    for running in sessions:
        assert await _ended_by(running, MASTER) == _word("Accepted", MASTER_GROUP)
    assert (await charger.was_ended()).token_is_master_pass


@V201.case("TC_C_47_CSMS", "A master pass stops all sessions.")
async def master_stops_all(charger: Charger) -> None:
    await _master_ends(charger, await _begun_by(charger, FIRST), await _begun_by(charger, VALID, 2))


@V201.case("TC_C_48_CSMS", "A master pass stops a chosen session.")
async def master_stops_one(charger: Charger) -> None:
    other = await _begun_by(charger, FIRST)
    await _master_ends(charger, await _begun_by(charger, VALID, 2))
    await other.goes_on("MeterValuePeriodic", state="Charging")


@V201.case("TC_C_49_CSMS", "A master pass at a station without a display stops all sessions, and starts none.")
async def master_without_a_display(charger: Charger) -> None:
    await _master_ends(charger, await _begun_by(charger, FIRST), await _begun_by(charger, VALID, 2))
    answer = await Transaction(charger).starts("Authorized", idToken=token(MASTER))
    assert answer["idTokenInfo"]["status"] == "Invalid"


async def _contract(charger: Charger, **shown: object) -> tuple[str, str]:
    answer = await charger.says("Authorize", {"idToken": token(CONTRACT, "eMAID"), **shown})
    return answer["idTokenInfo"]["status"], answer["certificateStatus"]


@V201.case("TC_C_50_CSMS", "A contract that the station checked itself is accepted, its certificate with it.")
async def contract(charger: Charger) -> None:
    operator = charger.stand.operator
    hashes = operator.hashes_of(operator.contract(CONTRACT))
    assert await _contract(charger, iso15118CertificateHashData=hashes) == ("Accepted", "Accepted")


@V201.case("TC_C_51_CSMS", "A contract whose certificate is revoked is not accepted.")
async def revoked_contract(charger: Charger) -> None:
    operator = charger.stand.operator
    contract = operator.contract(CONTRACT)
    operator.revoked.add(contract.certificate.serial_number)
    hashes = operator.hashes_of(contract)
    assert await _contract(charger, iso15118CertificateHashData=hashes) == ("Invalid", "CertificateRevoked")


@V201.case("TC_C_52_CSMS", "A contract that the gateway is to check is accepted, its certificate with it.")
async def contract_to_check(charger: Charger) -> None:
    operator = charger.stand.operator
    shown = operator.chain(operator.contract(CONTRACT))
    assert await _contract(charger, certificate=shown) == ("Accepted", "Accepted")
