"""How much a session's registers stand for: one rule each; the field bugs that they answer are named."""

from datetime import timedelta

import pytest
from story import NOON, at, reading

from ev_contracts.common import MeterReading
from session_ledger.domain.evidence import Evidence, with_readings
from session_ledger.domain.metering import Doubt, Ends, Metered
from session_ledger.domain.registers import metered
from session_ledger.domain.rows import ms_of


def come_to(
    begin_wh: int | None,
    told: tuple[MeterReading, ...],
    stop_wh: int | None,
    minutes: float = 60,
) -> Metered | Doubt:
    return metered(
        Ends(
            started_at=at(0),
            ended_at=at(minutes),
            begin_wh=begin_wh,
            stop_wh=stop_wh,
            flow=with_readings(Evidence(), told).imported,
        )
    )


def energy(found: Metered | Doubt) -> tuple[int, str]:
    assert isinstance(found, Metered), found
    times = [at_ms for at_ms, _ in found.points]
    sums = [wh for _, wh in found.points]
    assert times == sorted(times)
    assert sums == sorted(sums)
    assert sums[-1] == found.energy_wh >= 0
    return found.energy_wh, found.rule


def doubt(found: Metered | Doubt) -> str:
    assert isinstance(found, Doubt), found
    return found.cause


def test_energy_is_the_last_register_minus_the_first() -> None:
    assert energy(come_to(1_000, (reading(30, 4_000),), 12_000)) == (11_000, "registers")


def test_a_stop_that_names_no_register_takes_the_last_reading() -> None:
    """MeterStop -1 stands for "unknown" (ocpp-go#114)."""
    assert energy(come_to(1_000, (reading(30, 4_000), reading(50, 9_000)), None)) == (8_000, "registers")


def test_totals_that_are_reset_to_zero_at_the_end_are_no_registers() -> None:
    """citrineos-core#868: the totals of a session were set back to 0 by its last event."""
    told = (reading(30, 4_000), reading(50, 9_000), reading(60, 0, "Transaction.End"))
    assert energy(come_to(1_000, told, 0)) == (8_000, "registers")
    assert energy(come_to(1_000, told, None)) == (8_000, "registers")
    assert doubt(come_to(1_000, (), 0)) == "register-missing"


def test_a_new_meter_may_truly_begin_at_zero() -> None:
    assert energy(come_to(0, (reading(1, 100), reading(30, 4_000)), 12_000)) == (12_000, "registers")
    assert energy(come_to(0, (), 0)) == (0, "registers")


def test_a_begin_of_zero_does_not_bill_a_lifetime() -> None:
    """citrineos-core#1060: 910 kWh were billed for 0.083, for an offline session's Begin was a placeholder of 0."""
    told = (reading(1, 910_000), reading(5, 910_040))
    assert energy(come_to(0, told, 910_083, minutes=10)) == (83, "begin-placeholder")
    assert doubt(come_to(0, (), 910_083, minutes=10)) == "begin-placeholder"
    assert doubt(come_to(0, (), 910_083, minutes=600)) == "begin-placeholder"
    late = (reading(200, 910_000), reading(590, 910_040))
    assert doubt(come_to(0, late, 910_083, minutes=600)) == "begin-placeholder"


def test_without_a_begin_the_first_reading_is_taken_and_nothing_before_it_is_billed() -> None:
    assert energy(come_to(None, (reading(2, 1_100), reading(30, 4_000)), 12_000)) == (10_900, "begin-missing")
    assert doubt(come_to(None, (), 12_000)) == "register-missing"


def test_session_relative_readings_between_absolute_ends() -> None:
    """lbbrhzn/ocpp#2093: the readings count from 0 while start and stop are the meter's own."""
    told = (reading(10, 0), reading(20, 500), reading(30, 1_500))
    found = come_to(1_000_000, told, 1_002_000)
    assert energy(found) == (2_000, "session-relative")
    assert isinstance(found, Metered)
    assert (ms_of(at(20)), 500) in found.points


def test_a_reading_that_falls_back_for_a_moment_is_passed_over() -> None:
    told = (reading(10, 3_000), reading(11, 40), reading(12, 3_100))
    assert energy(come_to(1_000, told, 12_000)) == (11_000, "registers")


def test_a_reading_above_the_stop_is_passed_over() -> None:
    """A single wild value must not become the session's energy."""
    told = (reading(10, 3_000), reading(11, 5_000_000), reading(12, 3_100))
    assert energy(come_to(1_000, told, 12_000)) == (11_000, "registers")
    assert energy(come_to(1_000, told, None)) == (2_100, "registers")


def test_a_meter_that_was_reset_counts_both_rising_parts_and_names_the_hole() -> None:
    told = (reading(10, 1_003_000), reading(20, 1_005_000), reading(25, 0), reading(40, 1_500))
    found = come_to(1_000_000, told, 2_000)
    assert energy(found) == (7_000, "meter-reset")
    assert isinstance(found, Metered)
    assert len(found.holes) == 1
    assert (found.holes[0].from_wh, found.holes[0].to_wh) == (1_005_000, 0)


