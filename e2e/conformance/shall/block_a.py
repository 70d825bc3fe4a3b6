"""Rows on profiles, passwords and certificates (OCPP 2.0.1 part 2, block A); those on TLS stand beside."""

from conformance.cases import SHALL
from conformance.pem import signing_request
from conformance.profiles import (
    a_password_rotates,
    comes_in_by,
    is_refused_by,
    nothing_is_told,
    profile_of,
    the_profile_rises,
    the_registry_is_told,
)
from conformance.seeding import SECRET
from conformance.station import ACCEPTED, Payload, now
from conformance.v201.charger import Charger

_NEW = "another-password-of-the-station"


@SHALL.case("A00.FR.001", "One security profile is in use at a time.", connects=False)
async def one_profile(charger: Charger) -> None:
    await the_profile_rises(charger)
    await charger.connect_securely(charger.stand.certificates.client())
    assert await profile_of(charger) == 2
    await is_refused_by(charger, SECRET)


@SHALL.case("A00.FR.002", "A station that comes by a lower profile than its own is refused.", connects=False)
async def lower_profile(charger: Charger) -> None:
    await the_profile_rises(charger)
    await is_refused_by(charger, SECRET)


@SHALL.case(
    "A00.FR.207", "The name in the proof is the identity in the address, or no socket is opened.", connects=False
)
async def another_name(charger: Charger) -> None:
    charger.user = "OCTT0001X"
    await is_refused_by(charger, SECRET)


@SHALL.case("A01.FR.03", "Once a new password was taken and used, the one before is dead.", connects=False)
async def password_taken(charger: Charger) -> None:
    await a_password_rotates(charger, _NEW)
    await comes_in_by(charger, _NEW)
    await charger.disconnect()
    await is_refused_by(charger, SECRET)


@SHALL.case("A01.FR.04", "Until a new password was used, the one before stays good.", connects=False)
async def password_not_taken(charger: Charger) -> None:
    await a_password_rotates(charger, _NEW)
    await comes_in_by(charger, SECRET)
    assert await charger.says("Heartbeat")


async def _sets_password(charger: Charger, answer: str, outcome: str) -> None:
    variable = {"component": {"name": "SecurityCtrlr"}, "variable": {"name": "BasicAuthPassword"}}
    wanted = {"setVariableData": [{"attributeValue": _NEW, **variable}]}
    result = {"setVariableResult": [{"attributeStatus": answer, **variable}]}
    await charger.told("SetVariables", wanted, result, outcome)


@SHALL.case("A01.FR.02", "A password is changed by setting BasicAuthPassword.")
async def password_set(charger: Charger) -> None:
    await _sets_password(charger, "Accepted", "succeeded")
    await the_registry_is_told(charger, _NEW)


@SHALL.case("A01.FR.05", "A station that refused a new password is still let in.")
async def password_refused(charger: Charger) -> None:
    await _sets_password(charger, "Rejected", "refused")
    await nothing_is_told(charger)
    await charger.disconnect()
    await charger.connect()
    assert await charger.says("Heartbeat")


async def _asks_to_sign(charger: Charger, csr: str, *, asked_for: bool) -> Payload:
    if asked_for:
        await charger.told("TriggerMessage", {"requestedMessage": "SignChargingStationCertificate"})
    charger.answers["CertificateSigned"] = ACCEPTED
    answer: Payload = await charger.says("SignCertificate", {"csr": csr})
    return answer


def _signing(use_case: str, how: str, *, asked_for: bool) -> None:
    @SHALL.case(f"{use_case}.FR.11", f"{how} for a certificate that can be met is Accepted.")
    async def met(charger: Charger) -> None:
        assert await _asks_to_sign(charger, signing_request(charger.station_id), asked_for=asked_for) == ACCEPTED
        assert "BEGIN CERTIFICATE" in (await charger.was_asked("CertificateSigned"))["certificateChain"]

    @SHALL.case(f"{use_case}.FR.12", f"{how} for a certificate that cannot be met is Rejected.")
    async def not_met(charger: Charger) -> None:
        for csr in ("no request", signing_request("OCTT0000")):
            assert (await _asks_to_sign(charger, csr, asked_for=asked_for))["status"] == "Rejected"
        assert charger.asked.empty()


_signing("A02", "A request that was asked for,", asked_for=True)
_signing("A03", "A station's own request", asked_for=False)


@SHALL.case("A04.FR.03", "A security event is answered.")
async def security_event(charger: Charger) -> None:
    event = {"type": "TamperDetectionActivated", "timestamp": now(), "techInfo": "lid"}
    assert await charger.says("SecurityEventNotification", event) == {}


@SHALL.case("A05.FR.07", "After the profile rose the lower one is refused, and the higher one is not.", connects=False)
async def raised_profile(charger: Charger) -> None:
    await the_profile_rises(charger)
    await is_refused_by(charger, SECRET)
    await charger.connect_securely(charger.stand.certificates.client())
    assert await charger.says("Heartbeat")
