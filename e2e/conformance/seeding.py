"""What registry and accounts would have said: an operator with many stations, and cards in every state."""

import asyncio
import hashlib
import hmac
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from charger_gateway.domain.ids import token_key
from chassis.clock import SystemClock
from chassis.codec import Codec
from chassis.log import Log
from chassis.log.appender import Appender
from chassis.telemetry import Tracing
from ev_contracts.accounts import TokenSnapshot, TokenStatus
from ev_contracts.assets import CommercialSnapshot, Connector, CredentialSnapshot, Evse, StationSnapshot
from ev_contracts.common import CommercialModel
from ev_contracts.record import Record

TENANT, OPERATOR, PROVIDER = "octt", "NL-OCT", "NL-EMO"
SECRET = "0011223344556677889900aabbccddeeff001122"
VALID, BLOCKED, EXPIRED, UNKNOWN, MASTER = "CAFE0001", "CAFE0002", "CAFE0003", "CAFE0009", "CAFE0005"
FIRST, SECOND, LAPSED = "CAFE0011", "CAFE0012", "CAFE0013"
"""Cards of one group; the last of them is blocked."""
GROUP, MASTER_GROUP = "G0FLEET", "G0MASTER"
CONTRACT = "NLEMOC00000001"
"""A contract's eMAID."""
PIN = "73519462"
"""A driver's key code."""
FOREIGN = "12345"
"""The card that ocpp-go's simulators show."""
CARDS = {
    FOREIGN: TokenStatus.VALID,
    VALID: TokenStatus.VALID,
    PIN: TokenStatus.VALID,
    CONTRACT: TokenStatus.VALID,
    BLOCKED: TokenStatus.BLOCKED,
    EXPIRED: TokenStatus.EXPIRED,
    MASTER: TokenStatus.VALID,
    FIRST: TokenStatus.VALID,
    SECOND: TokenStatus.VALID,
    LAPSED: TokenStatus.BLOCKED,
}
GROUPS = {FIRST: GROUP, SECOND: GROUP, LAPSED: GROUP, MASTER: MASTER_GROUP}
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
_KEYS = ("credential-key", "token-key", "transaction-key", "frame-key", "page-token-key", "signed-value-key")


def station_ids(number: int) -> tuple[str, ...]:
    """The identities of so many stations."""
    return tuple(f"OCTT{one:04d}" for one in range(1, number + 1))


def key_of(name: str) -> bytes:
    """A secret of 32 bytes, the same in every run."""
    return hashlib.sha256(name.encode()).digest()


def write_secrets(folder: Path) -> Path:
    """The gateway's secrets as files."""
    folder.mkdir(exist_ok=True)
    for name in _KEYS:
        (folder / name).write_bytes(key_of(name))
    return folder


async def seed(log: Log, codec: Codec, stations: tuple[str, ...]) -> None:
    """Append all of it and wait until it is durable."""
    appender = Appender(log=log, codec=codec, clock=SystemClock(), service="seeding", tracing=Tracing("seeding"))
    records = [*_stations(stations), *_cards()]
    await asyncio.gather(
        *[await appender.append_nowait(topic=topic, key=key, record=record) for topic, key, record in records]
    )


def digest_of(secret: str) -> bytes:
    """What the registry keeps of a password."""
    return hmac.digest(key_of("credential-key"), secret.encode(), hashlib.sha256)


def shape_of(station_id: str) -> StationSnapshot:
    """How the registry has a station: two EVSEs of one plug each."""
    plug = Connector(
        connector_number=1,
        standard="IEC_62196_T2",
        max_power_w=22_000,
        max_voltage_v=400,
        max_amperage_a=32,
        dc=False,
    )
    number = station_id.removeprefix("OCTT")
    return StationSnapshot(
        station_id=station_id,
        site_id="S-OCTT",
        cpo_party_id=OPERATOR,
        vendor="Restated",
        model="Two",
        evses=tuple(Evse(evse_number=evse, evse_id=f"NL*OCT*E{number}*{evse}", connectors=(plug,)) for evse in (1, 2)),
        retired=False,
        version=1,
    )


def _stations(stations: tuple[str, ...]) -> Iterator[tuple[str, str, Record]]:
    digest = digest_of(SECRET)
    for station_id in stations:
        credential = CredentialSnapshot(station_id=station_id, tenant=TENANT, secret_hmac=digest, version=1)
        yield "assets.credential.snapshot.v1", f"_/{station_id}", credential
        yield "assets.station.snapshot.v1", f"{TENANT}/{station_id}", shape_of(station_id)


def card(uid: str, number: int, **more: Any) -> tuple[str, str, TokenSnapshot]:
    """A card of the provider as accounts say it: topic, key and record."""
    uid_hmac = token_key(uid, key_of("token-key"))
    told = {
        "uid_hmac": uid_hmac,
        "token_ref": f"card-{number}",
        "token_type": "RFID",
        "emsp_party_id": PROVIDER,
        "tenant": "emo",
        "driver_ref": f"driver-{number}",
        "status": TokenStatus.VALID,
        "version": 1,
    }
    return "accounts.token.snapshot.v1", f"_/{uid_hmac}", TokenSnapshot(**{**told, **more})


def _cards() -> Iterator[tuple[str, str, Record]]:
    for number, (uid, status) in enumerate(CARDS.items(), start=1):
        master = {"tenant": TENANT, "is_master_pass": True} if uid == MASTER else {}
        yield card(uid, number, status=status, group_id=GROUPS.get(uid), **master)
    contract = CommercialSnapshot(
        contract_id="C-1",
        contract_version=1,
        cpo_party_id=OPERATOR,
        emsp_party_id=PROVIDER,
        model=CommercialModel.RESALE,
        valid_from=LONG_AGO,
    )
    yield "assets.contract.snapshot.v1", f"{TENANT}/C-1@1", contract
