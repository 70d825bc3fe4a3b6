"""How a station's variables shall stand: asked for at each contact; what differs is told, set, and told again.

Its document may name roots too (`desired_roots`).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TypeAlias

from charger_gateway.domain import desired_roots
from charger_gateway.domain.actions import StationAction, requested
from charger_gateway.domain.desk_state import DESIRED_ACTOR, Desired, Desk, DeskEvent
from chassis.decider import Deadline, Refused, derived_id
from ev_contracts.gateway import (
    CommandRefused,
    CommandRequested,
    CommandSucceeded,
    CommandTimedOut,
    CommandUndeliverable,
    DesiredCheckScheduled,
    DesiredStateHeld,
    DesiredVariablesSet,
    DriftFound,
    DriftRemains,
    DriftRepaired,
    GetVariables,
    ReportContact,
    SetDesiredVariables,
    SetVariables,
    VariableDrift,
    VariableQuery,
    VariableReading,
    VariableSetting,
)

SETTLE_S = 10
"""How long a station that just connected is left alone: it has its boot and its queue to tell."""
ANSWER_S = 120
MOST_VARIABLES = 100
MOST_CHARACTERS = 32_768
CHECK = "desired/check"
_Outcome: TypeAlias = CommandSucceeded | CommandRefused | CommandTimedOut | CommandUndeliverable
_Place: TypeAlias = tuple[str, str | None, int | None, int | None, str, str | None, str]


def set_document(command: SetDesiredVariables, desk: Desk) -> Sequence[DeskEvent] | Refused:
    """Replaces the document and has the station asked; the same document again is nothing."""
    if desk.desired is not None and desk.desired.document_id == command.document_id:
        return []
    refused = _why_not(command.variables)
    if refused is not None:
        return refused
    new = DesiredVariablesSet(
        document_id=command.document_id,
        station_id=command.station_id,
        requested_by=command.requested_by,
        reason=command.reason,
        variables=command.variables,
        roots=command.roots,
        at=command.at,
    )
    if not command.variables and not desired_roots.types_of(command.roots, command.ocpp_version):
        return [new]
    return [new, _check_at(command, command.document_id, command.at)]


def _why_not(variables: Sequence[VariableSetting]) -> Refused | None:
    """A document stands in the desk's state and in each question: it is bounded, whoever says it."""
    if len(variables) > MOST_VARIABLES:
        return Refused(reason="too-many-variables", detail=f"at most {MOST_VARIABLES}")
    if names_twice(variables):
        return Refused(reason="variable-twice")
    size = sum(len(part) for one in variables for part in (one.component, one.variable, one.value or ""))
    if size > MOST_CHARACTERS:
        return Refused(reason="document-too-large", detail=f"at most {MOST_CHARACTERS} characters of names and values")
    return None


def names_twice(variables: Sequence[VariableSetting]) -> bool:
    """Whether one variable stands there more than once (OCPP 2.0.1 B05.FR.13)."""
    return len({_place(one) for one in variables}) < len(variables)


def on_contact(command: ReportContact, desk: Desk) -> Sequence[DeskEvent]:
    """A station with a document is asked once it has settled."""
    desired = desk.desired
    if desired is None:
        return []
    changed = desired_roots.on_contact(command, desired)
    if not desired.variables and not desired_roots.types_of(desired.roots, command.ocpp_version):
        return changed
    return [*changed, _check_at(command, desired.document_id, command.at + timedelta(seconds=SETTLE_S))]


def _check_at(
    command: SetDesiredVariables | ReportContact, document_id: str, check_at: datetime
) -> DesiredCheckScheduled:
    return DesiredCheckScheduled(
        document_id=document_id,
        station_id=command.station_id,
        check_at=check_at,
        ocpp_version=command.ocpp_version,
        at=command.at,
    )


def check_due(desk: Desk, at: datetime) -> Sequence[DeskEvent]:
    """Ask for what is desired."""
    desired = desk.desired
    if desired is None or desired.check_at is None:
        return []
    roots = desired_roots.ask(desired, at)
    asked = tuple(_query(one) for one in desired.variables)
    return [_ask(GetVariables(**_shared(desired, "read", at), variables=asked), desired), *roots] if asked else roots


