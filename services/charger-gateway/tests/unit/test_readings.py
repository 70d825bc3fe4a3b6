"""Readings of either generation: totals at the outlet, then phases and other places; signed records by reference."""

from datetime import UTC, datetime
from typing import Any

import pytest

from charger_gateway.domain.readings import canonical_readings, scaled_v16, scaled_v201
from ev_contracts.common import MeterReading

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
AT = "2026-11-20T12:00:00Z"
REGISTER = "Energy.Active.Import.Register"
SIGNED = {"signedMeterData": "T0NNRg==", "signingMethod": "", "encodingMethod": "OCMF", "publicKey": "PUB"}


def readings_v16(*samples: dict[str, Any]) -> tuple[MeterReading, ...]:
    return canonical_readings([{"timestamp": AT, "sampledValue": list(samples)}], scaled_v16, "17-4")


def readings_v201(*samples: dict[str, Any]) -> tuple[MeterReading, ...]:
    return canonical_readings([{"timestamp": AT, "sampledValue": list(samples)}], scaled_v201, "17-4")


def reading(**values: Any) -> MeterReading:
    return MeterReading(**{"sampled_at": NOON, "context": "Sample.Periodic", **values})


@pytest.mark.parametrize(
    ("measurand", "value", "unit", "fields"),
    [
        (REGISTER, "12.4", "kWh", {"register_wh": 12_400}),
        ("Energy.Active.Import.Interval", "700", "Wh", {"interval_wh": 700}),
        ("Energy.Active.Export.Register", "1.5", "kWh", {"export_register_wh": 1_500}),
        ("Power.Active.Export", "7.4", "kW", {"export_power_w": 7_400}),
        ("Energy.Active.Export.Interval", "0.3", "kWh", {"export_interval_wh": 300}),
        ("Power.Active.Import", "11", "kW", {"power_w": 11_000}),
        ("Current.Import", "15.96", "A", {"current_a_tenths": 160, "current_sum_a_tenths": 160}),
        ("SoC", "57", "Percent", {"soc_percent": 57}),
    ],
)
def test_each_measurand_has_its_field(measurand: str, value: str, unit: str, fields: dict[str, int]) -> None:
    assert readings_v16({"measurand": measurand, "value": value, "unit": unit}) == (reading(**fields),)


def test_a_total_that_was_told_is_not_the_sum_of_its_phases() -> None:
    total = {"measurand": "Power.Active.Import", "value": "10500", "unit": "W"}
    phases = [{**total, "value": "3600", "phase": phase} for phase in ("L1", "L2")]
    assert readings_v16(total, *phases) == (
        reading(power_w=10_500),
        reading(power_w=3_600, phase="L1"),
        reading(power_w=3_600, phase="L2"),
    )


def test_what_flows_at_another_place_stands_apart() -> None:
    at_inlet = {"measurand": REGISTER, "value": "500", "location": "Inlet"}
    assert readings_v16({"value": "12400"}, at_inlet) == (
        reading(register_wh=12_400),
        reading(register_wh=500, location="Inlet"),
    )


def test_a_phase_that_is_a_pair_adds_nothing_to_the_total() -> None:
    pair = {"measurand": "Power.Active.Import", "value": "100", "phase": "L1-L2"}
    assert readings_v16(pair) == (reading(power_w=100, phase="L1-L2"),)


@pytest.mark.parametrize(("data", "encoding"), [("OCMF|{}|{}", "OCMF"), ("ABCD", None)])
def test_a_signed_record_of_1_6_that_is_not_beside_it_stays_in_its_frame(data: str, encoding: str | None) -> None:
    signed = {"value": data, "format": "SignedData", "context": "Transaction.End"}
    assert readings_v16(signed) == (
        reading(context="Transaction.End", signed_value_ref="17-4", signed_encoding=encoding),
    )


def test_a_signed_record_of_2_x_is_beside_its_value() -> None:
    assert readings_v201({"value": 12400.0, "context": "Transaction.Begin", "signedMeterValue": SIGNED}) == (
        reading(context="Transaction.Begin", register_wh=12_400, signed_value_ref="17-4", signed_encoding="OCMF"),
    )


def test_a_multiplier_scales_an_export() -> None:
    unit = {"unit": "Wh", "multiplier": 3}
    sample = {"value": 1.25, "measurand": "Energy.Active.Export.Register", "unitOfMeasure": unit}
    assert readings_v201(sample) == (reading(export_register_wh=1_250),)


def phase_of(phase: str, wh: str) -> dict[str, Any]:
    return {"measurand": REGISTER, "value": wh, "phase": phase}


def test_phases_of_one_instant_that_come_in_pieces_are_summed_once() -> None:
    pieces = [{"timestamp": AT, "sampledValue": [phase_of(phase, "4000")]} for phase in ("L1", "L2", "L3", "L2")]
    total, *phases = canonical_readings(pieces, scaled_v16, "17-4")
    assert total == reading(register_wh=12_000)
    assert [each.phase for each in phases] == ["L1", "L2", "L3"]


def test_a_phase_that_is_told_against_another_and_against_neutral_counts_once() -> None:
    total, *_ = readings_v16(*(phase_of(phase, "4000") for phase in ("L1", "L1-N", "L2-N", "L3")))
    assert total == reading(register_wh=12_000)


def test_contexts_of_one_instant_stay_apart() -> None:
    """Clock-aligned and sampled values, and those of a transaction's end, are readings of their own."""
    contexts = ("Sample.Clock", "Sample.Periodic", "Transaction.End")
    told = readings_v16(*({"value": str(1_000 + place), "context": each} for place, each in enumerate(contexts)))
    assert [(each.context, each.register_wh) for each in told] == list(
        zip(contexts, (1_000, 1_001, 1_002), strict=True)
    )


@pytest.mark.parametrize("location", ["Inlet", "Body", "Cable", "EV"])
def test_phases_at_another_place_make_no_total_at_the_outlet(location: str) -> None:
    told = readings_v16(*({**phase_of(phase, "4000"), "location": location} for phase in ("L1", "L2", "L3")))
    assert [(each.location, each.phase, each.register_wh) for each in told] == [
        (location, phase, 4_000) for phase in ("L1", "L2", "L3")
    ]
