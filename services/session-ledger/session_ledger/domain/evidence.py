"""What a station's messages told of a session, kept so that neither order nor repetition changes the sum."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import pairwise

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
class Evidence:
    """A set in all but name: adding twice, or in another order, gives the same value."""

    registers: Rows = field(default_factory=Rows)
    powers: Rows = field(default_factory=Rows)
    """Readings of power or current without a register; thinned by themselves, so that they push no register out."""
    intervals: tuple[tuple[int, int], ...] = ()
    """Milliseconds since 1970 at which an interval ended, and what flowed in it."""
    told: tuple[Told, ...] = ()
    seen: Ranges = ()
    begin: Sample | None = None

    def last(self, until: datetime | None = None) -> Sample | None:
        """The latest register, not after `until` where that is given."""
        row = last_register(self.registers, until)
        return None if row is None else Sample(at=time_of(row[0]), register_wh=row[1] or 0)


def counts(reading: MeterReading) -> bool:
    """Whether a reading can be a session's energy: a total over the phases, at the outlet."""
    return reading.phase is None and reading.location in {None, "Outlet"}


def register_of(reading: MeterReading) -> int | None:
    """The register that counts; a negative one is some stations' word for "unknown"."""
    known = counts(reading) and reading.register_wh is not None and reading.register_wh >= 0
    return reading.register_wh if known else None


def with_readings(evidence: Evidence, readings: Iterable[MeterReading]) -> Evidence:
    """The evidence and these readings; the very same object where they add nothing."""
    for reading in readings:
        evidence = _with_reading(evidence, reading)
    return evidence


def _with_reading(evidence: Evidence, reading: MeterReading) -> Evidence:
    if not counts(reading):
        return evidence
    register_wh = register_of(reading)
    row = (ms_of(reading.sampled_at), register_wh, reading.power_w, reading.current_sum_a_tenths)
    if register_wh is not None:
        evidence = with_register(evidence, row)
        if reading.context == "Transaction.Begin":
            evidence = _with_begin(evidence, Sample(at=reading.sampled_at, register_wh=register_wh))
    elif reading.power_w is not None or reading.current_sum_a_tenths is not None:
        powers = with_row(evidence.powers, row)
        evidence = evidence if powers is evidence.powers else replace(evidence, powers=powers)
    if reading.interval_wh is not None and reading.interval_wh >= 0:
        evidence = _with_interval(evidence, (row[0], reading.interval_wh))
    return evidence


def _with_begin(evidence: Evidence, sample: Sample) -> Evidence:
    if evidence.begin is not None and _order(evidence.begin) <= _order(sample):
        return evidence
    return replace(evidence, begin=sample)


def with_register(evidence: Evidence, row: Row) -> Evidence:
    """The evidence and one more register; the very same object where it adds nothing."""
    registers = with_row(evidence.registers, row)
    return evidence if registers is evidence.registers else replace(evidence, registers=registers)


def _with_interval(evidence: Evidence, new: tuple[int, int]) -> Evidence:
    known = dict(evidence.intervals)
    if known.get(new[0], -1) >= new[1]:
        return evidence
    known[new[0]] = new[1]
    return replace(evidence, intervals=tuple(sorted(known.items()))[-INTERVALS_AT_MOST:])


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
    return replace(evidence, seen=tuple(merged))


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
