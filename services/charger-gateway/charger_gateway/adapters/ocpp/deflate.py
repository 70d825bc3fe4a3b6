"""RFC 7692, permessage-deflate, without takeover in either direction: a quiet socket holds no window."""

import zlib
from collections.abc import Iterable, Iterator

EXTENSION = "permessage-deflate"

_TAIL = b"\x00\x00\xff\xff"
_MOST_BITS = 15
_FEWEST_BITS = 9
_WINDOW_BITS = 12
_MEMORY_LEVEL = 5
_WORTH_IT = 200


class TooBig(Exception):
    """It inflates beyond the limit."""


class Deflate:
    """Of one socket; `bits` is the window that it may use to compress."""

    __slots__ = ("_bits",)

    def __init__(self, bits: int = _WINDOW_BITS) -> None:
        self._bits = bits

    @property
    def answer(self) -> str:
        """What the handshake says of it."""
        said = f"{EXTENSION}; server_no_context_takeover; client_no_context_takeover"
        return said if self._bits == _WINDOW_BITS else f"{said}; server_max_window_bits={self._bits}"

    def inflate(self, payload: bytes, most: int) -> bytes:
        """Raises TooBig, zlib.error."""
        inflater = zlib.decompressobj(-_MOST_BITS)
        data = inflater.decompress(payload + _TAIL, most + 1)
        if len(data) > most:
            raise TooBig
        return data

    def deflate(self, payload: bytes) -> bytes | None:
        """None where it is too short to gain anything."""
        if len(payload) < _WORTH_IT:
            return None
        deflater = zlib.compressobj(wbits=-self._bits, memLevel=_MEMORY_LEVEL)
        return (deflater.compress(payload) + deflater.flush(zlib.Z_SYNC_FLUSH))[: -len(_TAIL)]


def agreed(offered: Iterable[str]) -> Deflate | None:
    """The first offer of the Sec-WebSocket-Extensions headers that can be met."""
    for offer in _offers(offered):
        bits = _met(offer)
        if bits is not None:
            return Deflate(bits)
    return None


def _offers(headers: Iterable[str]) -> Iterator[str]:
    for header in headers:
        yield from header.split(",")


def _met(offer: str) -> int | None:
    name, *parameters = (part.strip() for part in offer.split(";"))
    if name != EXTENSION:
        return None
    bits = _WINDOW_BITS
    for parameter in parameters:
        key, _, value = (part.strip().strip('"') for part in parameter.partition("="))
        if key == "server_max_window_bits":
            if not value.isdigit() or not _FEWEST_BITS <= int(value) <= _MOST_BITS:
                return None
            bits = min(bits, int(value))
        elif key not in {"server_no_context_takeover", "client_no_context_takeover", "client_max_window_bits"}:
            return None
    return bits
