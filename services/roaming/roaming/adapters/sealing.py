"""Tokens at rest: those that partners use with us as SHA-256 only, those that we use with partners sealed."""

import hashlib
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_NONCE_BYTES = 12


class UnsealableError(ValueError):
    """Sealed under another key or for another partner, or damaged."""


class TokenSeal:
    """AES-256-GCM under a key derived from the service's secret; what is sealed for one partner opens for no other."""

    def __init__(self, secret: bytes) -> None:
        self._key = AESGCM(HKDF(algorithm=SHA256(), length=32, salt=None, info=b"roaming-token-b").derive(secret))

    def seal(self, token: str, partner_id: str) -> bytes:
        """Nonce and ciphertext."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._key.encrypt(nonce, token.encode(), partner_id.encode())

    def open(self, sealed: bytes, partner_id: str) -> str:
        """The token. Raises UnsealableError."""
        try:
            return self._key.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], partner_id.encode()).decode()
        except InvalidTag as error:
            raise UnsealableError(partner_id) from error


def fingerprint(token: str) -> str:
    """SHA-256 in hex: our tokens are 256 random bits, so a plain hash cannot be guessed back."""
    return hashlib.sha256(token.encode()).hexdigest()
