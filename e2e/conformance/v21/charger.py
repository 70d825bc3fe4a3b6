"""A charging station of OCPP 2.1, which says all that one of 2.0.1 says."""

import orjson

from conformance.stand import Stand
from conformance.station import Payload
from conformance.v201.charger import Charger


class Charger21(Charger):
    """Says SEND too."""

    def __init__(self, stand: Stand) -> None:
        super().__init__(stand, "2.1")

    async def streams(self, action: str, payload: Payload) -> None:
        """A SEND: nothing is answered to it."""
        await self.sends(orjson.dumps([6, f"send-{action[:20]}", action, payload]).decode())
