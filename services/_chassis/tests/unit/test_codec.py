"""Bytes to records and back, and every way in which bytes are refused."""

from dataclasses import replace

import pytest
import toy
from hypothesis import given
from hypothesis import strategies as st

from chassis.codec import Codec, NotAllowed, Poison, UnknownShape, WrongIds

COMMANDS = "toys.tally.command.v1"
ADD = toy.Add(at=toy.NOON, number=7, amount=-3)


def headers_of(codec: Codec, record: object, topic: str = COMMANDS) -> tuple[bytes, dict[str, bytes]]:
    encoded = codec.encode(topic, record)
    return encoded.value, {"ce_type": encoded.type_name, "schema_fp": encoded.fingerprint}


def test_a_record_comes_back_equal() -> None:
    codec = toy.codec()
    value, headers = headers_of(codec, ADD)
    assert codec.decode(COMMANDS, value, headers) == ADD


def test_the_wire_format_is_confluents() -> None:
    codec = toy.codec()
    value, _ = headers_of(codec, ADD)
    assert value[0] == 0
    assert int.from_bytes(value[1:5]) == codec.ids[toy.RECORDS["toy.Add"].fingerprint]


def test_a_record_may_stand_only_where_the_catalogue_lists_it() -> None:
    with pytest.raises(NotAllowed):
        toy.codec().encode("toys.tally.event.v1", ADD)
    value, headers = headers_of(toy.codec(), ADD)
    with pytest.raises(Poison, match="record-not-on-topic"):
        toy.codec().decode("toys.tally.event.v1", value, headers)


def test_the_others_of_a_topic_are_those_that_are_not_named() -> None:
    events = "toys.tally.event.v1"
    assert toy.codec().others(events, (toy.Closed,)) == frozenset({b"toy.Added"})
    assert toy.codec().others(events, ()) == frozenset()


def test_a_record_that_does_not_say_how_it_was_written_is_poison() -> None:
    value, headers = headers_of(toy.codec(), ADD)
    with pytest.raises(Poison, match="no-schema-fingerprint"):
        toy.codec().decode(COMMANDS, value, {"ce_type": headers["ce_type"]})


def test_bytes_left_over_are_poison() -> None:
    value, headers = headers_of(toy.codec(), ADD)
    with pytest.raises(Poison, match="bytes-left-over"):
        toy.codec().decode(COMMANDS, value + b"\x00", headers)


@pytest.mark.parametrize("value", [None, b"", b"\x00\x00", b"\x01\x00\x00\x00\x01xx"])
def test_what_is_not_the_wire_format_is_poison(value: bytes | None) -> None:
    _, headers = headers_of(toy.codec(), ADD)
    with pytest.raises(Poison, match="not-wire-format"):
        toy.codec().decode(COMMANDS, value, headers)


@given(st.binary(max_size=60))
def test_any_bytes_are_a_record_or_poison(body: bytes) -> None:
    codec = toy.codec()
    value, headers = headers_of(codec, ADD)
    try:
        record = codec.decode(COMMANDS, value[:5] + body, headers)
    except Poison:
        return
    assert isinstance(record, toy.Add)


def test_an_id_that_contradicts_the_fingerprint_stops_the_process() -> None:
    value, headers = headers_of(toy.codec(), ADD)
    other = Codec(
        records=toy.RECORDS, topics=toy.TOPICS, ids={fingerprint: n + 50 for fingerprint, n in toy.codec().ids.items()}
    )
    with pytest.raises(WrongIds):
        other.decode(COMMANDS, value, headers)


def test_a_shape_not_carried_is_asked_for_and_then_read() -> None:
    shape = toy.RECORDS["toy.Add"]
    theirs = toy.codec_with(replace(shape, fingerprint="f" * 16), schema_id=99)
    ours = toy.codec()
    value, headers = headers_of(theirs, ADD)
    with pytest.raises(UnknownShape) as unknown:
        ours.decode(COMMANDS, value, headers)
    assert unknown.value.schema_id == 99
    ours.learn("toy.Add", "f" * 16, shape.schema)
    assert ours.decode(COMMANDS, value, headers) == ADD


def test_a_shape_that_was_released_earlier_is_read_without_asking() -> None:
    shape = toy.RECORDS["toy.Add"]
    theirs = toy.codec_with(replace(shape, fingerprint="f" * 16), schema_id=99)
    ours = toy.codec_with(
        replace(shape, earlier={"f" * 16: shape.schema}), schema_id=toy.codec().ids[shape.fingerprint]
    )
    value, headers = headers_of(theirs, ADD)
    assert ours.decode(COMMANDS, value, headers) == ADD


def test_a_record_without_a_registry_id_is_noticed_at_once() -> None:
    with pytest.raises(WrongIds, match="release the contracts"):
        toy.codec({})
