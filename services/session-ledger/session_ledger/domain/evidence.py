"""What a station's messages told of a session, kept so that neither order nor repetition changes the sum."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import pairwise

from chassis.values import changed
from ev_contracts.common import MeterReading
from session_ledger.domain.rows import Row, Rows, last_register, ms_of, time_of, with_row

TOLD_AT_MOST = 200
INTERVALS_AT_MOST = 3_000
"""A month of quarter hours. Intervals are summed, so none may be left out; of a longer session the latest are kept."""

Ranges = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """The energy register at one instant."""

    at: datetime
    register_wh: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """From `at` on the vehicle takes energy, or not and who withholds it; `seq_no` of the 2.x message that said so."""

    at: datetime
    charging: bool
    seq_no: int | None = None
    suspended_by: str | None = None

    @property
    def kind(self) -> tuple[bool, str | None]:
        """What is told, without when."""
        return self.charging, self.suspended_by


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """What was told of the energy in one direction."""

    registers: Rows = field(default_factory=Rows)
    powers: Rows = field(default_factory=Rows)
    """Readings of power or current without a register; thinned by themselves, so that they push no register out."""
    intervals: tuple[tuple[int, int], ...] = ()
    """Milliseconds since 1970 at which an interval ended, and what flowed in it."""
    begin: Sample | None = None

    @property
    def is_told(self) -> bool:
        """Whether anything was."""
        return bool(self.registers.kept or self.powers.kept or self.intervals)

    def last(self, until: datetime | None = None) -> Sample | None:
        """The latest register, not after `until` where that is given."""
        row = last_register(self.registers, until)
        return None if row is None else Sample(at=time_of(row[0]), register_wh=row[1] or 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A set in all but name: adding twice, or in another order, gives the same value."""

    imported: Flow = field(default_factory=Flow)
    exported: Flow = field(default_factory=Flow)
    """What the vehicle gave back; nothing of it is ever taken off what it took."""
    told: tuple[Told, ...] = ()
    seen: Ranges = ()


def counts(reading: MeterReading) -> bool:
    """Whether a reading can be a session's energy: a total over the phases, at the outlet."""
    return reading.phase is None and reading.location in {None, "Outlet"}


def register_of(reading: MeterReading) -> int | None:
    """The register that counts; a negative one is some stations' word for "unknown"."""
    return _known(reading.register_wh) if counts(reading) else None


def tells_export(reading: MeterReading) -> bool:
    """Whether a reading says anything of energy given back."""
    told = reading.export_register_wh, reading.export_power_w, reading.export_interval_wh
    return counts(reading) and told != (None, None, None)


def _known(told_wh: int | None) -> int | None:
    return None if told_wh is None or told_wh < 0 else told_wh


def with_readings(evidence: Evidence, readings: Iterable[MeterReading]) -> Evidence:
    """The evidence and these readings; the very same object where they add nothing."""
    for reading in readings:
        evidence = _with_reading(evidence, reading)
    return evidence


def _with_reading(evidence: Evidence, reading: MeterReading) -> Evidence:
    if not counts(reading):
        return evidence
    at_ms, is_begin = ms_of(reading.sampled_at), reading.context == "Transaction.Begin"
    row = (at_ms, _known(reading.register_wh), reading.power_w, reading.current_sum_a_tenths)
    imported = _with_told(evidence.imported, row, _known(reading.interval_wh), is_begin=is_begin)
    exported = evidence.exported
    if tells_export(reading):
        row = (at_ms, _known(reading.export_register_wh), reading.export_power_w, None)
        exported = _with_told(exported, row, _known(reading.export_interval_wh), is_begin=is_begin)
    if imported is evidence.imported and exported is evidence.exported:
        return evidence
    return replace(evidence, imported=imported, exported=exported)


def _with_told(flow: Flow, row: Row, interval_wh: int | None, *, is_begin: bool) -> Flow:
    at_ms, register_wh, power, current = row
    if register_wh is not None:
        flow = with_register(flow, row)
        if is_begin:
            flow = _with_begin(flow, Sample(at=time_of(at_ms), register_wh=register_wh))
    elif power is not None or current is not None:
        powers = with_row(flow.powers, row)
        flow = flow if powers is flow.powers else replace(flow, powers=powers)
    return flow if interval_wh is None else _with_interval(flow, (at_ms, interval_wh))


def _with_begin(flow: Flow, sample: Sample) -> Flow:
    if flow.begin is not None and _order(flow.begin) <= _order(sample):
        return flow
    return replace(flow, begin=sample)


def with_register(flow: Flow, row: Row) -> Flow:
    """The flow and one more register; the very same object where it adds nothing."""
    registers = with_row(flow.registers, row)
    return flow if registers is flow.registers else changed(flow, registers=registers)


def _with_interval(flow: Flow, new: tuple[int, int]) -> Flow:
    known = dict(flow.intervals)
    if known.get(new[0], -1) >= new[1]:
        return flow
    known[new[0]] = new[1]
    return replace(flow, intervals=tuple(sorted(known.items()))[-INTERVALS_AT_MOST:])


def _order(sample: Sample) -> tuple[datetime, int]:
    return sample.at, sample.register_wh


def with_seq(evidence: Evidence, seq_no: int | None) -> Evidence:
    """The evidence and the number of one more message."""
    if seq_no is None or is_seen(evidence.seen, seq_no):
        return evidence
    merged: list[tuple[int, int]] = []
    for low, high in sorted((*evidence.seen, (seq_no, seq_no))):
        if merged and low == merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], high)
        else:
            merged.append((low, high))
    return changed(evidence, seen=tuple(merged))


def is_seen(seen: Ranges, seq_no: int | None) -> bool:
    """Whether the message of this number was taken before; without a number nobody can say."""
    return seq_no is not None and any(low <= seq_no <= high for low, high in seen)


def is_gapless(seen: Ranges, first: int | None, last: int | None) -> bool:
    """Whether each number from `first` to `last` was seen."""
    return first is not None and last is not None and any(low <= first <= last <= high for low, high in seen)


def with_told(told: tuple[Told, ...], new: Told) -> tuple[Told, ...]:
    """The charging states in order of time, with one more; of a station that never stops telling, the latest."""
    if new in told:
        return told
    return tuple(sorted((*told, new), key=_told_order))[-TOLD_AT_MOST:]


def _told_order(told: Told) -> tuple[datetime, int, bool, str]:
    return told.at, told.seq_no or 0, told.charging, told.suspended_by or ""


def without_repeats(told: tuple[Told, ...], seen: Ranges, first: int | None) -> tuple[Told, ...]:
    """Drops a state that says the same as the one before, once all before is in: nothing can come between."""
    kept = told[:1]
    for before, each in pairwise(told):
        if before.kind != each.kind or not is_gapless(seen, first, each.seq_no):
            kept = (*kept, each)
    return kept
