"""Commands of the desk as OCPP calls of each version, and stations' answers to them as outcomes; pure."""

from charger_gateway.adapters.ocpp.commands.answers import outcome_of
from charger_gateway.adapters.ocpp.commands.calls import calls_of, expressible
from charger_gateway.adapters.ocpp.commands.model import Inexpressible, Outcome, OutgoingCall, Sealing, Station
from charger_gateway.adapters.ocpp.commands.table import ACTIONS

__all__ = [
    "ACTIONS",
    "Inexpressible",
    "Outcome",
    "OutgoingCall",
    "Sealing",
    "Station",
    "calls_of",
    "expressible",
    "outcome_of",
]
