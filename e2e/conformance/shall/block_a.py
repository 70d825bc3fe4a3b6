"""Rows on security (OCPP 2.0.1 part 2, block A); what only a sequence shows stands among the OCA's cases."""

from conformance.cases import SHALL
from conformance.profiles import a_password_rotates, comes_in_by, is_refused_by, the_profile_rises
from conformance.seeding import SECRET
from conformance.v201.charger import Charger

_NEW = "another-password-of-the-station"


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


@SHALL.case("A05.FR.07", "After the profile rose the lower one is refused, and the higher one is not.", connects=False)
async def raised_profile(charger: Charger) -> None:
    await the_profile_rises(charger)
    await is_refused_by(charger, SECRET)
    await charger.connect_securely(charger.stand.certificates.client())
    assert await charger.says("Heartbeat")
