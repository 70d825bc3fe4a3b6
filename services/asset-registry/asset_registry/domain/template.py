"""What stations of one kind have in common, and which of that could not stand."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias, assert_never

from asset_registry.domain.station import why_not
from chassis.decider import Decider, Refused, Snapshot
from ev_contracts.assets import (
    DesiredVariable,
    Evse,
    SetStationTemplate,
    StationTemplate,
    StationTemplateSet,
    StationTemplateSnapshot,
    TemplateEvse,
)

MOST_VARIABLES = 100
MOST_CHARACTERS = 32_768
"""What the gateway's desk takes of one station's variables; a template beyond could set nobody up."""
_SECRET_WORDS = ("password", "passphrase", "secret", "authorizationkey", "privatekey", "simpin")


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """No such template."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The template as it was last set."""

    template: StationTemplate
    version: int


TemplateState: TypeAlias = Unknown | Standing


def decide(command: SetStationTemplate, state: TemplateState) -> Sequence[StationTemplateSet] | Refused:
    """A template replaces the one before; the same again is nothing."""
    template = command.template
    if isinstance(state, Standing) and state.template == template:
        return []
    refused = why_not([_evse(one) for one in template.evses]) or _why_no_variables(template.desired_variables)
    return refused or [StationTemplateSet(template=template, set_at=command.at)]


def _evse(one: TemplateEvse) -> Evse:
    # A template's EVSEs have no ids yet: their numbers tell them apart.
    return Evse(evse_number=one.evse_number, evse_id=str(one.evse_number), connectors=one.connectors)


def _why_no_variables(variables: Sequence[DesiredVariable]) -> Refused | None:
    if len(variables) > MOST_VARIABLES:
        return Refused(reason="too-many-variables", detail=f"at most {MOST_VARIABLES}")
    places = {one.model_copy(update={"value": "", "attribute": one.attribute or "Actual"}) for one in variables}
    if len(places) < len(variables):
        return Refused(reason="variable-twice")
    size = sum(len(part) for one in variables for part in (one.component, one.variable, one.value))
    if size > MOST_CHARACTERS:
        return Refused(reason="variables-too-large", detail=f"at most {MOST_CHARACTERS} characters of names and values")
    if any(word in one.variable.lower() for one in variables for word in _SECRET_WORDS):
        return Refused(reason="secret-in-template", detail="secrets are rotated, not desired")
    return None


def evolve(state: TemplateState, event: StationTemplateSet) -> TemplateState:
    """The template after one more event."""
    match state:
        case Unknown():
            return Standing(template=event.template, version=1)
        case Standing():
            return Standing(template=event.template, version=state.version + 1)
        case _:
            assert_never(state)


def snapshots(_before: TemplateState, after: TemplateState) -> Sequence[Snapshot]:
    """The template as the edge reads it."""
    match after:
        case Unknown():
            return []
        case Standing(template=template, version=version):
            record = StationTemplateSnapshot(template_id=template.template_id, template=template, version=version)
            return [Snapshot(topic="assets.template.snapshot.v1", key="", record=record)]
        case _:
            assert_never(after)


template: Decider[SetStationTemplate, TemplateState, StationTemplateSet] = Decider(
    initial=Unknown(), decide=decide, evolve=evolve, snapshots=snapshots
)
