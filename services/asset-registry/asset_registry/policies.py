"""How the registry reacts to the gateway: what stands as desired is set up, a password that was taken counts."""

from collections.abc import Sequence
from typing import Any

from chassis.decider import EventContext, To
from ev_contracts.assets import CompleteSetUp, RotateCredential
from ev_contracts.gateway import DesiredStateHeld, DriftRepaired, StationPasswordTaken

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


def on_password(event: object, context: EventContext, _facts: Any) -> Sequence[To]:
    """The station has it already: the one before counts until this one was used (A01)."""
    if not isinstance(event, StationPasswordTaken):
        return []
    rotation = RotateCredential(
        at=event.taken_at, station_id=event.station_id, tenant=context.tenant, secret_hmac=event.secret_hmac
    )
    return [To(key=f"_/{event.station_id}", command=rotation)]
