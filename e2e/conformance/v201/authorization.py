"""Block C: which tokens may charge (OCPP 2.0.1)."""

from conformance.cases import V201
from conformance.lacks import CONTRACTS, GROUPS
from conformance.pem import HASH, ROOT
from conformance.seeding import BLOCKED, EXPIRED, UNKNOWN, VALID
from conformance.v201.asking import REJECTED, asked
from conformance.v201.charger import Charger, Transaction, token

_OCSP = {**HASH, "responderURL": "http://ocsp.example"}


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

for _number, _says in {
    "39": "Two tokens of one group start and stop one session.",
    "40": "As before, with the second token in the local list.",
    "43": "A token of the group that is not good itself stops nothing.",
    "47": "A master pass stops all sessions.",
    "48": "A master pass stops a chosen session.",
    "49": "A master pass at a station without a display stops all sessions.",
}.items():
    V201.not_built(f"TC_C_{_number}_CSMS", _says, GROUPS)


async def _contract(charger: Charger, uid: str, **more: object) -> tuple[str, str]:
    wanted = {"idToken": token(uid, "eMAID"), **more}
    answer = await charger.says("Authorize", wanted)
    return answer["idTokenInfo"]["status"], answer["certificateStatus"]


@V201.case(
    "TC_C_50_CSMS",
    "A contract that the station checked itself is accepted, its certificate with it.",
    missing=CONTRACTS,
)
async def contract(charger: Charger) -> None:
    assert await _contract(charger, VALID, iso15118CertificateHashData=[_OCSP]) == ("Accepted", "Accepted")


@V201.case("TC_C_51_CSMS", "A contract whose certificate is revoked is not accepted.", missing=CONTRACTS)
async def revoked_contract(charger: Charger) -> None:
    revoked = {**_OCSP, "serialNumber": "dead"}
    word, certificate = await _contract(charger, VALID, iso15118CertificateHashData=[revoked])
    assert (word, certificate) == ("Blocked", "CertificateRevoked")


@V201.case(
    "TC_C_52_CSMS", "A contract that the gateway is to check is accepted, its certificate with it.", missing=CONTRACTS
)
async def contract_to_check(charger: Charger) -> None:
    assert await _contract(charger, VALID, certificate=ROOT) == ("Accepted", "Accepted")
