"""Sampled values of either OCPP generation as canonical meter readings: Wh, W, tenths of A, percent."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from typing import Any, TypeAlias

from charger_gateway.domain.values import MAX_WH, Payload, instant
from ev_contracts.common import MeterReading
from ev_contracts.record import trusted, utc_millis

ENERGY = "Energy.Active.Import.Register"
POWER = "Power.Active.Import"
INTERVAL = "Energy.Active.Import.Interval"
EXPORT = "Energy.Active.Export.Register"
EXPORT_POWER = "Power.Active.Export"
EXPORT_INTERVAL = "Energy.Active.Export.Interval"
CURRENT = "Current.Import"
STATE_OF_CHARGE = "SoC"

Number: TypeAlias = Decimal | int
Scaled: TypeAlias = Callable[[Payload], Number | None]

_FACTORS = {"kWh": 1000, "kW": 1000}
_MAX_EXPONENT = 12
_MOST_DIGITS = _MAX_EXPONENT + 1
_FULL_PERCENT = 100
_reading = trusted(MeterReading)
_PHASES = ("L1", "L2", "L3")
# Inlet is the grid's side and EV the vehicle's: neither is what the driver is sold.
_OUTLET = "Outlet"
_Place: TypeAlias = tuple[str | None, str | None]
"""Location and phase; None is the outlet, and all phases together."""
_TOTALS: _Place = (None, None)
_FIELDS = {
    ENERGY: "register_wh",
    POWER: "power_w",
    INTERVAL: "interval_wh",
    EXPORT: "export_register_wh",
    EXPORT_POWER: "export_power_w",
    EXPORT_INTERVAL: "export_interval_wh",
}


def scaled_v16(sample: Payload) -> Number | None:
    """The value in Wh, W, A or percent; None where it is signed data or not a number (both happen in the field)."""
    if sample.get("format") == "SignedData":
        return None
    return _finite(sample["value"], _FACTORS.get(sample.get("unit", ""), 1))


def scaled_v201(sample: Payload) -> Number | None:
    """As `scaled_v16`; 2.x adds a power of ten."""
    unit = sample.get("unitOfMeasure")
    # repr of a float is the shortest text that reads back the same: the digits that the station wrote.
    value = repr(sample["value"])
    if unit is None:
        return _finite(value, 1)
    scaled = _finite(value, _FACTORS.get(unit.get("unit", "Wh"), 1))
    exponent = int(unit.get("multiplier", 0))
    if scaled is None or not exponent:
        return scaled
    return Decimal(scaled).scaleb(exponent) if abs(exponent) <= _MAX_EXPONENT else None


def _finite(text: str, factor: int) -> Number | None:
    if text.isdecimal() and len(text) <= _MOST_DIGITS:
        # What meters mostly say; a Decimal of it takes four times as long.
        return int(text) * factor
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    if not value.is_finite() or value.adjusted() > _MAX_EXPONENT:
        return None
    return value * factor


def canonical_readings(meter_values: Iterable[Payload], scaled: Scaled, frame_ref: str) -> tuple[MeterReading, ...]:
    """Per instant and context the totals at the outlet, then what was told of single phases and of other places.

    In the station's order; what tells no known measurand and is not signed is left out. Signed records, which stand
    beside their samples by now, go with the totals; a record that is too long stays in its frame, to which they refer.
    """
    readings: list[MeterReading] = []
    for (at, context), samples in _by_instant(meter_values).items():
        places = _by_place(samples, scaled)
        totals = places.pop(_TOTALS, {})
        fields = _of_outlet(totals, _phases(places) if places else [])
        signed = _signed(samples)
        if signed:
            fields |= _records(signed, frame_ref)
        if fields:
            readings.append(_reading(sampled_at=at, context=context, **fields))
        for (location, phase), values in places.items():
            fields = _fields(values) | _currents(values, [])
            if fields:
                readings.append(_reading(sampled_at=at, context=context, phase=phase, location=location, **fields))
    return tuple(readings)


def _of_outlet(totals: dict[str, Number], phases: list[dict[str, Number]]) -> dict[str, Any]:
    fields = _fields(totals | _sums(totals, phases) if phases else totals)
    return fields | _currents(totals, phases) if phases or CURRENT in totals else fields


def _by_instant(meter_values: Iterable[Payload]) -> Mapping[tuple[datetime, str], list[Payload]]:
    """The samples of each instant and context; some stations send an instant in pieces, a phase in each."""
    groups: dict[tuple[datetime, str], list[Payload]] = {}
    for meter_value in meter_values:
        at = utc_millis(instant(meter_value, "timestamp"))
        for sample in meter_value["sampledValue"]:
            groups.setdefault((at, sample.get("context", "Sample.Periodic")), []).append(sample)
    return groups


def _phases(places: Mapping[_Place, dict[str, Number]]) -> list[dict[str, Number]]:
    """What was told of each phase at the outlet; L1 and L1-N are one, and what is told of both counts once."""
    told = [{**places.get((None, f"{phase}-N"), {}), **places.get((None, phase), {})} for phase in _PHASES]
    return [values for values in told if values]


def _by_place(samples: Iterable[Payload], scaled: Scaled) -> dict[_Place, dict[str, Number]]:
    places: dict[_Place, dict[str, Number]] = {}
    for sample in samples:
        value = scaled(sample)
        if value is None:
            continue
        measurand = sample.get("measurand", ENERGY)
        location = None if measurand == STATE_OF_CHARGE else sample.get("location")
        place = (None if location == _OUTLET else location, sample.get("phase"))
        known = places.setdefault(place, {})
        # What an instant tells twice counts once: the greater, as the ledger merges it over messages.
        if measurand not in known or value > known[measurand]:
            known[measurand] = value
    return places


def _sums(totals: Mapping[str, Number], phases: list[dict[str, Number]]) -> dict[str, Number]:
    """What the phases add up to, where the station told no total."""
    sums: dict[str, Number] = {}
    for values in phases:
        for measurand, value in values.items():
            if measurand not in totals:
                sums[measurand] = sums.get(measurand, 0) + value
    return sums


def _fields(values: Mapping[str, Number]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for measurand, value in values.items():
        field = _FIELDS.get(measurand)
        number = None if field is None else _whole_within(value, MAX_WH)
        if field is not None and number is not None:
            fields[field] = number
    percent = values.get(STATE_OF_CHARGE)
    if percent is not None and 0 <= percent <= _FULL_PERCENT:
        fields["soc_percent"] = _whole_within(percent, _FULL_PERCENT)
    return fields


def _currents(totals: Mapping[str, Number], phases: list[dict[str, Number]]) -> dict[str, Any]:
    told = [values[CURRENT] for values in phases if CURRENT in values]
    total = totals.get(CURRENT)
    if total is None and not told:
        return {}
    return {
        "current_a_tenths": _tenths(max(told) if total is None else total),
        "current_sum_a_tenths": _tenths(sum(told) if told or total is None else total),
    }


def _signed(samples: Iterable[Payload]) -> list[Payload]:
    return [each for each in samples if "signedMeterValue" in each or each.get("format") == "SignedData"]


def _records(signed: list[Payload], frame_ref: str) -> dict[str, Any]:
    records = tuple(each["signed"] for each in signed if "signed" in each)
    encoding = records[0].encoding if records else _encoding(signed[0])
    return {"signed_value_ref": frame_ref, "signed_encoding": encoding, "signed_values": records}


def _encoding(sample: Payload) -> str | None:
    if "signedMeterValue" in sample:
        return str(sample["signedMeterValue"]["encodingMethod"])
    # 1.6 names no form; OCMF begins with its own name.
    return "OCMF" if sample["value"].startswith("OCMF|") else None


def _whole_within(value: Number, limit: int) -> int | None:
    if not -limit <= value <= limit:
        return None
    return value if isinstance(value, int) else int(value.to_integral_value(rounding=ROUND_HALF_EVEN))


def _tenths(current_a: Number) -> int | None:
    return _whole_within(current_a * 10, MAX_WH)
