"""What the registry and accounts would have said: three stations of volt, one card of emo, one contract."""

import asyncio
import base64
import hashlib
import hmac
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

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
from ev_contracts.sessions import OpenSession, OpenSessions

SECRET = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c"
CARD = "04A2B3C4"
OTHER_CARD = "04A2B3C5"
"""Of the same group, and of another driver."""
BUSY_CARD = "04A2B3C6"
"""May have one session at once, and has it at a station of another operator."""
STATIONS = ("NLVOLT0001", "NLVOLT0002", "NLVOLT0003")
CREDENTIAL_KEY = b"c" * 32
TOKEN_KEY = b"t" * 32
SECRETS = {
    "credential-key": CREDENTIAL_KEY,
    "token-key": TOKEN_KEY,
    "frame-key": b"f" * 32,
    "transaction-key": b"n" * 32,
    "page-token-key": b"p" * 32,
    "signed-value-key": b"v" * 32,
}
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
PLUG = Connector(
    connector_number=1, standard="IEC_62196_T2", max_power_w=11_000, max_voltage_v=230, max_amperage_a=16, dc=False
)


def basic(user: str, password: str | bytes) -> dict[str, str]:
    """The header by which a station proves itself."""
    secret = password if isinstance(password, bytes) else password.encode()
    return {"Authorization": "Basic " + base64.b64encode(user.encode() + b":" + secret).decode()}


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def write_secrets(folder: Path) -> Path:
    """The gateway's secrets as files."""
    folder.mkdir(exist_ok=True)
    for name, key in SECRETS.items():
        (folder / name).write_bytes(key)
    return folder


def snapshots() -> Iterator[tuple[str, str, Record]]:
    """Topic, key and record of each."""
    digest = hmac.digest(CREDENTIAL_KEY, SECRET.encode(), hashlib.sha256)
    for number, station_id in enumerate(STATIONS, start=1):
        credential = CredentialSnapshot(station_id=station_id, tenant="volt", secret_hmac=digest, version=1)
        yield "assets.credential.snapshot.v1", f"_/{station_id}", credential
        evses = tuple(Evse(evse_number=evse, evse_id=f"NL*VLT*E{number}{evse}", connectors=(PLUG,)) for evse in (1, 2))
        station = StationSnapshot(
            station_id=station_id,
            site_id="S-1",
            cpo_party_id="NL-VLT",
            vendor="Alfen",
            model="Eve",
            evses=evses,
            retired=False,
            version=1,
        )
        yield "assets.station.snapshot.v1", f"volt/{station_id}", station
    busy = OpenSessions(station_id="NLAMP0009", sessions=(OpenSession(session_id="elsewhere", token_ref="tok-4"),))
    yield "sessions.open.snapshot.v1", "amp/NLAMP0009", busy
    for number, uid in ((1, CARD), (3, OTHER_CARD), (4, BUSY_CARD)):
        uid_hmac = token_key(uid, TOKEN_KEY)
        token = TokenSnapshot(
            uid_hmac=uid_hmac,
            token_ref=f"tok-{number}",
            token_type="RFID",
            emsp_party_id="NL-EMO",
            tenant="emo",
            driver_ref=f"drv-{number}",
            status=TokenStatus.VALID,
            version=1,
            group_id="G-FLEET",
            sessions_at_once=1 if uid == BUSY_CARD else None,
        )
        yield "accounts.token.snapshot.v1", f"_/{uid_hmac}", token
    contract = CommercialSnapshot(
        contract_id="C-1",
        contract_version=1,
        cpo_party_id="NL-VLT",
        emsp_party_id="NL-EMO",
        model=CommercialModel.RESALE,
        valid_from=LONG_AGO,
    )
    yield "assets.contract.snapshot.v1", "volt/C-1@1", contract


async def seed(log: Log, codec: Codec) -> None:
    """Append all of it and wait until it is durable."""
    appender = Appender(log=log, codec=codec, clock=SystemClock(), service="seeding", tracing=Tracing("seeding"))
    sent = [await appender.append_nowait(topic=topic, key=key, record=record) for topic, key, record in snapshots()]
    await asyncio.gather(*sent)
