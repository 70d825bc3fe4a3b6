"""Signed records: what verifies them, what they say, and what of it holds a session from billing."""

import hashlib
import hmac
import os
import zlib
from base64 import b64encode
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from signing_meter import SERIAL, Meter, register
from story import SESSION, STATION, TRANSACTION, at, deadline, end, start, told

from chassis.decider import EventContext
from ev_contracts.assets import Component, ComponentKind, ComponentSnapshot
from ev_contracts.common import MeterReading, SignedValue
from ev_contracts.gateway import TransactionEnded
from ev_contracts.sessions import (
    EndSession,
    NoteSignedValue,
    ReleaseSession,
    SessionClosed,
    SessionMarkedSuspect,
    SignedPoint,
    SignedValueVerified,
)
from session_ledger.adapters.facts import SnapshotFacts
from session_ledger.adapters.signed_values import RecordSeal, verdict_of
from session_ledger.domain.ocmf import record_of
from session_ledger.domain.signatures import SESSIONS_AT_MOST
from session_ledger.policies import on_transaction

METER = Meter()
WHOLE = (register("B", 1.000), register("E", 12.000))
"""The story's session: 1,000 Wh to 12,000 Wh."""
SECRET = b"s" * 32
CONTEXT = EventContext(
    topic="gateway.transaction.event.v1",
    key=f"volt/{STATION}",
    tenant="volt",
    event_id="e",
    stream_version=1,
    time=at(0),
)


def verdict(text: str, *, registry: dict[str, str] | None = None, told_key: str | None = None) -> Any:
    signed = SignedValue(encoding="OCMF", sealed=b"", public_key=told_key)
    return verdict_of(signed, text, registry or {})


@pytest.mark.parametrize(
    ("curve", "algorithm"),
    [
        (ec.SECP256R1(), None),
        (ec.SECP256R1(), "ECDSA-secp256r1-SHA256"),
        (ec.SECP256K1(), "ECDSA-secp256k1-SHA256"),
        (ec.SECP384R1(), "ECDSA-secp384r1-SHA256"),
        (ec.BrainpoolP256R1(), "ECDSA-brainpool256r1-SHA256"),
        (ec.BrainpoolP384R1(), "ECDSA-brainpoolP384r1-SHA256"),
    ],
)
@pytest.mark.parametrize("encoding", [None, "hex", "base64"])
def test_a_record_fits_its_meter_s_registered_key_and_no_other_meter_s(
    curve: ec.EllipticCurve, algorithm: str | None, encoding: str | None
) -> None:
    meter = Meter(curve, algorithm=algorithm)
    text = meter.record(*WHOLE, encoding=encoding)
    good = verdict(text, registry={SERIAL: meter.public_der.hex()})
    assert (good.outcome, good.key_source, good.meter_serial) == ("valid", "registry", SERIAL)
    other = Meter(curve, algorithm=algorithm)
    assert verdict(text, registry={SERIAL: other.public_der.hex()}).outcome == "invalid"


def test_one_changed_character_makes_it_invalid() -> None:
    text = METER.record(*WHOLE).replace("12.0", "11.0")
    found = verdict(text, registry={SERIAL: METER.public_der.hex()})
    assert (found.outcome, found.detail) == ("invalid", "the signature does not fit the key of the registry")


@pytest.mark.parametrize(
    "key",
    [
        METER.public_pem,
        METER.public_der.hex(),
        b64encode(METER.public_der).decode(),
        b64encode(METER.public_pem.encode()).decode(),
        METER.public_point.hex(),
        f"oca:base16:asn1:{METER.public_der.hex()}",
    ],
)
def test_a_key_is_read_however_it_is_written_and_one_that_the_station_told_is_named_so(key: str) -> None:
    assert verdict(METER.record(*WHOLE), registry={SERIAL: key}).outcome == "valid"
    assert verdict(METER.record(*WHOLE), told_key=key).outcome == "key-told-by-station"


def test_the_registry_s_key_goes_before_the_station_s_and_without_any_nobody_can_say() -> None:
    text = METER.record(*WHOLE)
    ours, theirs = METER.public_der.hex(), Meter().public_der.hex()
    assert verdict(text, registry={SERIAL: theirs}, told_key=ours).outcome == "invalid"
    assert verdict(text).outcome == "key-unknown"
    unreadable = verdict(text, registry={SERIAL: "not a key"}, told_key=ours)
    assert (unreadable.outcome, unreadable.detail) == ("key-unknown", "the key of the registry cannot be read")


def test_of_several_meters_the_one_that_the_record_names_counts() -> None:
    both = {"another": Meter().public_der.hex(), SERIAL: METER.public_der.hex()}
    assert verdict(METER.record(*WHOLE), registry=both).outcome == "valid"
    assert verdict(METER.record(*WHOLE, serial="a third"), registry=both).outcome == "key-unknown"


