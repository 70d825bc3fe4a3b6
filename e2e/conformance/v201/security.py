"""Block A: passwords, certificates and security profiles (OCPP 2.0.1)."""

from collections.abc import Awaitable, Callable

import pytest
from websockets.exceptions import InvalidStatus

from conformance.cases import V201
from conformance.pem import signing_request
from conformance.profiles import (
    a_password_rotates,
    an_old_version_is_refused,
    another_certificate_is_refused,
    comes_in_by,
    is_refused_by,
    the_gateway_proves_itself,
    the_profile_rises,
    the_station_proves_itself,
)
from conformance.seeding import SECRET
from conformance.station import ACCEPTED, Payload, Station, now
from conformance.v201.charger import Charger

NEW_PASSWORD = "a-fresh-password-of-the-station"
_TLS_PROFILE = {
    "ocppVersion": "OCPP20",
    "ocppTransport": "JSON",
    "ocppCsmsUrl": "wss://csms.example/ocpp",
    "messageTimeout": 30,
    "securityProfile": 2,
    "ocppInterface": "Wired0",
}


def _over_tls(number: str, says: str, run: Callable[[Station], Awaitable[None]]) -> None:
    V201.case(f"TC_A_{number}_CSMS", says, connects=False)(run)


async def _refused(charger: Charger, **wrong: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await charger.connect(**wrong)
    assert refused.value.response.status_code == 401


async def _sets_password(charger: Charger, answer: str, outcome: str) -> None:
    variable = {"component": {"name": "SecurityCtrlr"}, "variable": {"name": "BasicAuthPassword"}}
    result = {"attributeStatus": answer, **variable}
    wanted = {"setVariableData": [{"attributeValue": NEW_PASSWORD, **variable}]}
    await charger.told("SetVariables", wanted, {"setVariableResult": [result]}, outcome)
    await charger.disconnect()


async def _asks_for_a_certificate(charger: Charger, kind: str, answer: Payload = ACCEPTED) -> None:
    await charger.told("TriggerMessage", {"requestedMessage": f"Sign{kind}Certificate"})
    wanted = {"csr": signing_request(charger.station_id), "certificateType": f"{kind}Certificate"}
    assert await charger.says("SignCertificate", wanted) == ACCEPTED
    charger.answers["CertificateSigned"] = answer
    sent = await charger.was_asked("CertificateSigned")
    assert sent["certificateType"] == f"{kind}Certificate"
    assert "BEGIN CERTIFICATE" in sent["certificateChain"]


@V201.case("TC_A_01_CSMS", "The right name and password open a socket.", connects=False)
async def right_password(charger: Charger) -> None:
    await charger.connect()
    await charger.boots()


@V201.case("TC_A_02_CSMS", "Another name than the one in the address opens none.", connects=False)
async def another_name(charger: Charger) -> None:
    await _refused(charger, user="OCTT0001X")


@V201.case("TC_A_03_CSMS", "A wrong password opens none.", connects=False)
async def wrong_password(charger: Charger) -> None:
    await _refused(charger, secret="not-the-password-of-it")


@V201.case("TC_A_09_CSMS", "A new password that the station took is the only one from then on.")
async def new_password(charger: Charger) -> None:
    await a_password_rotates(charger, NEW_PASSWORD)
    await _sets_password(charger, "Accepted", "succeeded")
    await comes_in_by(charger, NEW_PASSWORD)
    await charger.disconnect()
    await is_refused_by(charger, SECRET)


@V201.case("TC_A_10_CSMS", "A new password that the station rejected is none: the old one stays.")
async def rejected_password(charger: Charger) -> None:
    await _sets_password(charger, "Rejected", "refused")
    await charger.connect()
    await charger.disconnect()
    await _refused(charger, secret=NEW_PASSWORD)


@V201.case("TC_A_11_CSMS", "The operator asks for a new station certificate: it is signed and sent.")
async def station_certificate(charger: Charger) -> None:
    await _asks_for_a_certificate(charger, "ChargingStation")


@V201.case("TC_A_12_CSMS", "The operator asks for a new V2G certificate: it is signed and sent.")
async def v2g_certificate(charger: Charger) -> None:
    await _asks_for_a_certificate(charger, "V2G")


@V201.case("TC_A_14_CSMS", "A certificate that the station cannot take raises a security event.")
async def certificate_rejected(charger: Charger) -> None:
    await _asks_for_a_certificate(charger, "ChargingStation", {"status": "Rejected"})
    event = {"type": "InvalidChargingStationCertificate", "timestamp": now()}
    assert await charger.says("SecurityEventNotification", event) == {}


_over_tls("04", "The gateway proves itself by its certificate.", the_gateway_proves_itself)
_over_tls("06", "A TLS version below 1.2 opens no socket.", an_old_version_is_refused)
_over_tls("07", "The station proves itself by its certificate.", the_station_proves_itself)
_over_tls("08", "A certificate that is not the station's opens no socket.", another_certificate_is_refused)


@V201.case("TC_A_19_CSMS", "A raised security profile is the only one from then on.")
async def raised_profile(charger: Charger) -> None:
    slot = {"configurationSlot": 2, "connectionData": _TLS_PROFILE}
    await charger.told("SetNetworkProfile", slot)
    await the_profile_rises(charger)
    await charger.disconnect()
    await is_refused_by(charger, SECRET)
    await charger.connect_securely(charger.stand.certificates.client())
    await charger.boots("RemoteReset")
