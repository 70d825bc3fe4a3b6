"""A command of the desk as the calls that say it to one station, checked against the version's own schemas."""

from collections.abc import Mapping
from typing import Any

from charger_gateway.adapters.ocpp.commands import v2x, v16
from charger_gateway.adapters.ocpp.commands.model import CannotSay, Inexpressible, OutgoingCall, Sealing, Station
from charger_gateway.adapters.ocpp.commands.table import ACTIONS, RAW
from charger_gateway.adapters.ocpp.frames import V16
from charger_gateway.adapters.ocpp.schemas import request_violation
from charger_gateway.domain.actions import asked_in
from ev_contracts.gateway import CommandRequested, SendRawCall


def expressible(action: str, version: str) -> bool:
    """Whether a version has words for a canonical command at all."""
    return action == RAW or (action in ACTIONS and ACTIONS[action].action(version) is not None)


def calls_of(command: CommandRequested, station: Station, sealing: Sealing) -> tuple[OutgoingCall, ...] | Inexpressible:
    """The calls to be sent one after the other; nearly always one. 1.6 sets one key a call."""
    asked = asked_in(command)
    if asked is None or not expressible(command.action, station.version):
        return Inexpressible(why=f"OCPP {station.version} has no {command.action}")

    # What a job's steps hide was hidden once, for all its attempts.
    bound_to = command.job_id or command.command_id

    def reveal(sealed: bytes) -> Any:
        return sealing.reveal(bound_to, sealed)

    try:
        if isinstance(asked, SendRawCall):
            calls: tuple[OutgoingCall, ...] = (_raw(asked, station.version, reveal(asked.payload_sealed)),)
        elif station.version == V16:
            calls = v16.calls(asked, station.heard, reveal)
        else:
            calls = (v2x.call(asked, station.version, reveal),)
    except CannotSay as error:
        return Inexpressible(why=str(error))
    except ValueError:
        return Inexpressible(why="it was sealed under another key")
    return _checked(calls, station.version)


def _raw(asked: SendRawCall, version: str, payload: Mapping[str, Any]) -> OutgoingCall:
    if asked.ocpp_version != version:
        raise CannotSay(f"it was written in OCPP {asked.ocpp_version}, and the station speaks {version} now")
    return OutgoingCall(action=asked.ocpp_action, payload=payload)


def _checked(calls: tuple[OutgoingCall, ...], version: str) -> tuple[OutgoingCall, ...] | Inexpressible:
    for call in calls:
        violation = request_violation(version, call.action, call.payload)
        if violation is not None:
            return Inexpressible(why=f"{call.action} of OCPP {version}: {violation.description}")
    return calls
