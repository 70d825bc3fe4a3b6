"""Money at a station's display: who shows it, whose price it is, and which amount."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from charger_gateway.domain.cost_display import Shown, invoiced, is_due, may_be_shown
from charger_gateway.domain.desk import Desk, desk
from charger_gateway.policies import on_station_word
from chassis.decider import EventContext, Refused, Snapshot, To
from ev_contracts.common import Money, Relation, RelationKind
from ev_contracts.gateway import (
    ComponentVariable,
    CostDisplayChanged,
    CostDisplaySnapshot,
    DeviceModelReported,
    DeviceVariable,
    GetVariables,
    ReportAnswered,
    ReportCostDisplay,
    ReportSent,
    SetDesiredVariables,
    StationResponse,
    VariableAttribute,
    VariableQuery,
    VariableReading,
    VariableSetting,
)

from .saying import NOON  # noqa: TID252 - tests are no package of the installation

STATION = "NLVOLT0001"
KEY = f"volt/{STATION}"
LATER = NOON + timedelta(seconds=30)
CONTEXT = EventContext(
    topic="gateway.station.event.v1", key=KEY, tenant="volt", event_id="e1", stream_version=1, time=NOON
)
SHOWS = CostDisplaySnapshot(station_id=STATION, enabled=True, currency="EUR", changed_at=NOON)
ON = CostDisplayChanged(station_id=STATION, enabled=True, currency="EUR", at=NOON)
REPORT = ReportCostDisplay(at=NOON, station_id=STATION, enabled=True, currency="EUR")


def money(amount: str, minor: int, currency: str = "EUR") -> Money:
    return Money(amount=Decimal(amount), rounded_minor=minor, currency=currency)


def relation(kind: RelationKind) -> Relation:
    return Relation(kind=kind, seller_party_id="NL-VLT", seller_tenant="volt")


@pytest.mark.parametrize(
    ("kind", "shown"),
    [
        (RelationKind.CPO_TO_DRIVER, True),
        (RelationKind.EMSP_TO_DRIVER, True),
        (RelationKind.CPO_TO_EMSP, False),
        (RelationKind.UNKNOWN, False),
    ],
)
def test_money_is_shown_to_whoever_pays_that_price(kind: RelationKind, shown: bool) -> None:  # noqa: FBT001
    assert may_be_shown(relation(kind), money("1", 100), SHOWS, says_currency=True) is shown


def test_money_is_shown_in_the_displays_own_currency() -> None:
    to_driver = relation(RelationKind.CPO_TO_DRIVER)
    unknown = SHOWS.model_copy(update={"currency": None})
    assert not may_be_shown(to_driver, money("1", 100, "CHF"), SHOWS, says_currency=True)
    assert not may_be_shown(to_driver, money("1", 100), unknown, says_currency=True)
    assert may_be_shown(to_driver, money("1", 100), unknown, says_currency=False)
    off = SHOWS.model_copy(update={"enabled": False})
    assert not may_be_shown(to_driver, money("1", 100), off, says_currency=True)


@pytest.mark.parametrize(
    ("told", "amount"),
    [
        (money("9.361044", 936), "9.36"),
        (money("0.004", 0), "0.00"),
        (money("-1.249", -125), "-1.25"),
        (money("936.104", 936, "JPY"), "936"),
        (money("9.36104", 9361, "KWD"), "9.361"),
    ],
)
def test_the_amount_shown_is_the_one_that_is_invoiced(told: Money, amount: str) -> None:
    assert invoiced(told) == Decimal(amount)


def test_a_changed_amount_is_told_but_not_too_often() -> None:
    shown = Shown(amount=Decimal(1), at_s=100.0)
    assert is_due(Decimal(1), None, now_s=100.0, every_s=30.0)
    assert not is_due(Decimal(2), shown, now_s=129.9, every_s=30.0)
    assert is_due(Decimal(2), shown, now_s=130.0, every_s=30.0)
    assert not is_due(Decimal(1), shown, now_s=900.0, every_s=30.0)


def told(
    variable: str, value: str | None, instance: str | None = None, component: str = "TariffCostCtrlr"
) -> DeviceVariable:
    return DeviceVariable(
        at=ComponentVariable(component=component, variable=variable, variable_instance=instance),
        attributes=(
            VariableAttribute(type="Actual", value=value, mutability="ReadWrite", persistent=True, constant=False),
        ),
    )


def model(*variables: DeviceVariable) -> DeviceModelReported:
    return DeviceModelReported(
        station_id=STATION, request_id=1, part=0, last=True, generated_at=NOON, variables=variables, received_at=NOON
    )


def test_a_device_model_tells_whether_costs_are_shown() -> None:
    shows = model(told("Enabled", "true", "Cost"), told("Currency", "EUR"))
    assert on_station_word(shows, CONTEXT, None) == [To(key=KEY, command=REPORT)]
    assert on_station_word(model(told("Enabled", "true", "RunningCost")), CONTEXT, None) == []


def test_a_device_model_tells_whether_prices_and_messages_are_shown_and_in_which_language() -> None:
    tariffs = REPORT.model_copy(update={"enabled": None, "currency": None, "shows_tariffs": True})
    assert on_station_word(model(told("Enabled", "true", "Tariff")), CONTEXT, None) == [To(key=KEY, command=tariffs)]
    display = (
        told("Enabled", "TRUE", component="DisplayMessageCtrlr"),
        told("Language", "de-CH", component="DisplayMessageCtrlr"),
    )
    messages = tariffs.model_copy(update={"shows_tariffs": None, "shows_messages": True, "language": "de"})
    assert on_station_word(model(*display), CONTEXT, None) == [To(key=KEY, command=messages)]
    empty = told("Language", "", component="DisplayMessageCtrlr")
    assert on_station_word(model(empty), CONTEXT, None) == []


def decided(command: Any, state: Desk) -> tuple[list[Any], Desk]:
    events = desk.decide(command, state)
    assert not isinstance(events, Refused)
    for event in events:
        state = desk.evolve(state, event)
    return [event for event in events if isinstance(event, CostDisplayChanged)], state


def test_what_was_told_is_kept_and_published_once() -> None:
    first, state = decided(REPORT, Desk())
    assert first == [ON]
    assert desk.snapshots(Desk(), state) == [Snapshot(topic="gateway.cost-display.snapshot.v1", key="", record=SHOWS)]
    again, same = decided(REPORT, state)
    assert (again, desk.snapshots(state, same)) == ([], [])
    messages, _ = decided(
        REPORT.model_copy(update={"enabled": None, "currency": None, "shows_messages": True, "language": "nl"}), state
    )
    assert messages == [ON.model_copy(update={"shows_messages": True, "language": "nl"})]
    francs, _ = decided(REPORT.model_copy(update={"enabled": None, "currency": "CHF"}), state)
    assert francs == [ON.model_copy(update={"currency": "CHF"})]


def test_what_is_desired_counts_as_what_is_told() -> None:
    key = VariableSetting(component="OCPP16Configuration", variable="CustomDisplayCostAndPrice", value="true")
    wish = SetDesiredVariables(at=NOON, document_id="d1", station_id=STATION, requested_by="ops", variables=(key,))
    changed, _ = decided(wish, Desk())
    assert changed == [ON.model_copy(update={"currency": None, "shows_tariffs": True})]


def test_what_a_station_answers_of_its_display_counts_too() -> None:
    name = {"component": "TariffCostCtrlr", "variable": "Enabled", "variable_instance": "Cost"}
    ids = {"command_id": "c1", "station_id": STATION}
    ask = GetVariables(**ids, at=NOON, requested_by="ops", expires_at=LATER, variables=(VariableQuery(**name),))
    sent = ReportSent(**ids, at=NOON, epoch=7, replica_id="gw-1")
    off = VariableReading(**name, status="Accepted", value="false")
    answer = ReportAnswered(
        **ids, at=NOON, epoch=7, answer="Accepted", outcome="succeeded", response=StationResponse(variables=(off,))
    )
    _, state = decided(REPORT, Desk())
    _, state = decided(ask, state)
    _, state = decided(sent, state)
    changed, _ = decided(answer, state)
    assert changed == [ON.model_copy(update={"enabled": False})]
