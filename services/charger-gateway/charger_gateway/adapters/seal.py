"""Tokens of remote starts, sealed at the HTTP edge and opened at the socket: no uid in clear enters the log."""

import hashlib
import hmac
import os

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from charger_gateway.ports import IdToken

_NONCE_BYTES = 12


class DeskSeal:
    """AES-256-GCM under the desk key; bound to its command."""

    def __init__(self, secret: bytes) -> None:
        self._aead = AESGCM(hmac.digest(secret, b"desk-seal", hashlib.sha256))

    def seal(self, command_id: str, token: IdToken) -> bytes:
        """Nonce and ciphertext."""
        nonce = os.urandom(_NONCE_BYTES)
        plain = orjson.dumps({"uid": token.uid, "type": token.type})
        return nonce + self._aead.encrypt(nonce, plain, command_id.encode())

    def open(self, command_id: str, sealed: bytes) -> IdToken:
        """Raises ValueError."""
        try:
            plain = self._aead.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], command_id.encode())
        except InvalidTag as error:
            raise ValueError("not sealed by this desk") from error
        opened = orjson.loads(plain)
        return IdToken(uid=opened["uid"], type=opened["type"])
