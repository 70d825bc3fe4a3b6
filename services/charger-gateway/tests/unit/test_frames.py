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
    ResultError,
    Send,
    call_frame,
    error_frame,
    read_frame,
    result_error_frame,
    result_frame,
)

VERSIONS = ("1.6", "2.0.1", "2.1")
BROKEN = {"1.6": "FormationViolation", "2.0.1": "RpcFrameworkError", "2.1": "RpcFrameworkError"}


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


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("raw", [b"[3]", b"[3,1,{}]", b'[4,"m1"]', b'[4,"m1","InternalError"]'])
def test_a_broken_answer_is_never_answered(raw: bytes, version: str) -> None:
    assert read_frame(raw, version) == Ignored(why="broken answer")


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("raw", [b'[0,"m1","Boot",{}]', b'[7,"m1"]', b"[-1]"])
def test_a_type_that_no_version_knows_is_never_answered(raw: bytes, version: str) -> None:
    assert read_frame(raw, version) == Ignored(why="unknown message type")


@pytest.mark.parametrize("version", ["1.6", "2.0.1"])
@pytest.mark.parametrize("raw", [b'[5,"m1","FormatViolation","",{}]', b'[6,"m1","NotifyPeriodicEventStream",{}]'])
def test_types_of_2_1_are_unknown_before_it(raw: bytes, version: str) -> None:
    assert read_frame(raw, version) == Ignored(why="unknown message type")


def test_2_1_reads_what_is_not_answered() -> None:
    sent = read_frame(b'[6,"m1","NotifyPeriodicEventStream",{"id":1}]', "2.1")
    assert sent == Send(message_id="m1", action="NotifyPeriodicEventStream", payload={"id": 1})
    refused = read_frame(b'[5,"m1","FormatViolation","no",{}]', "2.1")
    assert refused == ResultError(message_id="m1", code="FormatViolation", description="no")


@pytest.mark.parametrize(
    "raw",
    [
        b'[6,"m1",{}]',
        b'[6,"","X",{}]',
        b'[6,1,"X",{}]',
        b'[6,"' + b"x" * 37 + b'","X",{}]',
        b"[6]",
        b'[5,"m1"]',
        b'[6,"m1","X",' + b"[" * 70 + b"]" * 70 + b"]",
    ],
)
def test_a_broken_send_is_never_answered(raw: bytes) -> None:
    assert read_frame(raw, "2.1") == Ignored(why="broken SEND or CALLRESULTERROR")


def test_a_refusal_without_details_is_one() -> None:
    frame = read_frame(b'[4,"m1","InternalError",null]', "2.0.1")
    assert isinstance(frame, CallError)


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
    refused = orjson.loads(result_error_frame("m1", "FormatViolation", "x" * 400))
    assert refused == [5, "m1", "FormatViolation", "x" * 255, {}]
