"""Dead letters hold what peers sent, so they are sealed: with a key of the day, made from one secret."""

import os
from datetime import UTC, datetime

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from chassis.codec import Poison
from chassis.dead_letters.letters import dead_letter
from chassis.log.port import Entry, Fetched, Headers

SEALED = "dl_sealed"
"""The day whose key seals the value."""
_NONCE = 12


class Letterbox:
    """Seals and opens; without a secret (memory, tests) letters stay as they are."""

    def __init__(self, secret: bytes | None = None) -> None:
        self._secret = secret
        self._ciphers: dict[bytes, AESGCM] = {}

    def _cipher(self, day: bytes) -> AESGCM:
        if day not in self._ciphers:
            hkdf = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"dead-letter " + day)
            self._ciphers[day] = AESGCM(hkdf.derive(self._secret or b""))
        return self._ciphers[day]

    def letter(self, topic: str, partition: int, record: Fetched, poison: Poison) -> Entry:
        """The dead letter of a record, sealed."""
        plain = dead_letter(topic, partition, record, poison)
        if self._secret is None:
            return plain
        day = datetime.fromtimestamp(record.timestamp / 1000, UTC).date().isoformat().encode()
        nonce = os.urandom(_NONCE)
        sealed = nonce + self._cipher(day).encrypt(nonce, plain.value or b"", day)
        return Entry(plain.key, sealed, [*plain.headers, (SEALED, day)])

    def open(self, value: bytes | None, headers: Headers) -> bytes | None:
        """The record's value as it came. Raises Poison where our secret does not open it."""
        day = dict(headers).get(SEALED)
        if day is None or value is None:
            return value
        if self._secret is None:
            raise Poison("sealed", "the secret dead-letter-key is not here")
        try:
            return self._cipher(day).decrypt(value[:_NONCE], value[_NONCE:], day)
        except (InvalidTag, ValueError) as error:
            raise Poison("sealed", "not sealed with our key") from error
