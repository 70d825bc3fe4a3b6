"""Energy that a vehicle gives back: a figure of its own, by the rules of every register, never taken off the import."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st
from story import SESSION, STATION, at, charging, deadline, end, name_of, reading, readings, start, suspended, told

from ev_contracts.common import MeterReading, SessionFacts
from ev_contracts.sessions import (
    ChangeMeter,
    EnergyDelivered,
    GapFound,
    SessionClosed,
    SessionCorrected,
    SessionMarkedSuspect,
)
from session_ledger.domain.session import Command


def both(minutes: float, register_wh: int, export_register_wh: int, context: str | None = None) -> MeterReading:
    return MeterReading(
        sampled_at=at(minutes), register_wh=register_wh, export_register_wh=export_register_wh, context=context
    )


V2G = (
    both(0, 1_000, 500, "Transaction.Begin"),
    both(20, 5_000, 500),
    both(40, 5_000, 2_500),
    both(60, 12_000, 3_000, "Transaction.End"),
)


def facts_of(commands: Sequence[Command]) -> SessionFacts:
    events, _ = told(commands)
    return [each for each in events if isinstance(each, SessionClosed | SessionCorrected)][-1].facts


def session_of(*told_readings: MeterReading) -> list[Command]:
    return [start(), *(readings(each) for each in told_readings), end(), deadline("close", 61)]


def test_what_was_given_back_is_a_figure_of_its_own() -> None:
    facts = facts_of(session_of(*V2G))
    assert (facts.energy_wh, facts.meter_start_wh, facts.meter_stop_wh) == (11_000, 1_000, 12_000)
    assert (facts.energy_export_wh, facts.export_start_wh, facts.export_stop_wh) == (2_500, 500, 3_000)
    assert facts.export_rule == "registers"


def test_a_session_without_an_export_register_says_nothing_of_it() -> None:
    facts = facts_of(session_of(reading(30, 4_000)))
    assert (facts.energy_export_wh, facts.export_start_wh, facts.export_rule) == (None, None, None)


def test_periods_know_both_directions() -> None:
    commands = session_of(*V2G)
    facts = facts_of([*commands[:3], suspended(20), charging(40), *commands[3:]])
    assert [(each.energy_wh, each.energy_export_wh) for each in facts.periods] == [
        (4_000, 0),
        (0, 2_000),
        (7_000, 500),
    ]


def test_live_energy_says_what_was_given_back_so_far() -> None:
    events, _ = told(session_of(*V2G))
    live = [(each.energy_wh, each.energy_export_wh) for each in events if isinstance(each, EnergyDelivered)]
    assert live == [(4_000, 0), (4_000, 2_000), (11_000, 2_500)]


@given(st.permutations([*V2G, *V2G[1:3]]))
def test_the_order_of_readings_changes_no_export(shuffled: list[MeterReading]) -> None:
    assert facts_of(session_of(*shuffled)) == facts_of(session_of(*V2G))


def test_the_begin_of_a_2_x_start_begins_the_export_too() -> None:
    begun = start(ocpp_version="2.1", seq_no=0, meter_start_wh=None, readings=V2G[:1])
    rest = [readings(each, session_id=SESSION, seq_no=n) for n, each in enumerate(V2G[1:3], start=1)]
    facts = facts_of([begun, *rest, end(60, None, session_id=SESSION, seq_no=3, readings=V2G[3:])])
    assert (facts.energy_wh, facts.energy_export_wh) == (11_000, 2_500)


def test_intervals_of_an_export_are_summed_once_each() -> None:
    intervals = [
        MeterReading(sampled_at=at(minutes), export_interval_wh=300, register_wh=1_000 + int(minutes))
        for minutes in (15, 30, 45, 30)
    ]
    facts = facts_of(session_of(*intervals))
    assert (facts.energy_export_wh, facts.export_rule, facts.export_stop_wh) == (900, "intervals", None)


def test_only_an_export_s_power_is_an_estimate_without_a_register() -> None:
    powers = [MeterReading(sampled_at=at(minutes), export_power_w=6_000) for minutes in (0, 30)]
    facts = facts_of(session_of(*powers))
    assert (facts.energy_wh, facts.energy_is_estimated) == (11_000, False)
    assert (facts.energy_export_wh, facts.export_rule, facts.export_stop_wh) == (6_000, "power-integrated", None)


def test_an_export_register_that_rolls_over_goes_on() -> None:
    begun = both(0, 1_000, 999_500, "Transaction.Begin")
    facts = facts_of(session_of(begun, both(20, 2_000, 999_900), both(40, 3_000, 100)))
    assert (facts.energy_wh, facts.energy_export_wh, facts.export_rule) == (11_000, 600, "rollover")


def test_an_export_that_no_rule_explains_is_held() -> None:
    fallen = [both(minutes, 1_000 + minutes, wh) for minutes, wh in ((10, 300_500), (20, 10), (30, 200), (40, 5))]
    events, _ = told(session_of(both(0, 1_000, 300_000, "Transaction.Begin"), *fallen))
    assert [each.cause for each in events if isinstance(each, SessionMarkedSuspect)] == ["export-energy-negative"]


def test_the_export_register_has_a_chain_of_its_own() -> None:
    def numbered(number: int, first: MeterReading, last: MeterReading) -> list[Command]:
        named = {"transaction_id": str(number)}
        began, stopped = 60.0 * number, 60.0 * number + 50
        return [
            start(
                session_id=name_of(number),
                at=at(began),
                started_at=at(began),
                meter_start_wh=first.register_wh,
                **named,
            ),
            readings(first, last, **named),
            end(stopped, last.register_wh, **named),
            deadline("close", began + 55).model_copy(update={"name": f"close/{name_of(number)}"}),
        ]

    first = numbered(0, both(0, 1_000, 500, "Transaction.Begin"), both(50, 5_000, 700))
    second = numbered(1, both(60, 5_000, 900, "Transaction.Begin"), both(110, 6_000, 950))
    events, state = told([*first, *second])
    (found,) = [each for each in events if isinstance(each, GapFound)]
    assert (found.cause, found.energy_wh, found.from_wh, found.to_wh) == ("export-between-sessions", 200, 700, 900)
    assert (found.evse_number, found.connector_number) == (1, 1)
    assert state.gaps == {found.gap_id: found}


def test_a_swapped_meter_counts_both_its_registers() -> None:
    over = session_of(
        both(0, 1_000_000, 50_000),
        both(20, 1_003_000, 52_000),
        both(40, 500, 100),
        both(50, 2_000, 900),
    )
    change = ChangeMeter(
        at=at(30),
        station_id=STATION,
        evse_number=1,
        connector_number=1,
        removed_at=at(30),
        removed_register_wh=1_004_000,
        removed_export_register_wh=52_300,
        fitted_at=at(30),
        register_wh=0,
        export_register_wh=0,
    )
    commands = [start(meter_start_wh=1_000_000), change, *over[1:-2], end(60, 2_500), deadline("close", 61)]
    facts = facts_of(commands)
    assert (facts.energy_wh, facts.energy_rule) == (4_000 + 2_500, "meter-swap")
    assert (facts.energy_export_wh, facts.export_rule) == (2_300 + 900, "meter-swap")


def test_a_meter_change_told_after_the_close_of_a_session_that_gave_back_is_contested() -> None:
    change = ChangeMeter(
        at=at(90), station_id=STATION, evse_number=1, connector_number=1, removed_at=at(30), fitted_at=at(30)
    )
    events, state = told([*session_of(*V2G), change])
    assert [each.cause for each in events if isinstance(each, SessionMarkedSuspect)] == ["meter-change-unexplained"]
    assert list(state.questions) == [SESSION]
