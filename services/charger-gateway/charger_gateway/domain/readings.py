"""Sampled values of either OCPP generation as canonical meter readings: Wh, W, tenths of A, percent."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from typing import Any, TypeAlias

from charger_gateway.domain.values import MAX_WH, Payload, instant
from ev_contracts.common import MeterReading

ENERGY = "Energy.Active.Import.Register"
POWER = "Power.Active.Import"
CURRENT = "Current.Import"
STATE_OF_CHARGE = "SoC"

Scaled: TypeAlias = Callable[[Payload], Decimal | None]

_FACTORS = {"kWh": Decimal(1000), "kW": Decimal(1000)}
_MAX_EXPONENT = 12
_FULL_PERCENT = 100
_PHASES = frozenset({"L1", "L2", "L3", "L1-N", "L2-N", "L3-N"})
# Inlet is the grid's side and EV the vehicle's: neither is what the driver is sold.
_OUTLET = "Outlet"


def scaled_v16(sample: Payload) -> Decimal | None:
    """The value in Wh, W, A or percent; None where it is signed data or not a number (both happen in the field)."""
    if sample.get("format") == "SignedData":
        return None
    return _finite(sample["value"], _FACTORS.get(sample.get("unit", "")))


def scaled_v201(sample: Payload) -> Decimal | None:
    """As `scaled_v16`; 2.x adds a power of ten."""
    unit = sample.get("unitOfMeasure")
    # repr of a float is the shortest text that reads back the same: the digits that the station wrote.
    value = repr(sample["value"])
    if unit is None:
        return _finite(value, None)
    scaled = _finite(value, _FACTORS.get(unit.get("unit", "Wh")))
    exponent = int(unit.get("multiplier", 0))
    if scaled is None or not exponent:
        return scaled
    return scaled.scaleb(exponent) if abs(exponent) <= _MAX_EXPONENT else None


def _finite(text: str, factor: Decimal | None) -> Decimal | None:
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    if not value.is_finite() or value.adjusted() > _MAX_EXPONENT:
        return None
    return value if factor is None else value * factor


def canonical_readings(meter_values: Iterable[Payload], scaled: Scaled) -> tuple[MeterReading, ...]:
    """One reading per instant and context, in the station's order; instants without a known measurand are left out."""
    readings: list[MeterReading] = []
    for meter_value in meter_values:
        at = instant(meter_value, "timestamp")
        for context, samples in _by_context(meter_value["sampledValue"]).items():
            reading = _reading(at, context, samples, scaled)
            if reading is not None:
                readings.append(reading)
    return tuple(readings)


def _by_context(samples: Iterable[Payload]) -> Mapping[str, list[Payload]]:
    groups: dict[str, list[Payload]] = {}
    for sample in samples:
        groups.setdefault(sample.get("context", "Sample.Periodic"), []).append(sample)
    return groups


def _reading(at: datetime, context: str, samples: list[Payload], scaled: Scaled) -> MeterReading | None:
    totals: dict[str, Decimal] = {}
    phases: dict[str, list[Decimal]] = {}
    for sample in samples:
        measurand = sample.get("measurand", ENERGY)
        if measurand != STATE_OF_CHARGE and sample.get("location", _OUTLET) != _OUTLET:
            continue
        value = scaled(sample)
        if value is None:
            continue
        phase = sample.get("phase")
        if phase is None:
            totals[measurand] = value
        elif phase in _PHASES:
            phases.setdefault(measurand, []).append(value)
    fields: dict[str, Any] = {
        "register_wh": _whole_within(_sum(ENERGY, totals, phases), MAX_WH),
        "power_w": _whole_within(_sum(POWER, totals, phases), MAX_WH),
        "soc_percent": _percent(totals.get(STATE_OF_CHARGE)),
        "current_a_tenths": _tenths(totals, phases),
    }
    if all(value is None for value in fields.values()):
        return None
    return MeterReading(sampled_at=at, context=context, **fields)


def _sum(measurand: str, totals: Mapping[str, Decimal], phases: Mapping[str, list[Decimal]]) -> Decimal | None:
    if measurand in totals:
        return totals[measurand]
    return sum(phases[measurand], Decimal()) if measurand in phases else None


def _whole_within(value: Decimal | None, limit: int) -> int | None:
    if value is None or abs(value) > limit:
        return None
    return int(value.to_integral_value(rounding=ROUND_HALF_EVEN))


def _percent(value: Decimal | None) -> int | None:
    percent = _whole_within(value, _FULL_PERCENT)
    return percent if percent is not None and percent >= 0 else None


def _tenths(totals: Mapping[str, Decimal], phases: Mapping[str, list[Decimal]]) -> int | None:
    current = totals.get(CURRENT, max(phases[CURRENT]) if CURRENT in phases else None)
    return None if current is None else _whole_within(current * 10, MAX_WH)
