"""Tokens and secrets of commands, sealed at one edge and opened at the other: none enters the log in clear."""

import hashlib
import hmac
import os
from typing import Any

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES = 12


class DeskSeal:
    """AES-256-GCM under the desk key; bound to its command."""

    def __init__(self, secret: bytes) -> None:
        self._aead = AESGCM(hmac.digest(secret, b"desk-seal", hashlib.sha256))

    def hide(self, command_id: str, value: Any) -> bytes:
        """Nonce and ciphertext of a JSON value."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._aead.encrypt(nonce, orjson.dumps(value), command_id.encode())

    def reveal(self, command_id: str, sealed: bytes) -> Any:
        """The value. Raises ValueError."""
        try:
            plain = self._aead.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], command_id.encode())
        except InvalidTag as error:
            raise ValueError("not sealed by this desk") from error
        return orjson.loads(plain)
