"""What a station answered as it was told to hold an EVSE, for the reservation that it is about."""

from collections.abc import Sequence

from chassis.decider import EventContext, To
from ev_contracts.gateway import CommandRefused, CommandSucceeded, CommandTimedOut, CommandUndeliverable
from ev_contracts.sessions import NoteHold
from session_ledger.ports import Facts

HOLD = "hold-"
"""The gateway asks a station to hold under this and the reservation's id."""
HOLD_ANSWERS = (CommandSucceeded, CommandRefused, CommandTimedOut, CommandUndeliverable)


def on_hold_answer(event: object, context: EventContext, facts: Facts) -> Sequence[To]:
    """Of all commands only those that hold; of a station that the registry no longer knows nothing can be told."""
    if not isinstance(event, HOLD_ANSWERS) or not event.command_id.startswith(HOLD):
        return []
    site_id = facts.site_of(context.tenant, event.station_id)
    if site_id is None:
        return []
    command = NoteHold(
        at=context.time,
        reservation_id=event.command_id.removeprefix(HOLD),
        site_id=site_id,
        station_id=event.station_id,
        is_held=isinstance(event, CommandSucceeded),
        answer=_word(event),
    )
    return [To(key=f"{context.tenant}/{site_id}", command=command)]


def _word(event: CommandSucceeded | CommandRefused | CommandTimedOut | CommandUndeliverable) -> str:
    match event:
        case CommandSucceeded() | CommandRefused():
            return event.answer
        case CommandTimedOut():
            return "timed-out"
        case CommandUndeliverable():
            return "undeliverable"
