"""Opaque tokens that only we can make and read: page tokens, command links."""

import base64
import binascii
import os
from typing import Any

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_NONCE = 12


class WrongToken(ValueError):
    """Not one of ours, or changed on the way."""


class Seal:
    """AES-256-GCM under a key derived from a secret file for one purpose."""

    def __init__(self, secret: bytes, purpose: str) -> None:
        key = HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose.encode()).derive(secret)
        self._cipher = AESGCM(key)
        self._purpose = purpose.encode()

    def seal(self, value: Any) -> str:
        """JSON-able value to URL-safe text."""
        nonce = os.urandom(_NONCE)
        sealed = self._cipher.encrypt(nonce, orjson.dumps(value), self._purpose)
        return base64.urlsafe_b64encode(nonce + sealed).rstrip(b"=").decode()

    def open(self, token: str) -> Any:
        """Raises WrongToken."""
        try:
            raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
            return orjson.loads(self._cipher.decrypt(raw[:_NONCE], raw[_NONCE:], self._purpose))
        except (InvalidTag, binascii.Error, ValueError) as error:
            raise WrongToken("not a token of ours") from error
