"""A meter's signed record in the Open Charge Metering Format (OCMF 1.x): what was signed, by what, and its registers.

`OCMF|<payload>|<signature>`: the payload's bytes are signed as they stand, so they are never written anew.
"""

import json
import re
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from ev_contracts.sessions import SignedPoint

HEADER = "OCMF|"
DEFAULT_ALGORITHM = "ECDSA-secp256r1-SHA256"
BEGIN, END = "begin", "end"

_ENDS = frozenset("ELRAP")
_SECTIONS = 3
_UNITS = {"kWh": Decimal(1_000), "Wh": Decimal(1)}
_IMPORT = re.compile(r":(0?1|B[0-3])\.0?8\.", re.IGNORECASE)
"""OBIS codes of energy taken, over the meter's life (1.8) or within the transaction (B0 to B3)."""
_MOST_DIGITS, _MOST_PLACES = 12, 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A record taken apart; nothing of it is believed yet."""

    payload: bytes
    algorithm: str
    signature: bytes
    meter_serial: str | None
    points: tuple[SignedPoint, ...]
    """Where the transaction begins and ends, of the energy taken."""


def record_of(text: str) -> Record | None:
    """The record in a text that is OCMF, or OCMF in hexadecimal or base64; None for anything else."""
    plain = _plain(text)
    sections = [] if plain is None else plain.split("|")
    if len(sections) != _SECTIONS:
        return None
    payload, signature = _object(sections[1]), _object(sections[2])
    signed = None if signature is None else _signature(signature)
    if payload is None or signature is None or signed is None:
        return None
    serial = payload.get("MS") or payload.get("GS")
    return Record(
        payload=sections[1].encode(),
        algorithm=str(signature.get("SA", DEFAULT_ALGORITHM)),
        signature=signed,
        meter_serial=serial if isinstance(serial, str) else None,
        points=tuple(_points(payload.get("RD"))),
    )


def _plain(text: str) -> str | None:
    text = text.strip()
    if text.startswith(HEADER):
        return text
    for decode in (bytes.fromhex, _base64):
        try:
            plain = decode(text).decode()
        except ValueError:
            continue
        if plain.startswith(HEADER):
            return plain
    return None


def _base64(text: str) -> bytes:
    return b64decode(text, validate=True)


def _object(section: str) -> Mapping[str, object] | None:
    try:
        # Digits tell a reading's resolution, so numbers stay as they were written.
        found = json.loads(section, parse_float=Decimal, parse_int=Decimal, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _refuse(word: str) -> None:
    raise ValueError(f"{word} is no number")


def _signature(section: Mapping[str, object]) -> bytes | None:
    told = section.get("SD")
    if not isinstance(told, str) or section.get("SM", "application/x-der") != "application/x-der":
        return None
    try:
        return _base64(told) if section.get("SE", "hex") == "base64" else bytes.fromhex(told)
    except (ValueError, NotBase64):
        return None


def _points(readings: object) -> Iterator[SignedPoint]:
    """The first of each kind; a reading repeats what the one before it said and it leaves out."""
    held: dict[str, object] = {}
    seen: set[str] = set()
    for reading in readings if isinstance(readings, list) else ():
        if not isinstance(reading, dict):
            continue
        held |= reading
        kind = {"B": BEGIN}.get(str(held.get("TX"))) or (END if str(held.get("TX")) in _ENDS else None)
        point = None if kind is None or kind in seen else _point(kind, held)
        if point is not None:
            seen.add(point.kind)
            yield point


def _point(kind: str, reading: Mapping[str, object]) -> SignedPoint | None:
    value, unit, code = reading.get("RV"), _UNITS.get(str(reading.get("RU"))), str(reading.get("RI") or "")
    if not isinstance(value, Decimal) or unit is None or (":" in code and _IMPORT.search(code) is None):
        return None
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int) or not -_MOST_PLACES <= exponent <= 0 or value.adjusted() > _MOST_DIGITS:
        return None
    usable = reading.get("ST", "G") == "G" and "E" not in str(reading.get("EF") or "")
    return SignedPoint(kind=kind, wh=value * unit, resolution_wh=unit.scaleb(exponent), usable=usable)
