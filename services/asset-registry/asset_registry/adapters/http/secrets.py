"""Secrets of stations: made so that a repeated call gets the same one, and kept only as keyed digests."""

import hashlib
import hmac

_SECRET_BYTES = 20


class StationSecrets:
    """Makes and digests secrets under two platform keys; remembers none."""

    def __init__(self, *, master_key: bytes, credential_key: bytes) -> None:
        self._master_key = master_key
        self._credential_key = credential_key

    def make(self, *, tenant: str, station_id: str, request_key: str) -> str:
        """40 lower-case hexadecimal digits: what a 1.6 AuthorizationKey and a 2.x BasicAuthPassword both allow."""
        wish = f"{tenant}|{station_id}|{request_key}".encode()
        return hmac.digest(self._master_key, wish, hashlib.sha256)[:_SECRET_BYTES].hex()

    def digest(self, secret: str) -> bytes:
        """HMAC-SHA-256 under the credential key: all that the log and the gateway see of a secret."""
        return hmac.digest(self._credential_key, secret.encode(), hashlib.sha256)
