"""A network of one station as the registry and the accounts tell it, and what its gateway says of a session."""

from datetime import UTC, datetime, timedelta
from typing import Any

from ev_contracts.accounts import TokenSnapshot, TokenStatus
from ev_contracts.assets import CommercialSnapshot, Evse, OwnershipSnapshot, SiteSnapshot, StationSnapshot
from ev_contracts.common import CommercialModel, ConnectorState, MeterReading
from ev_contracts.gateway import ConnectorStatusChanged, MeterSampled, TransactionEnded, TransactionStarted
from ev_contracts.record import Record

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
STATION = "NLVOLT0001"
KEY = f"volt/{STATION}"

SITE = SiteSnapshot(
    site_id="oosterdok",
    cpo_party_id="NL-VLT",
    name="Oosterdok",
    address="Oosterdokskade 1",
    city="Amsterdam",
    postal_code="1011 AD",
    country="NL",
    latitude="52.376000",
    longitude="4.908000",
    time_zone="Europe/Amsterdam",
    feeder_id="feeder-7",
    connection_id="connection-12",
    opened_at=LONG_AGO,
    version=1,
)
STATION_SNAPSHOT = StationSnapshot(
    station_id=STATION,
    site_id="oosterdok",
    cpo_party_id="NL-VLT",
    vendor="Alfen",
    model="Eve",
    evses=(Evse(evse_number=1, evse_id="NL*VLT*E1"),),
    retired=False,
    version=1,
)
OWNERSHIP = OwnershipSnapshot(
    contract_id="own-1",
    contract_version=1,
    cpo_party_id="NL-VLT",
    owner_party_id="NL-OWN",
    site_ids=("oosterdok",),
    share_permille=300,
    valid_from=LONG_AGO,
)
TRADE = CommercialSnapshot(
    contract_id="trade-1",
    contract_version=1,
    cpo_party_id="NL-VLT",
    emsp_party_id="NL-EMO",
    model=CommercialModel.RESALE,
    valid_from=LONG_AGO,
)
TOKEN = TokenSnapshot(
    uid_hmac="ab" * 32,
    token_ref="token-7",
    token_type="RFID",
    emsp_party_id="NL-EMO",
    tenant="emo",
    driver_ref="driver-7",
    status=TokenStatus.VALID,
    version=1,
)
REGISTRY: tuple[tuple[str, str, Record], ...] = (
    ("assets.site.snapshot.v1", "volt/oosterdok", SITE),
    ("assets.contract.snapshot.v1", "volt/own-1@1", OWNERSHIP),
    ("assets.contract.snapshot.v1", "volt/trade-1@1", TRADE),
    ("accounts.token.snapshot.v1", f"_/{TOKEN.uid_hmac}", TOKEN),
    ("assets.station.snapshot.v1", KEY, STATION_SNAPSHOT),
)


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def started(number: int, *, token_ref: str | None = "token-7") -> TransactionStarted:
    """The start of the n-th session, an hour after the one before, each of 10 kWh."""
    begin = at(60 * number)
    return TransactionStarted(
        station_id=STATION,
        session_id=f"session-{number}",
        transaction_id=str(1_000 + number),
        ocpp_version="1.6",
        evse_number=1,
        connector_number=1,
        token_ref=token_ref,
        token_status="Accepted" if token_ref else "Invalid",
        started_at=begin,
        received_at=begin,
        meter_start_wh=10_000 * number,
        offline=False,
    )


def told(number: int) -> list[Record]:
    """The whole n-th session: start, suspension, readings, and a stop before its last meter values."""
    begin = 60 * number
    common: dict[str, Any] = {"station_id": STATION, "evse_number": 1, "connector_number": 1}
    suspended = ConnectorStatusChanged(
        state=ConnectorState.SUSPENDED_EV, occurred_at=at(begin + 30), received_at=at(begin + 30), **common
    )
    ended = TransactionEnded(
        station_id=STATION,
        transaction_id=str(1_000 + number),
        ocpp_version="1.6",
        token_ref="token-7",
        token_status="Accepted",
        ended_at=at(begin + 40),
        received_at=at(begin + 40),
        meter_stop_wh=10_000 * (number + 1),
        reason="Local",
        offline=False,
    )
    return [started(number), *(sampled(number, minute) for minute in (10, 20)), suspended, ended, sampled(number, 35)]


def sampled(number: int, minute: int) -> MeterSampled:
    begin = 60 * number
    register_wh = 10_000 * number + min(minute, 30) * 300
    return MeterSampled(
        station_id=STATION,
        transaction_id=str(1_000 + number),
        evse_number=1,
        connector_number=1,
        received_at=at(begin + minute),
        readings=(MeterReading(sampled_at=at(begin + minute), register_wh=register_wh),),
    )
