"""OCPI's envelope, headers and numbers on the wire."""

import base64
import binascii
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal

import orjson
from fastapi import Response

from chassis.clock import new_id, wall_now
from roaming.domain.ocpi import Status, date_time

REQUEST_ID = "X-Request-ID"
CORRELATION_ID = "X-Correlation-ID"


class OcpiError(Exception):
    """What the caller did wrong, in OCPI's words; an HTTP error only where OCPI has one."""

    def __init__(
        self, status: Status, message: str, *, http_status: int = 200, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.http_status = http_status
        self.headers = dict(headers or {})


def envelope(
    data: object = None,
    *,
    status: Status = Status.OK,
    message: str | None = None,
    http_status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """`data` is left out where there is none."""
    body: dict[str, object] = {} if data is None else {"data": data}
    body["status_code"] = int(status)
    if message is not None:
        body["status_message"] = message
    body["timestamp"] = date_time(wall_now().replace(microsecond=0))
    return Response(dumps(body), http_status, dict(headers or {}), "application/json")


def dumps(body: object) -> bytes:
    """JSON in which Decimals are numbers; they have 4 decimals at most, so a float prints them exactly."""
    return orjson.dumps(body, default=_number)


def _number(value: object) -> float:
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"{type(value).__name__} has no place in OCPI")


def authorization(token: str) -> str:
    """The header that OCPI 2.2.1 asks for."""
    return "Token " + base64.b64encode(token.encode()).decode("ascii")


def raw_authorization(token: str) -> str:
    """What peers expect who take the token as it is (2.1.1's way, still common)."""
    return f"Token {token}"


def presented_tokens(header: str | None) -> tuple[str, ...]:
    """What the caller may have meant: the Base64 decoded, then the text itself. Empty without a Token header."""
    scheme, _, text = (header or "").strip().partition(" ")
    text = text.strip()
    if scheme.lower() != "token" or not text:
        return ()
    try:
        # The specification's own sample encodes a newline after the token.
        decoded = base64.b64decode(text, validate=True).decode().removesuffix("\n")
    except (binascii.Error, UnicodeDecodeError):
        return (text,)
    return (decoded, text)


def request_headers() -> dict[str, str]:
    """A fresh id for a call of ours; the correlation begins here."""
    return {REQUEST_ID: new_id(), CORRELATION_ID: new_id(), "Accept": "application/json"}


def parse_moment(text: str, name: str) -> datetime:
    """OCPI DateTime: UTC with or without `Z`; another designator is refused. Raises OcpiError."""
    bare = text.removesuffix("Z")
    try:
        moment = datetime.fromisoformat(bare)
    except ValueError as error:
        raise OcpiError(Status.INVALID_PARAMETERS, f"{name} is not a DateTime") from error
    if moment.tzinfo is not None:
        raise OcpiError(Status.INVALID_PARAMETERS, f"{name} must be in UTC, with Z or no designator")
    return moment.replace(tzinfo=UTC)
