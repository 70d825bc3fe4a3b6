"""When a station stands in the registry with its EVSEs and connectors, and when it has left the network."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never

from asset_registry.domain.component import (
    ComponentCommand,
    ComponentEvent,
    Fitting,
    component_snapshots,
    fit,
    remove,
    swap,
    with_component,
)
from asset_registry.domain.registration import RegistrationCommand, RegistrationEvent, change, registration_after
from chassis.decider import Decider, Refused, Snapshot
from ev_contracts.assets import (
    AcceptStation,
    CompleteSetUp,
    ComponentFitted,
    ComponentRemoved,
    ComponentSwapped,
    Evse,
    FitComponent,
    RegisterStation,
    RegistrationState,
    RemoveComponent,
    RetireStation,
    StationAccepted,
    StationRegistered,
    StationRetired,
    StationSnapshot,
    StationSuspended,
    SuspendStation,
    SwapComponent,
)

StationCommand = RegisterStation | RetireStation | ComponentCommand | RegistrationCommand
StationEvent = StationRegistered | StationRetired | ComponentEvent | RegistrationEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """No such station."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """The station as it was registered and as it stands; `version` counts its events."""

    station: StationRegistered
    version: int
    registration: RegistrationState
    changed_at: datetime
    fittings: tuple[Fitting, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Retired:
    """The station left the network and never comes back under this identity; its components are still taken out."""

    station: StationRegistered
    version: int
    registration: RegistrationState
    retired_at: datetime
    fittings: tuple[Fitting, ...] = ()


StationState = Unknown | Registered | Retired


def decide(command: StationCommand, state: StationState) -> Sequence[StationEvent] | Refused:
    """What a command about a station makes true."""
    match command:
        case RegisterStation():
            return _register(command, state)
        case RetireStation():
            return _retire(command, state)
        case FitComponent() | RemoveComponent() | SwapComponent():
            return _refit(command, state)
        case AcceptStation() | SuspendStation() | CompleteSetUp():
            return _change_registration(command, state)
        case _:
            assert_never(command)


def _refit(command: ComponentCommand, state: StationState) -> Sequence[StationEvent] | Refused:
    if isinstance(state, Unknown):
        return Refused(reason="station-unknown")
    if isinstance(command, RemoveComponent):
        return remove(command, state.fittings)
    if isinstance(state, Retired):
        return Refused(reason="station-retired")
    if isinstance(command, SwapComponent):
        return swap(command, state.fittings)
    return fit(command, state.station.evses, state.fittings)


def _register(command: RegisterStation, state: StationState) -> Sequence[StationEvent] | Refused:
    registered = StationRegistered(**command.model_dump(exclude={"at"}), registered_at=command.at)
    match state:
        case Unknown():
            return why_not(command.evses) or [registered]
        case Registered():
            same = registered.model_copy(update={"registered_at": state.station.registered_at}) == state.station
            return [] if same else Refused(reason="station-differs", detail="it is registered with other particulars")
        case Retired():
            return Refused(reason="station-retired")
        case _:
            assert_never(state)


def why_not(evses: Sequence[Evse]) -> Refused | None:
    """Why these EVSEs cannot stand on one station, if so."""
    if not evses or not all(evse.connectors for evse in evses):
        return Refused(reason="evse-missing", detail="a station has an EVSE, and each EVSE a connector")
    connectors = [connector for evse in evses for connector in evse.connectors]
    numbers = [evse.evse_number for evse in evses]
    if min(numbers) < 1 or min(connector.connector_number for connector in connectors) < 1:
        return Refused(reason="number-below-one", detail="number 0 is the station itself")
    if len(set(numbers)) < len(numbers) or len({evse.evse_id for evse in evses}) < len(evses):
        return Refused(reason="evse-twice")
    if any(len({c.connector_number for c in evse.connectors}) < len(evse.connectors) for evse in evses):
        return Refused(reason="connector-twice")
    if any(min(c.max_power_w, c.max_voltage_v, c.max_amperage_a) < 1 for c in connectors):
        return Refused(reason="connector-without-power")
    return None


def _change_registration(command: RegistrationCommand, state: StationState) -> Sequence[RegistrationEvent] | Refused:
    match state:
        case Unknown():
            return Refused(reason="station-unknown")
        case Registered():
            return change(command, state.registration)
        case Retired():
            return Refused(reason="station-retired")
        case _:
            assert_never(state)


def _retire(command: RetireStation, state: StationState) -> Sequence[StationEvent] | Refused:
    match state:
        case Unknown():
            return Refused(reason="station-unknown")
        case Registered():
            return [StationRetired(station_id=command.station_id, reason=command.reason, retired_at=command.at)]
        case Retired():
            return []
        case _:
            assert_never(state)


def evolve(state: StationState, event: StationEvent) -> StationState:
    """The station after one more event."""
    match event:
        case StationRegistered():
            return Registered(station=event, version=1, registration=event.registration, changed_at=event.registered_at)
        case StationRetired():
            assert isinstance(state, Registered), "only a registered station retires"
            return Retired(
                station=state.station,
                version=state.version + 1,
                registration=state.registration,
                retired_at=event.retired_at,
                fittings=state.fittings,
            )
        case ComponentFitted() | ComponentRemoved() | ComponentSwapped():
            assert not isinstance(state, Unknown), "only a station that stands has components"
            version = state.version + 1
            return replace(state, version=version, fittings=with_component(state.fittings, event, version=version))
        case StationAccepted() | StationSuspended():
            assert isinstance(state, Registered), "only a registered station is accepted or suspended"
            at = event.accepted_at if isinstance(event, StationAccepted) else event.suspended_at
            registration = registration_after(event)
            return replace(state, version=state.version + 1, registration=registration, changed_at=at)
        case _:
            assert_never(event)


_NOT_TOLD = {"registered_at", "registration", "desired_variables", "template_id"}


def snapshots(before: StationState, after: StationState) -> Sequence[Snapshot]:
    """The station, and each of its components, as others may follow them; a retired one stays readable."""
    if isinstance(after, Unknown):
        return []
    fittings = () if isinstance(before, Unknown) else before.fittings
    changed = component_snapshots(after.station.station_id, fittings, after.fittings)
    is_as_before = isinstance(before, type(after)) and _word(before) == _word(after)
    return changed if is_as_before else [_snapshot(after), *changed]


def _word(state: Registered | Retired) -> tuple[StationRegistered, RegistrationState]:
    return (state.station, state.registration)


def _snapshot(after: Registered | Retired) -> Snapshot:
    record = StationSnapshot(
        **after.station.model_dump(exclude=_NOT_TOLD),
        retired=isinstance(after, Retired),
        version=after.version,
        changed_at=after.retired_at if isinstance(after, Retired) else after.changed_at,
        registration=after.registration,
    )
    return Snapshot(topic="assets.station.snapshot.v1", key="", record=record)


station: Decider[StationCommand, StationState, StationEvent] = Decider(
    initial=Unknown(), decide=decide, evolve=evolve, snapshots=snapshots
)
