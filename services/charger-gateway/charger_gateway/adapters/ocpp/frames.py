"""The RPC frames of OCPP-J: bytes in, one of seven readings out; answers back to bytes. Knows no action's content."""

from typing import Any, TypeAlias

import orjson

from chassis.values import fleeting

CALL, CALL_RESULT, CALL_ERROR, CALL_RESULT_ERROR, SEND = 2, 3, 4, 5, 6

MAX_FRAME_BYTES = 256 * 1024
MAX_DEPTH = 64
MAX_ID = 36
_MAX_DESCRIPTION = 255
_CALL_PARTS, _RESULT_PARTS = 4, 3
# Details may be left out: what a station calls its refusal counts, not its form.
_ERROR_PARTS = (4, 5)
_UNREADABLE_ID = "-1"

# OCPP-J 1.6 has no code for a broken frame; this is its nearest. 2.x: RpcFrameworkError.
V16, V201, V21 = "1.6", "2.0.1", "2.1"
BROKEN_CODES = {V16: "FormationViolation", V201: "RpcFrameworkError", V21: "RpcFrameworkError"}


@fleeting
class Call:
    """A request of the station."""

    message_id: str
    action: str
    payload: Any


@fleeting
class Send:
    """A message of the station that must not be answered (2.1)."""

    message_id: str
    action: str
    payload: Any


@fleeting
class CallResult:
    """The station's answer to a call of ours."""

    message_id: str
    payload: Any


@fleeting
class CallError:
    """The station could not answer a call of ours."""

    message_id: str
    code: str
    description: str


@fleeting
class ResultError:
    """The station could not read our answer to a call of its own (2.1); there is nobody to tell but the operator."""

    message_id: str
    code: str
    description: str


@fleeting
class Broken:
    """No frame of this version; the station is told why, under its message id where that could be read."""

    message_id: str
    code: str
    description: str


@fleeting
class Ignored:
    """An unknown type, a broken answer or SEND: counted and never answered (an answer could echo for ever)."""

    why: str


Frame: TypeAlias = Call | Send | CallResult | CallError | ResultError | Broken | Ignored


def read_frame(raw: bytes, version: str) -> Frame:
    """Whatever arrives becomes one of the seven; raises nothing."""
    try:
        message = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return Broken(message_id=_UNREADABLE_ID, code=BROKEN_CODES[version], description="not JSON")
    if type(message) is not list or not message or type(message[0]) is not int:
        return Broken(message_id=_UNREADABLE_ID, code=BROKEN_CODES[version], description="not an OCPP-J message")
    if message[0] == CALL:
        return _read_call(message, raw, version)
    if message[0] in {CALL_RESULT, CALL_ERROR}:
        return _read_answer(message)
    if version == V21 and message[0] in {CALL_RESULT_ERROR, SEND}:
        return _read_new_in_v21(message, raw)
    return Ignored(why="unknown message type")


def _read_answer(message: list[Any]) -> CallResult | CallError | Ignored:
    if len(message) > 1 and type(message[1]) is str:
        if message[0] == CALL_RESULT and len(message) == _RESULT_PARTS:
            return CallResult(message_id=message[1], payload=message[2])
        if message[0] == CALL_ERROR and len(message) in _ERROR_PARTS:
            return CallError(message_id=message[1], code=str(message[2]), description=str(message[3]))
    return Ignored(why="broken answer")


def _read_new_in_v21(message: list[Any], raw: bytes) -> Send | ResultError | Ignored:
    if len(message) > 1 and type(message[1]) is str:
        if message[0] == CALL_RESULT_ERROR and len(message) in _ERROR_PARTS:
            return ResultError(message_id=message[1], code=str(message[2]), description=str(message[3]))
        shaped = len(message) == _CALL_PARTS and 0 < len(message[1]) <= MAX_ID and type(message[2]) is str
        if message[0] == SEND and shaped and not _deeper_than(raw, MAX_DEPTH):
            return Send(message_id=message[1], action=message[2], payload=message[3])
    return Ignored(why="broken SEND or CALLRESULTERROR")


def _read_call(message: list[Any], raw: bytes, version: str) -> Call | Broken:
    code = BROKEN_CODES[version]
    message_id = message[1] if len(message) > 1 and type(message[1]) is str else ""
    if not message_id:
        return Broken(message_id=_UNREADABLE_ID, code=code, description="message id cannot be read")
    if len(message_id) > MAX_ID:
        return Broken(message_id=_UNREADABLE_ID, code=code, description=f"message id above {MAX_ID} characters")
    if len(message) != _CALL_PARTS:
        return Broken(message_id=message_id, code=code, description=f"a CALL has {_CALL_PARTS} elements")
    if type(message[2]) is not str:
        return Broken(message_id=message_id, code=code, description="the action is not a string")
    if _deeper_than(raw, MAX_DEPTH):
        return Broken(message_id=message_id, code=code, description=f"nested deeper than {MAX_DEPTH}")
    return Call(message_id=message_id, action=message[2], payload=message[3])


def _deeper_than(raw: bytes, limit: int) -> bool:
    # Counting brackets is cheap and says no for nearly every frame; brackets inside strings only make it look closer.
    if raw.count(b"[") + raw.count(b"{") <= limit:
        return False
    depth = 0
    quoted = escaped = False
    for byte in raw:
        if quoted:
            quoted, escaped = byte != 0x22 or escaped, byte == 0x5C and not escaped
        elif byte == 0x22:
            quoted = True
        elif byte in b"[{":
            depth += 1
            if depth > limit:
                return True
        elif byte in b"]}":
            depth -= 1
    return False


def call_frame(message_id: str, action: str, payload: Any) -> bytes:
    """A CALL of ours."""
    return orjson.dumps([CALL, message_id, action, payload])


def result_frame(message_id: str, payload: Any) -> bytes:
    """The answer to a station's call."""
    return orjson.dumps([CALL_RESULT, message_id, payload])


def error_frame(message_id: str, code: str, description: str) -> bytes:
    """Why a station's call has no answer; details stay empty, so that nothing of the call is echoed."""
    return orjson.dumps([CALL_ERROR, message_id, code, description[:_MAX_DESCRIPTION], {}])


def result_error_frame(message_id: str, code: str, description: str) -> bytes:
    """Why the station's answer to a call of ours is none (2.1)."""
    return orjson.dumps([CALL_RESULT_ERROR, message_id, code, description[:_MAX_DESCRIPTION], {}])
