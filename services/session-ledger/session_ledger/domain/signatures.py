"""What the signed records of a session come to, and what of it holds the session from billing.

A record that was tampered with, that its own meter calls unusable, or that tells another energy than the registers
leaves the session suspect: by the law of calibration only the signed value may be billed. What nobody can verify (no
key, another format) holds nothing; its event says so.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from ev_contracts.common import SessionFacts
from ev_contracts.sessions import SignedPoint, SignedValueVerified
from session_ledger.domain.metering import Doubt
from session_ledger.domain.ocmf import BEGIN, END

VALID, INVALID, TOLD_KEY = "valid", "invalid", "key-told-by-station"
KEY_UNKNOWN, FORMAT_UNKNOWN = "key-unknown", "format-unknown"
SESSIONS_AT_MOST = 32

_DIGESTS_AT_MOST = 8
_DIGEST_DIGITS = 16
_LEAST_TOLERANCE_WH = Decimal(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signatures:
    """The verified registers of a session at its begin and its end; `broken` says of a record why it is invalid."""

    begin: SignedPoint | None = None
    begin_meter: str | None = None
    """The serial number of the meter that told it."""
    end: SignedPoint | None = None
    end_meter: str | None = None
    broken: str | None = None
    digests: tuple[str, ...] = ()
    """Of the latest records, shortened: a message that is repeated tells them again."""

    def knows(self, digest: str) -> bool:
        """Whether this record was told before."""
        return digest[:_DIGEST_DIGITS] in self.digests


def with_verified(known: Mapping[str, Signatures], event: SignedValueVerified) -> Mapping[str, Signatures]:
    """By session, the latest sessions only; what is no session's is history only."""
    if event.session_id is None:
        return known
    signatures = known.get(event.session_id, Signatures())
    digests = (*signatures.digests, event.digest[:_DIGEST_DIGITS])[-_DIGESTS_AT_MOST:]
    signatures = replace(signatures, digests=digests)
    if event.outcome == INVALID:
        signatures = replace(signatures, broken=signatures.broken or event.detail)
    elif event.outcome in {VALID, TOLD_KEY}:
        for point in event.points:
            signatures = _with_point(signatures, point, event.meter_serial)
    others = {name: each for name, each in known.items() if name != event.session_id}
    return dict([*others.items(), (event.session_id, signatures)][-SESSIONS_AT_MOST:])


def _with_point(signatures: Signatures, point: SignedPoint, meter: str | None) -> Signatures:
    if point.kind == BEGIN:
        return replace(signatures, begin=point, begin_meter=meter)
    return replace(signatures, end=point, end_meter=meter) if point.kind == END else signatures


def signed_doubt(signatures: Signatures | None, facts: SessionFacts) -> Doubt | None:
    """What the signed records hold against these facts.

    The energy is compared where one meter signed both its ends; after a swap in between, each signed one.
    """
    if signatures is None:
        return None
    if signatures.broken is not None:
        return Doubt(cause="signed-value-invalid", detail=signatures.broken)
    begin, end = signatures.begin, signatures.end
    if not all(point is None or point.usable for point in (begin, end)):
        return Doubt(cause="signed-value-unusable", detail="the meter flags its own reading")
    if begin is None or end is None or signatures.begin_meter != signatures.end_meter:
        return None
    signed_wh, tolerance_wh = end.wh - begin.wh, _tolerance(begin) + _tolerance(end)
    if abs(signed_wh - facts.energy_wh) <= tolerance_wh:
        return None
    return Doubt(cause="signed-value-differs", detail=f"{signed_wh:f} Wh signed, {facts.energy_wh} Wh by the registers")


def _tolerance(point: SignedPoint) -> Decimal:
    """One unit of the last digit, for the same register may have been cut or rounded elsewhere."""
    return max(point.resolution_wh, _LEAST_TOLERANCE_WH)
