"""What stations say of themselves beside energy: no row of its own changes, the station's timeline shows it."""

from datetime import datetime
from typing import TypeAlias

from ev_contracts.gateway import MessageQuarantined

Notice: TypeAlias = MessageQuarantined


def told_at(event: Notice) -> datetime:
    """When it was so, by the station's own clock where the message says it."""
    return event.received_at
