"""Bytes: what was written by any release is read by today's types, and what is written now comes back."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from pydantic import ValidationError

from ev_contract_tools import examples, history
from ev_contract_tools.source import CONTRACTS, fingerprint
from ev_contracts.catalogue import BY_CLASS, RECORDS, TOPICS
from ev_contracts.common import MeterReading, Money, Place
from ev_contracts.gateway import MeterSampled
from ev_contracts.record import trusted
from ev_contracts.sessions import SessionStarted

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize("name", sorted(RECORDS))
def test_the_examples_come_back_from_the_wire(name: str) -> None:
    record_type = RECORDS[name]
    for path in examples.paths(CONTRACTS, name):
        record = record_type.python_class.model_validate_json(path.read_text(encoding="utf-8"))
        assert examples.from_bytes(record_type, examples.to_bytes(record_type, record)) == record


@pytest.mark.parametrize("name", sorted(RECORDS))
def test_a_record_that_is_trusted_is_the_one_that_was_checked(name: str) -> None:
    record_type = RECORDS[name]
    for path in examples.paths(CONTRACTS, name):
        checked = record_type.python_class.model_validate_json(path.read_text(encoding="utf-8"))
        given = {field: getattr(checked, field) for field in checked.model_fields_set}
        made = trusted(record_type.python_class)(**given)
        assert made == checked
        assert hash(made) == hash(checked)
        assert made.model_copy() == checked
        assert examples.to_bytes(record_type, made) == examples.to_bytes(record_type, checked)


def test_the_bytes_of_every_release_are_read_by_todays_types() -> None:
    released = [(name, *each) for name in RECORDS for each in history.golden(CONTRACTS, name)]
    assert released, "nothing is released yet: `make contracts-release`"
    for name, schema, raw in released:
        assert isinstance(examples.from_bytes(RECORDS[name], raw, schema), RECORDS[name].python_class), name


def test_a_shape_that_is_released_as_it_stands_still_gives_the_same_bytes() -> None:
    """A decision that is made again must write the bytes that it wrote before."""
    for name, record_type in RECORDS.items():
        for schema, raw in history.golden(CONTRACTS, name):
            if fingerprint(schema) == record_type.fingerprint:
                assert examples.to_bytes(record_type, examples.from_bytes(record_type, raw)) == raw, name


def test_bytes_left_over_are_refused() -> None:
    record_type = RECORDS["ev.sessions.SessionStarted"]
    text = examples.paths(CONTRACTS, record_type.name)[0].read_text(encoding="utf-8")
    raw = examples.to_bytes(record_type, SessionStarted.model_validate_json(text))
    with pytest.raises(ValueError, match="bytes are left over"):
        examples.from_bytes(record_type, raw + b"\0")


def test_a_moment_is_kept_in_utc_and_in_milliseconds_so_that_it_comes_back_as_it_went() -> None:
    amsterdam = timezone(timedelta(hours=1))
    moment = datetime(2026, 11, 20, 13, 0, 0, 123_999, tzinfo=amsterdam)
    kept = MeterReading(sampled_at=moment).sampled_at
    assert (kept, kept.tzinfo) == (NOON.replace(microsecond=123_000), UTC)


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValidationError):
        MeterReading(sampled_at=NOON.replace(tzinfo=None))


@pytest.mark.parametrize("amount", [Decimal(1) / 3, Decimal("0.123456789"), Decimal("12345678901234567.0")])
def test_money_that_does_not_fit_is_refused_and_never_rounded(amount: Decimal) -> None:
    with pytest.raises(ValidationError):
        Money(amount=amount, rounded_minor=1, currency="EUR")


def test_a_float_is_never_money_and_never_energy() -> None:
    with pytest.raises(ValidationError):
        Money.model_validate({"amount": 1.5, "rounded_minor": 150, "currency": "EUR"})
    with pytest.raises(ValidationError):
        MeterReading.model_validate({"sampled_at": NOON, "register_wh": 8_400.0})


def test_an_unknown_field_is_refused() -> None:
    with pytest.raises(ValidationError):
        MeterReading.model_validate({"sampled_at": NOON, "register_kwh": 8})


def test_a_record_does_not_change() -> None:
    reading = MeterReading(sampled_at=NOON, register_wh=8_400)
    with pytest.raises(ValidationError):
        reading.register_wh = 0  # type: ignore[misc]  # that it is refused is the point


def test_shared_values_are_one_class_in_every_context() -> None:
    assert SessionStarted.model_fields["place"].annotation == Place | None
    assert MeterSampled.model_fields["readings"].annotation == tuple[MeterReading, ...]


def test_records_and_topics_name_each_other() -> None:
    assert {name for topic in TOPICS.values() for name in topic.records} == set(RECORDS)
    assert all(BY_CLASS[each.python_class] is each and TOPICS[each.topic] for each in RECORDS.values())
