"""Frames: whatever arrives has a reading, and nothing that arrives is fatal."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from charger_gateway.adapters.ocpp.frames import (
    Broken,
    Call,
    CallError,
    CallResult,
    Ignored,
    call_frame,
    error_frame,
    read_frame,
    result_frame,
)

VERSIONS = ("1.6", "2.0.1")
BROKEN = {"1.6": "FormationViolation", "2.0.1": "RpcFrameworkError"}


def test_a_call_is_read() -> None:
    assert read_frame(b'[2,"m1","Heartbeat",{}]', "1.6") == Call(message_id="m1", action="Heartbeat", payload={})


def test_answers_are_read() -> None:
    assert read_frame(b'[3,"m1",{"status":"Accepted"}]', "1.6") == CallResult(
        message_id="m1", payload={"status": "Accepted"}
    )
    assert read_frame(b'[4,"m1","InternalError","no",{}]', "1.6") == CallError(
        message_id="m1", code="InternalError", description="no"
    )


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"hello",
        b'[2,"m1","Heartbeat",NaN]',
        b'[2,"m1","Heartbeat",{"x":Infinity}]',
        b'[2,"m1","Heartbeat",{"x":"\\ud800"}]',
        b'[2,"m1","\xff",{}]',
        b"[" * 100_000,
        b"null",
        b"[]",
        b'"2"',
        b'{"a":1}',
        b'["2","m1","Heartbeat",{}]',
        b"[true]",
        b"[2]",
        b'[2,17,"Heartbeat",{}]',
        b'[2,null,"Heartbeat",{}]',
        b'[2,"","Heartbeat",{}]',
        b'[2,"' + b"x" * 37 + b'","Heartbeat",{}]',
    ],
)
def test_what_has_no_readable_id_is_broken_under_minus_one(raw: bytes, version: str) -> None:
    frame = read_frame(raw, version)
    assert isinstance(frame, Broken)
    assert (frame.message_id, frame.code) == ("-1", BROKEN[version])


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    "raw",
    [
        b'[2,"m1","Heartbeat"]',
        b'[2,"m1","Heartbeat",{},{}]',
        b'[2,"m1",5,{}]',
        b'[2,"m1",["Heartbeat"],{}]',
        b'[2,"m1","Heartbeat",' + b'{"a":' * 70 + b"1" + b"}" * 70 + b"]",
    ],
)
def test_a_broken_call_is_answered_under_its_id(raw: bytes, version: str) -> None:
    frame = read_frame(raw, version)
    assert isinstance(frame, Broken)
    assert (frame.message_id, frame.code) == ("m1", BROKEN[version])


@pytest.mark.parametrize("raw", [b'[5,"m1",{}]', b"[6]", b"[3]", b"[3,1,{}]", b'[4,"m1"]', b'[0,"m1","Boot",{}]'])
def test_unknown_types_and_broken_answers_are_never_answered(raw: bytes) -> None:
    assert isinstance(read_frame(raw, "2.0.1"), Ignored)


def test_brackets_inside_strings_are_no_depth() -> None:
    raw = orjson.dumps([2, "m1", "DataTransfer", {"vendorId": "x", "data": '[{"\\' * 200}])
    assert isinstance(read_frame(raw, "1.6"), Call)


def test_many_shallow_brackets_are_no_depth() -> None:
    raw = orjson.dumps([2, "m1", "MeterValues", {"meterValue": [{} for _ in range(500)]}])
    assert isinstance(read_frame(raw, "1.6"), Call)


@given(st.binary(max_size=300))
def test_any_bytes_have_a_reading(raw: bytes) -> None:
    read_frame(raw, "2.0.1")


def test_frames_out_read_back() -> None:
    assert orjson.loads(call_frame("m1", "Reset", {"type": "Soft"})) == [2, "m1", "Reset", {"type": "Soft"}]
    assert orjson.loads(result_frame("m1", {})) == [3, "m1", {}]
    assert orjson.loads(error_frame("m1", "GenericError", "x" * 400)) == [4, "m1", "GenericError", "x" * 255, {}]
