"""Ids that every replica computes alike: sessions, 1.6 transaction numbers, token look-up keys."""

import hashlib
import hmac
import uuid
from datetime import datetime
from functools import lru_cache

SESSION_NAMESPACE = uuid.UUID("6b1f4f0a-2a5e-5a77-9f0d-6a1c5c1f6e01")

_POSITIVE_31_BITS = 0x7FFF_FFFF
_SESSIONS_REMEMBERED = 8_192


def token_key(uid: str, key: bytes) -> str:
    """The look-up key of a token: ids are case-insensitive (OCPP 1.6, IdToken), and no uid in clear is ever kept."""
    return hmac.digest(key, uid.upper().encode(), hashlib.sha256).hex()


def session_id_v16(
    *, tenant: str, station_id: str, connector_id: int, uid_hmac: str, started_at: datetime, meter_start_wh: int
) -> str:
    """The same for every retry of one StartTransaction, whichever replica hears it and whatever its message id."""
    natural = f"1.6|{tenant}|{station_id}|{connector_id}|{uid_hmac}|{started_at.isoformat()}|{meter_start_wh}"
    return str(uuid.uuid5(SESSION_NAMESPACE, natural))


@lru_cache(_SESSIONS_REMEMBERED)
def session_id_v201(*, tenant: str, station_id: str, transaction_id: str) -> str:
    """OCPP 2.x names its transactions itself; the name is unique at its station only."""
    return str(uuid.uuid5(SESSION_NAMESPACE, f"2|{tenant}|{station_id}|{transaction_id}"))


def transaction_number(session_id: str, key: bytes) -> int:
    """The 1.6 transactionId: positive, 31 bits, not to be guessed; an alias at its station, never a key by itself."""
    digest = hmac.digest(key, session_id.encode(), hashlib.sha256)
    return (int.from_bytes(digest[:4]) & _POSITIVE_31_BITS) or 1


def remote_start_number(command_id: str) -> int:
    """The 2.x remoteStartId of a command: a station echoes it, which ties the start to the command."""
    return (int.from_bytes(hashlib.sha256(command_id.encode()).digest()[:4]) & _POSITIVE_31_BITS) or 1
