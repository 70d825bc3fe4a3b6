"""What a station's messages told of a session, kept so that neither order nor repetition changes the sum."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import pairwise

from ev_contracts.common import MeterReading

SAMPLES_AT_MOST = 1_000
TOLD_AT_MOST = 200
SAMPLE_BUCKET_S = 300
"""Of all registers sampled in this many seconds only the last is kept: a night of charging stays a small state."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Ranges = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """The energy register at one instant."""

    at: datetime
    register_wh: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """From `at` on the vehicle takes energy, or not; `seq_no` of the 2.x message that said so."""

    at: datetime
    charging: bool
    seq_no: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A set in all but name: adding twice, or in another order, gives the same value."""

    samples: tuple[Sample, ...] = ()
    told: tuple[Told, ...] = ()
    seen: Ranges = ()
    begin: Sample | None = None

    def last(self, until: datetime | None = None) -> Sample | None:
        """The latest sample, not after `until` where that is given."""
        return next((each for each in reversed(self.samples) if until is None or each.at <= until), None)


def with_readings(evidence: Evidence, readings: Iterable[MeterReading]) -> Evidence:
    """The evidence and these readings; a reading without an energy register adds nothing."""
    for reading in readings:
        if reading.register_wh is not None:
            evidence = with_sample(evidence, Sample(at=reading.sampled_at, register_wh=reading.register_wh))
            if reading.context == "Transaction.Begin":
                evidence = _with_begin(evidence, Sample(at=reading.sampled_at, register_wh=reading.register_wh))
    return evidence


def _with_begin(evidence: Evidence, sample: Sample) -> Evidence:
    if evidence.begin is not None and _order(evidence.begin) <= _order(sample):
        return evidence
    return replace(evidence, begin=sample)


def with_sample(evidence: Evidence, sample: Sample) -> Evidence:
    """The evidence and one more register."""
    last = evidence.last()
    if last is None or _bucket(last) < _bucket(sample):
        return replace(evidence, samples=(*evidence.samples, sample)[-SAMPLES_AT_MOST:])
    buckets = {_bucket(each): each for each in evidence.samples}
    held = buckets.get(_bucket(sample))
    if held is not None and _order(held) >= _order(sample):
        return evidence
    buckets[_bucket(sample)] = sample
    return replace(evidence, samples=tuple(buckets[each] for each in sorted(buckets)))


def _bucket(sample: Sample) -> int:
    return int((sample.at - _EPOCH).total_seconds()) // SAMPLE_BUCKET_S


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
    return tuple(sorted((*told, new), key=lambda each: (each.at, each.seq_no or 0, each.charging)))[-TOLD_AT_MOST:]


def without_repeats(told: tuple[Told, ...], seen: Ranges, first: int | None) -> tuple[Told, ...]:
    """Drops a state that says the same as the one before, once all before is in: nothing can come between."""
    kept = told[:1]
    for before, each in pairwise(told):
        if before.charging != each.charging or not is_gapless(seen, first, each.seq_no):
            kept = (*kept, each)
    return kept
