"""How the desk reacts to what the gateway's own sockets tell: a station that connected is asked how it stands."""

from collections.abc import Sequence
from typing import Any

from chassis.decider import EventContext, To
from ev_contracts.gateway import ReportContact, StationConnected


def on_connection(event: object, context: EventContext, _facts: Any) -> Sequence[To]:
    """A contact, by the connection's epoch."""
    if not isinstance(event, StationConnected):
        return []
    contact = ReportContact(
        at=event.connected_at, station_id=event.station_id, epoch=context.offset, ocpp_version=event.ocpp_version
    )
    return [To(key=context.key, command=contact)]