@pytest.mark.parametrize(
    "text", ["1F2E", "EDL|{}|{}", "OCMF|{}", "OCMF|[]|{}", 'OCMF|{"RD":[]}|{"SD":"xyz"}', "{" * 9_000]
)
def test_what_is_no_ocmf_is_named_and_left_alone(text: str) -> None:
    assert verdict(text, registry={SERIAL: METER.public_der.hex()}).outcome == "format-unknown"


def test_an_algorithm_that_is_not_known_is_named() -> None:
    found = verdict(Meter(algorithm="RSA-2048-SHA256").record(*WHOLE), told_key=METER.public_der.hex())
    assert (found.outcome, found.detail) == ("format-unknown", "RSA-2048-SHA256")


@pytest.mark.parametrize(
    "write", [str.encode, lambda text: text.encode().hex().encode(), lambda text: b64encode(text.encode())]
)
def test_a_record_is_read_plain_in_hexadecimal_and_in_base64(write: Any) -> None:
    found = record_of(write(METER.record(*WHOLE)).decode())
    assert found is not None
    assert [(point.kind, point.wh) for point in found.points] == [("begin", Decimal(1_000)), ("end", Decimal(12_000))]


def points(*readings: dict[str, Any]) -> Sequence[SignedPoint]:
    found = record_of(METER.record(*readings))
    assert found is not None
    return found.points


def test_a_reading_repeats_what_it_leaves_out_and_its_digits_are_its_resolution() -> None:
    begin, finish = points(register("B", 0.56698), {"TM": "later", "TX": "T", "RV": 3.1}, {"TX": "L", "RV": 8.36})
    assert (begin.wh, begin.resolution_wh) == (Decimal("566.98"), Decimal("0.01"))
    assert (finish.kind, finish.wh, finish.resolution_wh) == ("end", Decimal(8_360), Decimal(10))
    assert finish.usable


@pytest.mark.parametrize(
    "reading",
    [
        register("E", 8, RI="1-b:2.8.0"),
        register("E", 8, RU="Ohm"),
        register("C", 8),
        register("E", 1e30),
        {**register("E", 8), "RV": "8"},
    ],
)
def test_what_is_no_register_of_the_energy_taken_is_no_point(reading: dict[str, Any]) -> None:
    assert points(reading) == ()


@pytest.mark.parametrize("flag", [{"ST": "M"}, {"EF": "E"}, {"EF": "Et"}])
def test_a_reading_that_its_meter_flags_is_not_usable(flag: dict[str, str]) -> None:
    (point,) = points(register("E", 8, **flag))
    assert not point.usable


def note(text: str, minutes: float = 60, *, registry: Meter = METER, **changes: Any) -> NoteSignedValue:
    found = verdict(text, registry={SERIAL: registry.public_der.hex()})
    given = {
        "at": at(minutes),
        "station_id": STATION,
        "transaction_id": TRANSACTION,
        "sampled_at": at(minutes),
        "outcome": found.outcome,
        "detail": found.detail,
        "digest": found.digest,
        "points": found.points,
        "meter_serial": found.meter_serial,
    }
    return NoteSignedValue(**{**given, **changes})


def outcome_of(*notes: NoteSignedValue, **ended: Any) -> tuple[list[Any], str]:
    """The events of the story's session with these records before its end; closed, or why not."""
    events, _ = told([start(), *notes, end(**ended), deadline("close", 61)])
    closed = [each for each in events if isinstance(each, SessionClosed)]
    held = [each.cause for each in events if isinstance(each, SessionMarkedSuspect)]
    return events, "closed" if closed else held[0]


def test_a_session_whose_signed_energy_is_the_registers_is_closed() -> None:
    events, outcome = outcome_of(note(METER.record(*WHOLE)))
    assert outcome == "closed"
    (verified,) = [each for each in events if isinstance(each, SignedValueVerified)]
    assert (verified.session_id, verified.outcome) == (SESSION, "valid")


def test_begin_and_end_may_come_in_two_records() -> None:
    begin, finish = METER.record(register("B", 1.0)), METER.record(register("E", 12.5))
    assert outcome_of(note(begin, 1), note(finish))[1] == "signed-value-differs"
    assert outcome_of(note(begin, 1), note(METER.record(register("E", 12.0))))[1] == "closed"


def test_two_meters_sign_no_difference_between_them() -> None:
    begin, finish = METER.record(register("B", 1.0)), METER.record(register("E", 700.0), serial="the new one")
    assert outcome_of(note(begin, 1), note(finish))[1] == "closed"


@pytest.mark.parametrize(("kwh", "outcome"), [(12.003, "closed"), (12.004, "signed-value-differs")])
def test_a_difference_of_one_in_the_last_digit_of_each_register_is_none(kwh: float, outcome: str) -> None:
    assert outcome_of(note(METER.record(register("B", 1.001), register("E", kwh))))[1] == outcome


