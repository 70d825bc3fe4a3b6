"""Cases of one shape: the operator asks, the station answers, and what it says afterwards is taken."""

from collections.abc import Mapping
from typing import Any

from conformance.cases import V201
from conformance.station import ACCEPTED, Payload
from conformance.v201.charger import Charger

REJECTED: Payload = {"status": "Rejected"}


def status(word: str) -> Mapping[str, Any]:
    """An answer that is a status alone."""
    return {"status": word}


def asked(
    number: str,
    says: str,
    action: str,
    payload: Payload,
    *then: tuple[str, Payload],
    answer: Payload = ACCEPTED,
    outcome: str = "succeeded",
    charging: bool = False,
) -> None:
    """Registers TC_<number>_CSMS; `then` are the station's messages, each taken with an empty answer."""

    @V201.case(f"TC_{number}_CSMS", says)
    async def case(charger: Charger) -> None:
        if charging:
            await charger.charges()
        await charger.told(action, payload, answer, outcome)
        for name, message in then:
            assert await charger.says(name, message) == {}