def test_a_stop_below_its_start_is_never_billed() -> None:
    """SteVe#1297 and OCPP.Core#33 took meterStop < meterStart as it was."""
    assert doubt(come_to(1_000, (), 999)) == "energy-negative"
    assert doubt(come_to(1_000_000, (reading(10, 1_003_000),), 50)) == "energy-negative"


def test_a_register_that_falls_twice_is_not_explained() -> None:
    told = (reading(10, 1_003_000), reading(20, 0), reading(30, 900), reading(35, 10), reading(40, 20))
    assert doubt(come_to(1_000_000, told, 60)) == "energy-negative"


def test_a_register_that_fell_and_came_past_its_begin_is_not_guessed() -> None:
    told = (reading(10, 3_000), reading(20, 5_000), reading(25, 0), reading(40, 1_200))
    assert doubt(come_to(1_000, told, 1_300)) == "register-fell"


@pytest.mark.parametrize("modulus", [10**6, 10**7, 10**8, 2**32])
def test_a_register_that_rolls_over_goes_on(modulus: int) -> None:
    told = (reading(10, modulus - 100), reading(20, 2_000))
    assert energy(come_to(modulus - 1_000, told, 4_000)) == (5_000, "rollover")
    assert energy(come_to(modulus - 1_000, (), 4_000)) == (5_000, "rollover")


def test_a_fall_from_far_below_the_greatest_figure_is_no_rollover() -> None:
    assert doubt(come_to(500_000, (), 4_000)) == "energy-negative"


def test_where_only_power_is_known_it_is_integrated_and_said_to_be_an_estimate() -> None:
    told = tuple(MeterReading(sampled_at=at(minutes), power_w=6_000) for minutes in (0, 10, 30))
    found = come_to(None, told, None)
    assert energy(found) == (6_000, "power-integrated")
    assert isinstance(found, Metered)
    assert found.is_estimated
    assert energy(come_to(0, told, 0)) == (6_000, "power-integrated")
    assert doubt(come_to(None, (), None)) == "register-missing"


def test_intervals_are_summed_once_each_whatever_is_told_twice() -> None:
    """citrineos-core#880: the meter values of a retried StopTransaction were counted once more with each try."""
    told = tuple(MeterReading(sampled_at=at(minutes), interval_wh=700) for minutes in (15, 30, 45, 60, 30))
    found = come_to(None, told, None)
    assert energy(found) == (2_800, "intervals")


@pytest.mark.parametrize("location", ["Inlet", "Body", "Cable", "EV"])
def test_what_is_told_of_another_place_never_mixes_with_the_outlet(location: str) -> None:
    elsewhere = tuple(
        MeterReading(sampled_at=at(minutes), register_wh=900_000, power_w=90_000, interval_wh=9_000, location=location)
        for minutes in (0, 30, 59)
    )
    assert with_readings(Evidence(), elsewhere) == Evidence()
    assert energy(come_to(1_000, (*elsewhere, reading(30, 4_000)), 12_000)) == (11_000, "registers")


def test_one_instant_told_in_several_contexts_is_one_reading() -> None:
    """Clock-aligned, sampled and transactionData: merged by their instant, never appended."""
    told = tuple(reading(30, wh, context) for wh, context in ((4_000, "Sample.Clock"), (4_000, "Sample.Periodic")))
    again = (*told, reading(30, 4_000, "Transaction.End"), *told)
    assert with_readings(Evidence(), again) == with_readings(Evidence(), told[:1])


def test_only_totals_at_the_outlet_count() -> None:
    phase = MeterReading(sampled_at=at(30), register_wh=900_000, phase="L1")
    inlet = MeterReading(sampled_at=at(31), register_wh=900_000, location="Inlet")
    outlet = MeterReading(sampled_at=at(32), register_wh=4_000, location="Outlet")
    assert energy(come_to(1_000, (phase, inlet, outlet), None)) == (3_000, "registers")


def test_a_negative_register_is_none() -> None:
    assert energy(come_to(-1, (reading(1, 1_000), reading(30, -1)), 3_000)) == (2_000, "begin-missing")


def test_more_than_a_station_can_give_is_held() -> None:
    assert doubt(come_to(1_000, (), 402_001)) == "energy-implausible"
    assert energy(come_to(1_000, (), 402_000)) == (401_000, "registers")
    powers = (MeterReading(sampled_at=NOON, power_w=900_000),)
    assert doubt(come_to(None, powers, None)) == "energy-implausible"


def test_order_and_repetition_change_nothing() -> None:
    told = (reading(10, 1_003_000), reading(20, 1_005_000), reading(25, 0), reading(40, 1_500))
    assert come_to(1_000_000, (*told[::-1], *told), 2_000) == come_to(1_000_000, told, 2_000)
    assert timedelta(minutes=60) == at(60) - at(0)
