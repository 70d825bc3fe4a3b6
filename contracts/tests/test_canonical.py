"""The same facts give the same bytes, as RFC 8785 has it."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from ev_contracts.canonical import canonical_json, plain, record_json
from ev_contracts.common import Money


def test_members_are_sorted_by_their_utf_16_code_units() -> None:
    # RFC 8785, section 3.2.3: the emoji (a surrogate pair) sorts before U+FB33.
    shuffled = {"\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\U0001f600": 5, "\u0080": 6, "\u00f6": 7}

    members = canonical_json(shuffled).decode().strip("{}").split(",")

    assert [member.rsplit(":", 1)[1] for member in members] == ["2", "4", "6", "7", "1", "5", "3"]


def test_only_what_json_demands_is_escaped() -> None:
    assert canonical_json('€$\x0f\nA\'B"\\\\"/') == '"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"'.encode()


def test_a_record_made_here_and_one_read_back_are_the_same_bytes() -> None:
    made = Money(amount=Decimal("4.1"), rounded_minor=410, currency="EUR")
    read_back = Money(amount=Decimal("4.10000000"), rounded_minor=410, currency="EUR")

    assert record_json(made) == record_json(read_back) == b'{"amount":"4.1","currency":"EUR","rounded_minor":410}'


@pytest.mark.parametrize(
    ("value", "text"), [("0.00", "0"), ("-0.0", "0"), ("1E+2", "100"), ("100", "100"), ("-1.50", "-1.5")]
)
def test_decimals_are_plain(value: str, text: str) -> None:
    assert plain(Decimal(value)) == text


def test_moments_are_utc_with_milliseconds() -> None:
    noon_in_utrecht = datetime(2026, 11, 20, 12, 0, tzinfo=timezone(timedelta(hours=1)))

    assert canonical_json(noon_in_utrecht) == canonical_json(datetime(2026, 11, 20, 11, 0, tzinfo=UTC))
    assert canonical_json(noon_in_utrecht) == b'"2026-11-20T11:00:00.000Z"'


def test_what_other_readers_would_change_is_refused() -> None:
    with pytest.raises(ValueError, match="not exact"):
        canonical_json(2**53)
    with pytest.raises(TypeError):
        canonical_json(0.1)
