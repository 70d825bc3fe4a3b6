"""Which components a station is made of, each from when to when: what may be fitted, taken out and swapped."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never

from chassis.decider import Refused, Snapshot
from ev_contracts.assets import (
    Component,
    ComponentFitted,
    ComponentKind,
    ComponentRemoved,
    ComponentSnapshot,
    ComponentSwapped,
    Evse,
    FitComponent,
    RemoveComponent,
    SwapComponent,
)

ComponentCommand = FitComponent | RemoveComponent | SwapComponent
ComponentEvent = ComponentFitted | ComponentRemoved | ComponentSwapped

FITTINGS_AT_MOST = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Registers:
    """What a meter's registers said when it was fitted or taken out, as far as somebody read them."""

    register_wh: int | None
    export_register_wh: int | None

    @property
    def are_told(self) -> bool:
        """Whether either was read."""
        return (self.register_wh, self.export_register_wh) != (None, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """The end of a fitting."""

    at: datetime
    registers: Registers


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitting:
    """A component in its place, from `fitted_at` until just before its removal."""

    number: int
    component: Component
    evse_number: int
    connector_number: int
    fitted_at: datetime
    registers: Registers
    removal: Removal | None = None
    version: int
    """Of the station, when the fitting became as it is."""

    @property
    def place(self) -> tuple[int, int]:
        """EVSE and connector; 0 stands for the whole."""
        return self.evse_number, self.connector_number

    def holds_after(self, at: datetime) -> bool:
        """Whether it is in its place at this instant or later."""
        return self.removal is None or self.removal.at > at


Fittings = Sequence[Fitting]


def fit(command: FitComponent, evses: Sequence[Evse], fittings: Fittings) -> Sequence[ComponentEvent] | Refused:
    """What it makes true that a component was put in."""
    new = Fitting(
        number=len(fittings) + 1,
        component=command.component,
        evse_number=command.evse_number,
        connector_number=command.connector_number,
        fitted_at=command.fitted_at,
        registers=_registers(command),
        version=0,
    )
    if any(_is_same(new, each) for each in fittings):
        return []
    no = _why_not(new, told_at=command.at) or _why_not_there(new, evses, fittings)
    told = command.model_dump(exclude={"at"})
    return no or [ComponentFitted(**told, fitting_number=new.number, told_at=command.at)]


def remove(command: RemoveComponent, fittings: Fittings) -> Sequence[ComponentEvent] | Refused:
    """What it makes true that a component was taken out."""
    fitting = _numbered(fittings, command.fitting_number)
    removal = Removal(at=command.removed_at, registers=_registers(command))
    if fitting is None:
        return Refused(reason="component-unknown")
    if fitting.removal == removal:
        return []
    no = _why_not_removed(fitting, removal, told_at=command.at)
    return no or [
        ComponentRemoved(
            **command.model_dump(exclude={"at"}),
            component=fitting.component,
            evse_number=fitting.evse_number,
            connector_number=fitting.connector_number,
            fitted_at=fitting.fitted_at,
            told_at=command.at,
        )
    ]


def swap(command: SwapComponent, fittings: Fittings) -> Sequence[ComponentEvent] | Refused:
    """What it makes true that one component took another's place; both have it at no time together."""
    old = _numbered(fittings, command.fitting_number)
    if old is None:
        return Refused(reason="component-unknown")
    removal = Removal(at=command.swapped_at, registers=_removed_registers(command))
    new = replace(
        old,
        number=len(fittings) + 1,
        component=command.component,
        fitted_at=command.swapped_at,
        registers=_registers(command),
        removal=None,
    )
    if old.removal == removal and any(_is_same(new, each) for each in fittings):
        return []
    no = _why_not_removed(old, removal, told_at=command.at) or _why_not(new, told_at=command.at)
    return no or _why_not_instead(new, old, fittings) or [_swapped(command, old, new)]


def _swapped(command: SwapComponent, old: Fitting, new: Fitting) -> ComponentSwapped:
    return ComponentSwapped(
        **command.model_dump(exclude={"at", "fitting_number"}),
        removed_fitting_number=old.number,
        removed=old.component,
        removed_fitted_at=old.fitted_at,
        fitting_number=new.number,
        evse_number=new.evse_number,
        connector_number=new.connector_number,
        told_at=command.at,
    )


def _registers(told: FitComponent | RemoveComponent | SwapComponent | ComponentEvent) -> Registers:
    return Registers(register_wh=told.register_wh, export_register_wh=told.export_register_wh)


def _removed_registers(told: SwapComponent | ComponentSwapped) -> Registers:
    return Registers(register_wh=told.removed_register_wh, export_register_wh=told.removed_export_register_wh)


def _numbered(fittings: Fittings, number: int) -> Fitting | None:
    return next((each for each in fittings if each.number == number), None)


def _is_same(new: Fitting, known: Fitting) -> bool:
    return replace(new, number=known.number, version=known.version, removal=known.removal) == known


def _why_not(new: Fitting, *, told_at: datetime) -> Refused | None:
    """Why such a component cannot have been fitted then, wherever it is."""
    component = new.component
    if component.kind is ComponentKind.UNKNOWN:
        return Refused(reason="component-kind-unknown")
    if new.fitted_at > told_at:
        return Refused(reason="not-fitted-yet", detail="what will be fitted is told when it is")
    if (component.public_key is None) != (component.signature_format is None):
        return Refused(reason="key-without-format", detail="a public key and the form of what it signs go together")
    meters_own = component.calibration_ends_at, component.public_key
    if component.kind is not ComponentKind.METER and (meters_own != (None, None) or new.registers.are_told):
        return Refused(reason="only-a-meter-has-that", detail="calibration, key and registers are a meter's")
    return _why_not_registers(new.registers)


def _why_not_registers(registers: Registers) -> Refused | None:
    if min(registers.register_wh or 0, registers.export_register_wh or 0) < 0:
        return Refused(reason="register-negative")
    return None


def _why_not_there(new: Fitting, evses: Sequence[Evse], fittings: Fittings) -> Refused | None:
    """Why it cannot have been put into that place, as the station is built and fitted."""
    connectors = {evse.evse_number: {0, *(each.connector_number for each in evse.connectors)} for evse in evses}
    if new.connector_number not in {0: {0}, **connectors}.get(new.evse_number, set()):
        return Refused(reason="place-unknown", detail="the station has no such EVSE or connector")
    return _why_not_instead(new, None, fittings)


def _why_not_instead(new: Fitting, old: Fitting | None, fittings: Fittings) -> Refused | None:
    """Why it cannot have been put into the place of `old`, or of nothing, for the sake of the other fittings."""
    if len(fittings) >= FITTINGS_AT_MOST:
        return Refused(reason="too-many-components")
    if old is not None and old.component.kind is not new.component.kind:
        return Refused(reason="component-of-another-kind", detail=old.component.kind.value)
    others = [each for each in fittings if each != old and each.holds_after(new.fitted_at)]
    named = new.component.kind, new.component.vendor, new.component.serial_number
    if named in [(each.component.kind, each.component.vendor, each.component.serial_number) for each in others]:
        return Refused(reason="component-fitted-already")
    if new.component.kind is ComponentKind.METER and any(_meters(each, new.place) for each in others):
        return Refused(reason="place-has-a-meter", detail="swap it, or take it out first")
    return None


def _meters(fitting: Fitting, place: tuple[int, int]) -> bool:
    return fitting.component.kind is ComponentKind.METER and fitting.place == place


def _why_not_removed(fitting: Fitting, removal: Removal, *, told_at: datetime) -> Refused | None:
    if fitting.removal is not None:
        return Refused(reason="component-removed-before", detail=fitting.removal.at.isoformat())
    if not fitting.fitted_at < removal.at <= told_at:
        return Refused(reason="removal-out-of-time", detail="after the fitting, and not ahead of now")
    if fitting.component.kind is not ComponentKind.METER and removal.registers.are_told:
        return Refused(reason="only-a-meter-has-that", detail="registers are a meter's")
    return _why_not_registers(removal.registers)


def with_component(fittings: tuple[Fitting, ...], event: ComponentEvent, *, version: int) -> tuple[Fitting, ...]:
    """The station's fittings after one more event."""
    match event:
        case ComponentFitted():
            return (*fittings, _fitted(event, event.fitted_at, version))
        case ComponentRemoved():
            removal = Removal(at=event.removed_at, registers=_registers(event))
            return _without(fittings, event.fitting_number, removal, version)
        case ComponentSwapped():
            removal = Removal(at=event.swapped_at, registers=_removed_registers(event))
            left = _without(fittings, event.removed_fitting_number, removal, version)
            return (*left, _fitted(event, event.swapped_at, version))
        case _:
            assert_never(event)


def _fitted(event: ComponentFitted | ComponentSwapped, fitted_at: datetime, version: int) -> Fitting:
    return Fitting(
        number=event.fitting_number,
        component=event.component,
        evse_number=event.evse_number,
        connector_number=event.connector_number,
        fitted_at=fitted_at,
        registers=_registers(event),
        version=version,
    )


def _without(fittings: Fittings, number: int, removal: Removal, version: int) -> tuple[Fitting, ...]:
    ended = (replace(each, removal=removal, version=version) if each.number == number else each for each in fittings)
    return tuple(ended)


def component_snapshots(station_id: str, before: Fittings, after: Fittings) -> Sequence[Snapshot]:
    """Each fitting that has changed, under a key of its own: a late session needs the meter of then."""
    return [
        Snapshot(topic="assets.component.snapshot.v1", key=f"@{each.number}", record=_snapshot(station_id, each))
        for each in after
        if each not in before
    ]


def _snapshot(station_id: str, fitting: Fitting) -> ComponentSnapshot:
    removal = fitting.removal
    return ComponentSnapshot(
        station_id=station_id,
        fitting_number=fitting.number,
        component=fitting.component,
        evse_number=fitting.evse_number,
        connector_number=fitting.connector_number,
        fitted_at=fitting.fitted_at,
        register_wh=fitting.registers.register_wh,
        export_register_wh=fitting.registers.export_register_wh,
        removed_at=removal and removal.at,
        removed_register_wh=removal and removal.registers.register_wh,
        removed_export_register_wh=removal and removal.registers.export_register_wh,
        version=fitting.version,
    )
