"""What a record's headers say is what was meant, whatever the time and its zone."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.codec import Encoded
from chassis.dead_letters.repair import Letter
from chassis.log.envelope import Stamp, context_of, entry_of
from chassis.log.port import Entry

ZONES = st.sampled_from([UTC, timezone(timedelta(0)), timezone(timedelta(hours=5, minutes=45))])
TIMES = st.datetimes(min_value=datetime(1000, 1, 1), timezones=ZONES)


def read(entry: Entry) -> Letter:
    assert entry.value is not None
    return Letter("test", 0, 7, 0, entry.key, entry.value, entry.headers)


@given(time=TIMES)
def test_the_time_in_the_header_is_the_records(time: datetime) -> None:
    stamp = Stamp(record_id="one", source=b"/test", time=time, key="volt/NL1")
    entry = entry_of(Encoded(b"", b"ev.test.One", b"abc"), stamp)
    context = context_of("test", 0, read(entry), dict(entry.headers))
    assert (context.time, context.event_id, context.tenant) == (time, "one", "volt")
    assert context.time.tzinfo is UTC


@pytest.mark.parametrize("micros", [0, 1, 999_999])
def test_the_time_is_written_as_iso_8601_with_its_zone(micros: int) -> None:
    time = datetime(2026, 3, 29, 1, 59, 59, micros, tzinfo=UTC)
    entry = entry_of(Encoded(b"", b"ev.test.One", b"abc"), Stamp(record_id="1", source=b"/t", time=time, key="volt/1"))
    assert dict(entry.headers)["ce_time"] == time.isoformat(timespec="microseconds").encode()
