"""The one table of connector states: every OCPP version's words, ours, and OCPI's EVSE statuses."""

from collections.abc import Mapping, Sequence

from ev_contracts.common import ConnectorState

V16: Mapping[str, ConnectorState] = {
    "Available": ConnectorState.AVAILABLE,
    "Preparing": ConnectorState.PREPARING,
    "Charging": ConnectorState.CHARGING,
    "SuspendedEV": ConnectorState.SUSPENDED_EV,
    "SuspendedEVSE": ConnectorState.SUSPENDED_EVSE,
    "Finishing": ConnectorState.FINISHING,
    "Reserved": ConnectorState.RESERVED,
    "Unavailable": ConnectorState.UNAVAILABLE,
    "Faulted": ConnectorState.FAULTED,
}

V2: Mapping[str, ConnectorState] = {
    "Available": ConnectorState.AVAILABLE,
    "Occupied": ConnectorState.OCCUPIED,
    "Reserved": ConnectorState.RESERVED,
    "Unavailable": ConnectorState.UNAVAILABLE,
    "Faulted": ConnectorState.FAULTED,
}

OCPI: Mapping[ConnectorState, str] = {
    ConnectorState.UNKNOWN: "UNKNOWN",
    ConnectorState.AVAILABLE: "AVAILABLE",
    # A cable that is plugged in, before and after it charges, takes the place as charging does: nobody else can use it.
    ConnectorState.PREPARING: "CHARGING",
    ConnectorState.CHARGING: "CHARGING",
    ConnectorState.SUSPENDED_EV: "CHARGING",
    ConnectorState.SUSPENDED_EVSE: "CHARGING",
    ConnectorState.FINISHING: "CHARGING",
    ConnectorState.OCCUPIED: "CHARGING",
    ConnectorState.RESERVED: "RESERVED",
    ConnectorState.UNAVAILABLE: "INOPERATIVE",
    ConnectorState.FAULTED: "OUTOFORDER",
}

# Of several connectors of one EVSE the one in use decides (only one can be used at a time), then the best of the rest.
_DECIDING = ("CHARGING", "RESERVED", "AVAILABLE", "INOPERATIVE", "OUTOFORDER", "UNKNOWN")


def availability(value: str) -> ConnectorState | None:
    """The state that a 2.x AvailabilityState tells; None where it is none of OCPP's words."""
    return V2.get(value)


def evse_status(connectors: Sequence[ConnectorState]) -> str:
    """OCPI's status of an EVSE by the states of its connectors; UNKNOWN where nothing was told yet."""
    told = {OCPI[state] for state in connectors}
    return next((status for status in _DECIDING if status in told), "UNKNOWN")
