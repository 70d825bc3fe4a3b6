"""What a template may say of the stations that are made from it."""

from datetime import UTC, datetime
from typing import Any

import pytest

from asset_registry.domain.template import template
from chassis.testing import Scenario
from ev_contracts.assets import (
    Connector,
    DesiredVariable,
    SetStationTemplate,
    StationTemplate,
    StationTemplateSet,
    StationTemplateSnapshot,
    TemplateEvse,
)

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
PLUG = Connector(
    connector_number=1, standard="IEC_62196_T2", max_power_w=11_000, max_voltage_v=230, max_amperage_a=16, dc=False
)
HEARTBEAT = DesiredVariable(component="OCPPCommCtrlr", variable="HeartbeatInterval", value="300")
EVE = StationTemplate(
    template_id="eve-11",
    cpo_party_id="NL-VLT",
    vendor="Alfen",
    model="Eve",
    security_profile=2,
    evses=(TemplateEvse(evse_number=1, connectors=(PLUG,)),),
    desired_variables=(HEARTBEAT,),
)
SET = SetStationTemplate(at=NOON, template=EVE)
STANDS = StationTemplateSet(template=EVE, set_at=NOON)


def changed(**fields: Any) -> SetStationTemplate:
    return SetStationTemplate(at=NOON, template=EVE.model_copy(update=fields))


def test_a_template_is_set_and_the_same_again_is_nothing() -> None:
    Scenario(template).when(SET).then(STANDS).when(SET).then_nothing()


def test_a_template_replaces_the_one_before() -> None:
    state = Scenario(template).given(STANDS, StationTemplateSet(template=changed(model="Eve 2").template, set_at=NOON))
    (snapshot,) = template.snapshots(template.initial, state.state)
    assert snapshot.record == StationTemplateSnapshot(
        template_id="eve-11", template=EVE.model_copy(update={"model": "Eve 2"}), version=2
    )


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"evses": ()}, "evse-missing"),
        ({"evses": EVE.evses * 2}, "evse-twice"),
        ({"desired_variables": (HEARTBEAT, HEARTBEAT.model_copy(update={"value": "60"}))}, "variable-twice"),
        ({"desired_variables": (HEARTBEAT, HEARTBEAT.model_copy(update={"attribute": "Actual"}))}, "variable-twice"),
        (
            {"desired_variables": (HEARTBEAT.model_copy(update={"variable": "BasicAuthPassword"}),)},
            "secret-in-template",
        ),
        (
            {"desired_variables": tuple(HEARTBEAT.model_copy(update={"variable": f"V{n}"}) for n in range(101))},
            "too-many-variables",
        ),
        (
            {
                "desired_variables": tuple(
                    HEARTBEAT.model_copy(update={"variable": f"V{n}", "value": "x" * 1_000}) for n in range(40)
                )
            },
            "variables-too-large",
        ),
    ],
)
def test_a_template_that_could_not_be_used_is_refused(fields: dict[str, Any], reason: str) -> None:
    Scenario(template).when(changed(**fields)).then_refused(reason)