def test_a_record_that_was_tampered_with_holds_the_session_until_a_person_releases_it() -> None:
    tampered = note(METER.record(*WHOLE).replace("12.0", "13.0"))
    assert outcome_of(tampered)[1] == "signed-value-invalid"
    release = ReleaseSession(at=at(70), session_id=SESSION, station_id=STATION, by="cleo", reason="checked on site")
    events, _ = told([start(), tampered, end(), deadline("close", 61), release])
    assert [each.rule for each in events if isinstance(each, SessionClosed)] == ["by-person"]


def test_a_record_that_the_meter_flags_holds_it_too() -> None:
    assert outcome_of(note(METER.record(register("B", 1.0), register("E", 12.0, ST="M"))))[1] == "signed-value-unusable"


@pytest.mark.parametrize("outcome", ["key-unknown", "format-unknown"])
def test_what_nobody_can_verify_holds_nothing(outcome: str) -> None:
    other = note(METER.record(register("B", 1.0), register("E", 99.0)), outcome=outcome)
    assert outcome_of(other)[1] == "closed"


def test_a_record_that_comes_after_the_close_is_a_question_and_told_once() -> None:
    late = note(METER.record(register("B", 1.0), register("E", 99.0)), 62)
    events, state = told([start(), end(), deadline("close", 61), late, late])
    assert [each.cause for each in events if isinstance(each, SessionMarkedSuspect)] == ["signed-value-differs"]
    assert len([each for each in events if isinstance(each, SignedValueVerified)]) == 1
    assert state.questions[SESSION].cause == "signed-value-differs"


def test_a_record_of_no_known_session_is_told_and_the_state_stays_small() -> None:
    lost = note(METER.record(*WHOLE), transaction_id="unknown")
    events, state = told([lost])
    assert [each.session_id for each in events if isinstance(each, SignedValueVerified)] == [None]
    assert state.signed == {}
    many = [note(METER.record(*WHOLE), session_id=f"session-{number}") for number in range(SESSIONS_AT_MOST + 5)]
    assert len(told(many)[1].signed) == SESSIONS_AT_MOST


def sealed(text: str, *, station_id: str = STATION) -> bytes:
    """By the contract's words, as the gateway does it."""
    nonce = os.urandom(12)
    key = AESGCM(hmac.digest(SECRET, b"signed-value", hashlib.sha256))
    return nonce + key.encrypt(nonce, zlib.compress(text.encode()), station_id.encode())


def ended_with(record: bytes) -> TransactionEnded:
    value = SignedValue(encoding="OCMF", sealed=record)
    return TransactionEnded(
        station_id=STATION,
        transaction_id=TRANSACTION,
        ocpp_version="1.6",
        token_status="Accepted",
        ended_at=at(60),
        received_at=at(60),
        meter_stop_wh=12_000,
        reason="Local",
        offline=False,
        readings=(MeterReading(sampled_at=at(60), context="Transaction.End", signed_values=(value,)),),
    )


def facts_of(meter: Meter, *, fitted_minutes: float = -60) -> SnapshotFacts:
    facts = SnapshotFacts(RecordSeal(SECRET))
    component = Component(kind=ComponentKind.METER, serial_number=SERIAL, public_key=meter.public_pem)
    snapshot = ComponentSnapshot(
        station_id=STATION,
        fitting_number=1,
        component=component,
        evse_number=1,
        connector_number=0,
        fitted_at=at(fitted_minutes),
        removed_at=at(fitted_minutes) + timedelta(days=1),
        version=1,
    )
    facts.meters.put(f"volt/{STATION}@1", snapshot)
    return facts


def test_the_verdict_goes_before_the_end_that_it_came_with_and_the_end_bears_no_record() -> None:
    event = ended_with(sealed(METER.record(*WHOLE)))
    first, second = on_transaction(event, CONTEXT, facts_of(METER))
    assert isinstance(first.command, NoteSignedValue)
    assert (first.key, first.command.outcome, first.command.transaction_id) == (CONTEXT.key, "valid", TRANSACTION)
    assert isinstance(second.command, EndSession)
    assert second.command.readings == (MeterReading(sampled_at=at(60), context="Transaction.End"),)


@pytest.mark.parametrize(
    ("record", "meter", "fitted_minutes", "outcome"),
    [
        (sealed(METER.record(*WHOLE)), Meter(), -60, "invalid"),
        (sealed(METER.record(*WHOLE)), METER, 120, "key-unknown"),
        (sealed(METER.record(*WHOLE), station_id="another"), METER, -60, "key-unknown"),
        (b"not sealed at all", METER, -60, "key-unknown"),
    ],
)
def test_the_key_is_that_of_the_meter_that_was_fitted_then(
    record: bytes, meter: Meter, fitted_minutes: float, outcome: str
) -> None:
    first, _ = on_transaction(ended_with(record), CONTEXT, facts_of(meter, fitted_minutes=fitted_minutes))
    assert isinstance(first.command, NoteSignedValue)
    assert first.command.outcome == outcome
