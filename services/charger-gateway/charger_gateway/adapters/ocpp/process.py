"""What a connection needs beside its own socket; shared by all connections of the process."""

from decimal import Decimal
from typing import Protocol

from charger_gateway.adapters.ocpp.interpreter import Interpreter
from charger_gateway.adapters.ocpp.stalls import Stalls
from charger_gateway.domain.running import RunningTransactions
from charger_gateway.ports import Directory, FrameKeeper, Journal
from chassis.clock import Clock


class Costs(Protocol):
    """What sessions cost, for stations that show it."""

    def shown_at(self, key: str) -> bool:
        """Whether the station `<tenant>/<station_id>` shows costs."""
        ...

    async def price_of(self, session_id: str) -> Decimal | None:
        """The session's price; None where it is not known within a bounded time."""
        ...


class Sockets(Protocol):
    """What a connection needs beside its own socket; shared by all connections of the process."""

    clock: Clock
    directory: Directory
    interpreter: Interpreter
    frames: FrameKeeper
    stalls: Stalls
    running: RunningTransactions
    costs: Costs

    @property
    def journal(self) -> Journal: ...