def react(event: DeskEvent, before: Desk, at: datetime) -> Sequence[DeskEvent]:
    """What an outcome of ours means; `before` still knows which of our commands it was."""
    desired = before.desired
    if desired is None:
        return []
    if roots := desired_roots.react(event, before, at):
        return roots
    if not isinstance(event, CommandSucceeded | CommandRefused | CommandTimedOut | CommandUndeliverable):
        return []
    if event.command_id == desired.reading:
        return _on_read(event, desired, at)
    if event.command_id == desired.repairing:
        return _on_repaired(event, desired, at)
    return []


def _on_read(event: _Outcome, desired: Desired, at: datetime) -> Sequence[DeskEvent]:
    names = {"document_id": desired.document_id, "station_id": desired.station_id}
    response = event.response if isinstance(event, CommandSucceeded | CommandRefused) else None
    if response is None or not response.variables:
        return [DriftRemains(**names, why=_word(event), at=at)]
    drifts = tuple(_drifts(desired.variables, response.variables))
    if not drifts:
        return [] if desired.held else [DesiredStateHeld(**names, at=at)]
    wrong = {_place(one) for one in drifts}
    to_set = tuple(one for one in desired.variables if _place(one) in wrong)
    repair = _ask(SetVariables(**_shared(desired, "set", at), variables=to_set), desired)
    return [DriftFound(**names, drifts=drifts, at=at), repair]


def _on_repaired(event: _Outcome, desired: Desired, at: datetime) -> Sequence[DeskEvent]:
    names = {"document_id": desired.document_id, "station_id": desired.station_id}
    if isinstance(event, CommandSucceeded):
        return [DriftRepaired(**names, answer=event.answer, at=at)]
    return [DriftRemains(**names, why=_word(event), at=at)]


def _word(event: _Outcome) -> str:
    match event:
        case CommandSucceeded():
            return "nothing-told"
        case CommandRefused():
            return event.answer
        case CommandTimedOut():
            return "timed-out"
        case CommandUndeliverable():
            return event.why


def _drifts(desired: Sequence[VariableSetting], told: Sequence[VariableReading]) -> list[VariableDrift]:
    by_place = {_place(one): one for one in told}
    found = []
    for one in desired:
        said = by_place.get(_place(one))
        wanted = one.value or ""
        if said is None or said.value is None or plain(said.value) != plain(wanted):
            found.append(_drift(one, wanted, said))
    return found


def _drift(one: VariableSetting, wanted: str, said: VariableReading | None) -> VariableDrift:
    return VariableDrift(
        component=one.component,
        component_instance=one.component_instance,
        evse_number=one.evse_number,
        connector_number=one.connector_number,
        variable=one.variable,
        variable_instance=one.variable_instance,
        attribute=one.attribute,
        desired=wanted,
        reported=None if said is None else said.value,
        status="NotTold" if said is None else said.status,
    )


def plain(value: str) -> str:
    """A value as it is compared: stations write truth in any case and lists with or without blanks."""
    text = ",".join(part.strip() for part in value.split(","))
    return text.lower() if text.lower() in {"true", "false"} else text


def _place(one: VariableSetting | VariableReading | VariableDrift) -> _Place:
    return (
        one.component,
        one.component_instance,
        one.evse_number,
        one.connector_number,
        one.variable,
        one.variable_instance,
        one.attribute or "Actual",
    )


def _query(one: VariableSetting) -> VariableQuery:
    return VariableQuery(
        component=one.component,
        component_instance=one.component_instance,
        evse_number=one.evse_number,
        connector_number=one.connector_number,
        variable=one.variable,
        variable_instance=one.variable_instance,
        attribute=one.attribute,
    )


def _shared(desired: Desired, what: str, at: datetime) -> dict[str, object]:
    return {
        "at": at,
        "command_id": derived_id("desired", what, desired.document_id, at.isoformat()),
        "station_id": desired.station_id,
        "requested_by": DESIRED_ACTOR,
        "expires_at": at + timedelta(seconds=ANSWER_S),
    }


def _ask(command: StationAction, desired: Desired) -> CommandRequested:
    return requested(command, job_id=desired.document_id)


def deadlines(desk: Desk) -> Sequence[Deadline]:
    """When the station is asked."""
    if desk.desired is None or desk.desired.check_at is None:
        return []
    return [Deadline(name=CHECK, due_at=desk.desired.check_at)]
