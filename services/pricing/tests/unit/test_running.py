"""What a display shows while a session runs is what its invoice says once it is over."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis.strategies import integers
from priced import FACTS, LONG_AGO, NOON, PLACE, RESALE, assign, at, closed, component, version
from test_engine import AMSTERDAM, EVERYTHING, FIVE_PM, IDLE, STARTS, STEPS, Step, element, net, session, tariff
from test_entitlement import plan_of
from test_rated import CONTEXT

from ev_contracts.accounts import SubscriptionSnapshot
from ev_contracts.common import (
    AllowanceDraw,
    AllowanceKind,
    MeterPoint,
    PlanAllowance,
    PlanDiscount,
    ReservationFacts,
    SessionFacts,
    TariffVersion,
)
from ev_contracts.pricing import (
    AllowanceSnapshot,
    AssignmentSnapshot,
    PlanSnapshot,
    RunningCostComputed,
    TariffSnapshot,
)
from ev_contracts.record import Record
from ev_contracts.sessions import (
    EnergyDelivered,
    ReservationAttached,
    SessionStarted,
    SuspensionEnded,
    SuspensionStarted,
)
from pricing.adapters.running_costs import RunningCosts
from pricing.adapters.tariff_book import SnapshotTariffs
from pricing.domain.money import decimal_of
from pricing.policies import latest_energy, on_energy

PARTNER = RESALE.model_copy(update={"driver_ref": None})


def started(facts: SessionFacts, *, charging: bool) -> SessionStarted:
    return SessionStarted(
        session_id=facts.session_id, station_id=PLACE.station_id, transaction_id="t", ocpp_version="2.0.1",
        evse_number=1, connector_number=1, started_at=facts.started_at, token_status="Accepted", offline=False,
        charging=charging,
    )  # fmt: skip


def reading(facts: SessionFacts, point: MeterPoint, **changes: Any) -> EnergyDelivered:
    fields: dict[str, Any] = {
        "session_id": facts.session_id, "station_id": PLACE.station_id, "evse_number": 1, "connector_number": 1,
        "measured_at": point.at, "register_wh": point.energy_wh, "energy_wh": point.energy_wh,
        "power_w": point.power_w, "current_sum_a_tenths": point.current_a_tenths, "started_at": facts.started_at,
        "charging_s": 0, "parking_s": 0, "place": PLACE, "parties": PARTNER,
    }  # fmt: skip
    return EnergyDelivered(**{**fields, **changes})


def told(facts: SessionFacts) -> list[Record]:
    """As the ledger tells it while it runs."""
    events: list[Record] = [started(facts, charging=facts.periods[0].charging)]
    was_charging = facts.periods[0].charging
    for period in facts.periods[1:]:
        if period.charging and not was_charging:
            events.append(SuspensionEnded(session_id=facts.session_id, station_id="s", at=period.started_at))
        if not period.charging and was_charging:
            events.append(
                SuspensionStarted(
                    session_id=facts.session_id, station_id="s", at=period.started_at, suspended_by=period.suspended_by
                )
            )
        was_charging = period.charging
    events += [reading(facts, point) for point in facts.curve]
    return sorted(events, key=_when)


def _when(event: Record) -> Any:
    match event:
        case SessionStarted():
            return event.started_at, 0
        case EnergyDelivered():
            return event.measured_at, 1
        case _:
            return getattr(event, "at"), 2  # noqa: B009 - a suspension's


def running(by: TariffVersion, **more: int) -> RunningCosts:
    book = SnapshotTariffs()
    book.versions.put(f"volt/{by.tariff_id}@1", TariffSnapshot(tariff=by, name="Day"))
    book.assignments.put("volt/wholesale#all", AssignmentSnapshot(**assign().model_dump(exclude={"at"})))
    return RunningCosts(book, **more)


def costs(costs_: RunningCosts, *events: Record) -> list[RunningCostComputed]:
    found = [to.command for event in events for to in on_energy(event, CONTEXT, costs_)]
    assert all(isinstance(each, RunningCostComputed) for each in found)
    return found


@given(STARTS, STEPS)
def test_the_last_cost_shown_is_the_final_price(start: Any, steps: list[Step]) -> None:
    facts, by = session(start, *steps), tariff(*EVERYTHING.elements, idle_fee=IDLE)
    shown = costs(running(by), *told(facts))
    assert shown[-1].total_excl_vat.amount == decimal_of(net(facts, by, AMSTERDAM))


ABOUT_FIVE = tariff(element(component("ENERGY", "0.20"), end_time="17:00"), element(component("ENERGY", "0.50")))
HOUR = session(FIVE_PM - timedelta(minutes=30), Step(20, 3_000), Step(20, 3_000), Step(20, 3_000))


def test_the_price_that_changes_at_five_changes_on_the_display_at_five() -> None:
    shown = costs(running(ABOUT_FIVE), *told(HOUR))
    assert [each.total_excl_vat.rounded_minor for each in shown] == [0, 60, 165, 315]


def test_what_is_told_again_is_measured_once() -> None:
    events = told(HOUR)
    again = costs(running(ABOUT_FIVE), *events[:3], events[2], events[1], *events[3:])
    assert again[-1].total_excl_vat.rounded_minor == 315


def test_readings_read_together_are_all_measured_and_the_last_is_told() -> None:
    book = running(ABOUT_FIVE)
    lasting = latest_energy([(event, CONTEXT) for event in told(HOUR)], book)
    (event,) = (event for event, _ in lasting)
    assert [each.total_excl_vat.rounded_minor for each in costs(book, event)] == [315]


def test_a_repeat_read_last_costs_what_all_before_it_do() -> None:
    book, events = running(ABOUT_FIVE), told(HOUR)
    lasting = latest_energy([(event, CONTEXT) for event in (*events, events[2])], book)
    (event,) = (event for event, _ in lasting)
    assert [each.total_excl_vat.rounded_minor for each in costs(book, event)] == [315]


def test_the_last_cost_is_told_though_the_close_is_read_with_it_and_then_forgotten() -> None:
    facts, book = HOUR.model_copy(update={"session_id": closed().session_id}), running(ABOUT_FIVE)
    found: list[tuple[Record, Any]] = [(event, CONTEXT) for event in (*told(facts), closed())]
    last = [event for event, _ in latest_energy(found, book)]
    assert [each.total_excl_vat.rounded_minor for each in costs(book, *last)] == [315]
    assert book.rests_on(CONTEXT.partition) is None


def test_a_close_after_which_nothing_is_left_to_tell_is_forgotten_at_once() -> None:
    facts, book = HOUR.model_copy(update={"session_id": closed().session_id}), running(ABOUT_FIVE)
    costs(book, *told(facts))
    assert latest_energy([(closed(), CONTEXT)], book) == []
    assert book.rests_on(CONTEXT.partition) is None


def test_after_a_restart_what_was_parked_came_first() -> None:
    by = tariff(element(component("PARKING_TIME", "6.00"), component("TIME", "1.00")))
    facts = session(NOON, Step(60, 1_000))
    late = reading(facts, MeterPoint(at=at(60), energy_wh=1_000), charging_s=1_800, parking_s=1_800)
    assert [each.total_excl_vat.rounded_minor for each in costs(running(by), late)] == [350]


def test_without_a_tariff_there_is_no_cost() -> None:
    assert costs(RunningCosts(SnapshotTariffs()), *told(HOUR)) == []


def test_of_too_many_sessions_the_one_that_began_first_is_begun_anew() -> None:
    small = running(ABOUT_FIVE, at_most=1)
    other = HOUR.model_copy(update={"session_id": "other"})
    costs(small, *told(HOUR)[:3], *told(other)[:3])
    assert costs(small, told(HOUR)[-1])[0].total_excl_vat.rounded_minor == 315


@given(STARTS, STEPS, integers(0, 100), integers(0, 100))
def test_a_restart_anywhere_changes_no_cost(start: Any, steps: list[Step], first: int, second: int) -> None:
    facts, by = session(start, *steps), tariff(*EVERYTHING.elements, idle_fee=IDLE)
    read = [
        (event, replace(CONTEXT, partition=1, offset=offset, time=start))
        for offset, event in enumerate(told(facts), start=7)
    ]
    unbroken, broken, shown = running(by), running(by), []
    for place, (event, context) in enumerate(read):
        if place in {first % len(read), second % len(read)}:
            again = broken.rests_on(1)
            broken = running(by)
            for told_before, before in read[:place]:
                if again is not None and before.offset >= again:
                    on_energy(told_before, before, broken)
        shown.append(on_energy(event, context, broken))
        assert shown[-1] == on_energy(event, context, unbroken)
    assert any(shown)


def test_a_worker_that_begins_forgets_its_own_partition_alone() -> None:
    book = running(ABOUT_FIVE)
    for partition, name in ((0, "one"), (1, "two")):
        facts = HOUR.model_copy(update={"session_id": name})
        for offset, event in enumerate(told(facts)[:2]):
            on_energy(event, replace(CONTEXT, partition=partition, offset=5 + offset), book)
    book.forget(0)
    assert (book.rests_on(0), book.rests_on(1)) == (None, 5)


def test_a_session_that_has_run_for_days_is_not_read_again() -> None:
    book = running(ABOUT_FIVE)
    for offset, (name, minutes) in enumerate((("one", 0), ("two", 5_000))):
        facts = HOUR.model_copy(update={"session_id": name})
        for event in told(facts)[:2]:
            on_energy(event, replace(CONTEXT, offset=offset, time=at(minutes)), book)
    assert book.rests_on(0) == 1


def test_the_reservation_before_the_session_is_in_the_cost_whenever_it_became_known() -> None:
    by = tariff(
        element(component("TIME", "6.00"), reservation="RESERVATION"),
        element(component("FLAT", "1.00"), reservation="RESERVATION"),
        element(component("ENERGY", "0.50")),
    )
    held = ReservationFacts(
        reservation_id="r", started_at=FIVE_PM - timedelta(hours=1), ended_at=HOUR.started_at, expired=False
    )
    attached = ReservationAttached(
        session_id=HOUR.session_id, station_id=PLACE.station_id, reservation=held, attached_at=HOUR.started_at
    )
    facts = HOUR.model_copy(update={"reservation": held})
    events = told(facts)
    for known_at in range(1, len(events)):
        shown = costs(running(by), *events[:known_at], attached, *events[known_at:])
        assert shown[-1].total_excl_vat.amount == decimal_of(net(facts, by, AMSTERDAM))
        assert shown[-1].total_excl_vat.rounded_minor == 300 + 100 + 450


def test_the_cost_of_a_subscriber_is_less_what_his_plan_takes_off_by_now() -> None:
    plan = plan_of([PlanDiscount(percent=Decimal(50))], [PlanAllowance(kind=AllowanceKind.ENERGY, quantity=9_000)])
    book = SnapshotTariffs()
    by = version(component("ENERGY", "0.50"))
    book.versions.put("emo/wholesale@1", TariffSnapshot(tariff=by, name="Day"))
    to_driver = assign(relation="EMSP_TO_DRIVER", seller_party_id="NL-EMO").model_dump(exclude={"at"})
    book.assignments.put("emo/wholesale#all", AssignmentSnapshot(**to_driver))
    book.plans.put("emo/commuter@1", PlanSnapshot(plan=plan, name="Commuter"))
    held = SubscriptionSnapshot(
        subscription_id="s-1", driver_ref="driver-7", seller_party_id="NL-EMO", plan_id="commuter",
        valid_from=LONG_AGO, version=1,
    )  # fmt: skip
    book.subscriptions.put("emo/driver-7#s-1", held)
    used = AllowanceDraw(kind=AllowanceKind.ENERGY, allowed=9_000, drawn=5_000, left=4_000)
    book.months.put("emo/s-1@2026-11", AllowanceSnapshot(subscription_id="s-1", month="2026-11", draws=(used,)))
    (shown,) = costs(RunningCosts(book), reading(FACTS, MeterPoint(at=at(30), energy_wh=6_000), parties=RESALE))
    assert shown.total_excl_vat.rounded_minor == 50  # of 6 kWh 4 are included, and half of 1.00 remains
