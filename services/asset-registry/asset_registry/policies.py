"""How the registry reacts to the gateway: a station that stands as it is desired has been set up."""

from collections.abc import Sequence
from typing import Any

from chassis.decider import EventContext, To
from ev_contracts.assets import CompleteSetUp
from ev_contracts.gateway import DesiredStateHeld, DriftRepaired

_DONE = "Accepted"


def on_desk(event: object, context: EventContext, _facts: Any) -> Sequence[To]:
    """What was set and needs a reboot to hold is looked at again after it."""
    match event:
        case DesiredStateHeld():
            pass
        case DriftRepaired() if event.answer == _DONE:
            pass
        case _:
            return []
    return [To(key=context.key, command=CompleteSetUp(at=event.at, station_id=event.station_id))]
