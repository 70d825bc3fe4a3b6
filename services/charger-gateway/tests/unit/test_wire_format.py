"""The codec's own functions write and read as fastavro does, for every example of every record in the catalogue."""

import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import fastavro
import pytest
from hypothesis import given
from hypothesis import strategies as st

import ev_contracts
from chassis.codec import Codec, Poison
from chassis.reading import reader_of
from ev_contracts.catalogue import RECORDS, TOPICS
from ev_contracts.common import MeterReading
from ev_contracts.gateway import MeterSampled

CODEC = Codec(records=RECORDS, topics=TOPICS)
EXAMPLES = Path(ev_contracts.__file__).parents[1] / "examples"
TOPIC_OF = {name: topic.name for topic in TOPICS.values() for name in topic.records}
HEADER = 5


def examples() -> Iterator[Any]:
    for name in TOPIC_OF:
        _, context, record = name.split(".")
        for file in sorted((EXAMPLES / context / record).glob("*.json")):
            yield pytest.param(name, file, id=f"{context}.{record}/{file.stem}")


@cache
def parsed(name: str) -> Any:
    return fastavro.parse_schema(json.loads(json.dumps(RECORDS[name].schema)))


def by_fastavro(name: str, record: Any) -> bytes:
    buffer = io.BytesIO()
    fastavro.schemaless_writer(buffer, parsed(name), record.to_datum())
    return buffer.getvalue()


@pytest.mark.parametrize(("name", "file"), list(examples()))
def test_an_example_has_fastavros_bytes_and_reads_back(name: str, file: Path) -> None:
    record = RECORDS[name].python_class.model_validate_json(file.read_text(encoding="utf-8"))
    encoded = CODEC.encode(TOPIC_OF[name], record)
    assert encoded.value[HEADER:] == by_fastavro(name, record)
    headers = {"ce_type": encoded.type_name, "schema_fp": encoded.fingerprint}
    assert CODEC.decode(TOPIC_OF[name], encoded.value, headers) == record


def read_by_fastavro(name: str, body: bytes) -> Any:
    buffer = io.BytesIO(body)
    datum: Any = fastavro.schemaless_reader(buffer, parsed(name), None)
    record = RECORDS[name].python_class.from_datum(datum)
    return None if buffer.read(1) else record


@pytest.mark.parametrize(("name", "file"), list(examples()))
def test_an_example_with_any_byte_changed_is_poison_or_what_fastavro_reads(name: str, file: Path) -> None:
    record = RECORDS[name].python_class.model_validate_json(file.read_text(encoding="utf-8"))
    encoded = CODEC.encode(TOPIC_OF[name], record)
    headers = {"ce_type": encoded.type_name, "schema_fp": encoded.fingerprint}
    for place in range(HEADER, len(encoded.value)):
        changed = bytearray(encoded.value)
        changed[place] ^= 1 + place % 255
        try:
            read = CODEC.decode(TOPIC_OF[name], bytes(changed), headers)
        except Poison:
            continue
        again = read_by_fastavro(name, bytes(changed[HEADER:]))
        assert read == again
        assert read.model_dump_json() == again.model_dump_json()


@pytest.mark.parametrize(("name", "file"), list(examples()))
def test_a_part_of_an_example_is_poison(name: str, file: Path) -> None:
    record = RECORDS[name].python_class.model_validate_json(file.read_text(encoding="utf-8"))
    encoded = CODEC.encode(TOPIC_OF[name], record)
    headers = {"ce_type": encoded.type_name, "schema_fp": encoded.fingerprint}
    for length in range(HEADER, len(encoded.value)):
        with pytest.raises(Poison):
            CODEC.decode(TOPIC_OF[name], encoded.value[:length], headers)


@pytest.mark.parametrize("name", sorted(RECORDS))
def test_every_record_has_a_reading_function_of_its_own(name: str) -> None:
    assert reader_of(RECORDS[name].schema, RECORDS[name].python_class) is not None


LONGS = st.one_of(st.none(), st.integers(min_value=-(2**63), max_value=2**63 - 1), st.integers(-70, 70))
MOMENTS = st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30), timezones=st.just(UTC))
READINGS = st.builds(
    MeterReading,
    sampled_at=MOMENTS,
    context=st.one_of(st.none(), st.text()),
    register_wh=LONGS,
    power_w=LONGS,
    soc_percent=st.one_of(st.none(), st.integers(0, 100)),
)
SAMPLES = st.builds(
    MeterSampled,
    station_id=st.text(max_size=200),
    session_id=st.one_of(st.none(), st.text()),
    evse_number=st.integers(-(2**31), 2**31 - 1),
    connector_number=st.integers(0, 5),
    received_at=MOMENTS,
    readings=st.lists(READINGS, max_size=5).map(tuple),
)


@given(SAMPLES)
def test_any_meter_values_have_fastavros_bytes(sampled: MeterSampled) -> None:
    encoded = CODEC.encode("gateway.transaction.event.v1", sampled)
    assert encoded.value[HEADER:] == by_fastavro("ev.gateway.MeterSampled", sampled)
    headers = {"ce_type": encoded.type_name, "schema_fp": encoded.fingerprint}
    assert CODEC.decode("gateway.transaction.event.v1", encoded.value, headers) == sampled


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1])
def test_a_number_beyond_a_long_is_refused(number: int) -> None:
    sampled = MeterSampled(
        station_id="x",
        evse_number=number,
        connector_number=0,
        received_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    with pytest.raises(OverflowError):
        CODEC.encode("gateway.transaction.event.v1", sampled)
