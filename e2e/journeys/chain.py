"""Many sessions as a gateway would tell them, repeated and out of order, with the stations' own journal beside."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from ev_actors.journal import Charged
from ev_contracts.accounts import TokenSnapshot
from ev_contracts.assets import CommercialSnapshot, OwnershipSnapshot, PartySnapshot, SiteSnapshot, StationSnapshot
from ev_contracts.common import ConnectorState, MeterReading, PriceComponent
from ev_contracts.gateway import (
    ConnectorStatusChanged,
    MeterSampled,
    TransactionEnded,
    TransactionStarted,
    TransactionUpdated,
)
from ev_contracts.pricing import AssignTariff, PublishTariff
from ev_contracts.record import Record
from ev_journeys.figures import RETAIL, WHOLESALE

SINCE = datetime(2026, 1, 1, tzinfo=UTC)
BEGIN = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
REPEATED = 0.1

Said = tuple[str, str, Record]
"""Topic, key and record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One session: what the gateway says of it, in the order said, and what the station wrote down."""

    said: Sequence[Said]
    charged: Charged


def station_name(number: int) -> str:
    return f"NLCHAIN{number:04d}"


def network(stations: int) -> Iterator[Said]:
    """Registry and accounts have told their snapshots; the two sellers have set their prices."""
    for party, role, tenant in (("NL-VLT", "CPO", "volt"), ("NL-EMO", "EMSP", "emo"), ("NL-OWN", "OWNER", None)):
        particulars = {"party_id": party, "legal_name": party, "legal_entity_id": party, "country": "NL"}
        record = {**particulars, "roles": [role], "tenant": tenant, "currency": "EUR", "version": 1}
        yield "assets.party.snapshot.v1", f"_/{party}", PartySnapshot.model_validate(record)
    grid = {"feeder_id": "feeder-1", "connection_id": "connection-1", "time_zone": "Europe/Amsterdam"}
    where = {"name": "Dok", "address": "Dok 1", "city": "Amsterdam", "postal_code": "1011 AD", "country": "NL"}
    at = {"latitude": "52.376000", "longitude": "4.908000", "opened_at": SINCE, "version": 1}
    site = SiteSnapshot.model_validate({"site_id": "dok", "cpo_party_id": "NL-VLT", **grid, **where, **at})
    yield "assets.site.snapshot.v1", "volt/dok", site
    version = {"contract_version": 1, "cpo_party_id": "NL-VLT", "valid_from": SINCE}
    owned = {"contract_id": "own", "owner_party_id": "NL-OWN", "site_ids": ["dok"], "share_permille": 300}
    yield "assets.contract.snapshot.v1", "volt/own@1", OwnershipSnapshot.model_validate({**version, **owned})
    traded = {"contract_id": "trade", "emsp_party_id": "NL-EMO", "model": "RESALE"}
    yield "assets.contract.snapshot.v1", "volt/trade@1", CommercialSnapshot.model_validate({**version, **traded})
    token = {"uid_hmac": "ab" * 32, "token_ref": "token-1", "token_type": "RFID", "emsp_party_id": "NL-EMO"}
    driver = {"tenant": "emo", "driver_ref": "driver-1", "status": "VALID", "version": 1}
    yield "accounts.token.snapshot.v1", f"_/{'ab' * 32}", TokenSnapshot.model_validate({**token, **driver})
    for number in range(stations):
        yield "assets.station.snapshot.v1", f"volt/{station_name(number)}", _station(number)
    yield from _priced("volt", "NL-VLT", "wholesale", "CPO_TO_EMSP", WHOLESALE)
    yield from _priced("emo", "NL-EMO", "retail", "EMSP_TO_DRIVER", RETAIL)


def _station(number: int) -> Record:
    evse = {"evse_number": 1, "evse_id": f"NL*VLT*E{number:04d}", "connectors": []}
    make = {"vendor": "Alfen", "model": "Eve", "evses": [evse], "retired": False, "version": 1}
    names = {"station_id": station_name(number), "site_id": "dok", "cpo_party_id": "NL-VLT"}
    return StationSnapshot.model_validate({**names, **make})


def _priced(tenant: str, seller: str, tariff_id: str, relation: str, prices: dict[str, str]) -> Iterator[Said]:
    kinds = {"kwh": "ENERGY", "time_h": "TIME", "parking_h": "PARKING_TIME", "flat": "FLAT"}
    components = tuple(
        PriceComponent.model_validate(
            {"type": kinds[name], "price": Decimal(price), "vat_permille": 210, "step_size": 1}
        )
        for name, price in prices.items()
        if Decimal(price)
    )
    published = PublishTariff(
        at=SINCE,
        tariff_id=tariff_id,
        issuer_party_id=seller,
        name=tariff_id,
        currency="EUR",
        components=components,
        valid_from=SINCE,
    )
    assigned = {"at": SINCE, "assignment_id": "all", "tariff_id": tariff_id, "seller_party_id": seller}
    topic, key = "pricing.tariff.command.v1", f"{tenant}/{tariff_id}"
    yield topic, key, published
    yield topic, key, AssignTariff.model_validate({**assigned, "relation": relation, "valid_from": SINCE})


def sessions(count: int, stations: int, dice: random.Random) -> Iterator[Told]:
    """One session after the other, station by station in turn; every meter goes on where it stood."""
    meters = dict.fromkeys(range(stations), 0)
    for index in range(count):
        number = index % stations
        told = _session(index, number, meters[number], dice, BEGIN + timedelta(hours=3) * (index // stations))
        meters[number] = told.charged.meter_stop_wh
        yield told


def _session(index: int, number: int, meter_wh: int, dice: random.Random, begin: datetime) -> Told:
    minutes, parked = dice.randint(10, 100), dice.randint(1, 40)
    energy_wh = dice.randint(100, minutes * 180)
    charged = Charged(
        station_id=station_name(number),
        ocpp_version="2.0.1" if index % 2 else "1.6",
        connector=1,
        id_tag="card",
        transaction_id=str(index + 1),
        started_at=begin,
        ended_at=begin + timedelta(minutes=minutes + parked),
        meter_start_wh=meter_wh,
        meter_stop_wh=meter_wh + energy_wh,
        charging_ended_at=begin + timedelta(minutes=minutes, seconds=dice.randint(0, 59)),
        reason="Local",
    )
    topic, key = "gateway.transaction.event.v1", f"volt/{charged.station_id}"
    return Told(said=[(topic, key, record) for record in _messages(index, charged, dice)], charged=charged)


def _messages(index: int, charged: Charged, dice: random.Random) -> list[Record]:
    """In an order in which they may come, and any of them again, a while later."""
    session_id = f"session-{index:06d}"
    tell = _messages_201 if charged.ocpp_version == "2.0.1" else _messages_16
    told = tell(session_id, charged, dice)
    repeats = [(dice.randrange(place, len(told)), each) for place, each in enumerate(told) if dice.random() < REPEATED]
    for place, each in sorted(repeats, key=lambda repeat: repeat[0], reverse=True):
        told.insert(place + 1, each)
    return told


def _messages_16(session_id: str, charged: Charged, dice: random.Random) -> list[Record]:
    """Start, readings, suspension, stop; some readings come after the stop."""
    where = _where(charged)
    transaction = {"transaction_id": charged.transaction_id}
    suspended = ConnectorStatusChanged(
        state=ConnectorState.SUSPENDED_EV,
        occurred_at=charged.charging_ended_at,
        received_at=charged.charging_ended_at,
        **where,
    )
    readings = [
        MeterSampled(received_at=each.sampled_at, readings=(each,), **transaction, **where)
        for each in _readings(charged)
    ]
    late = dice.randint(0, 3)
    started = _started(session_id, charged, meter_start_wh=charged.meter_start_wh)
    ended = _ended(charged, meter_stop_wh=charged.meter_stop_wh)
    return [started, *readings[late:], suspended, ended, *readings[:late]]


def _messages_201(session_id: str, charged: Charged, dice: random.Random) -> list[Record]:
    """Events with numbers from 0; two of them change places, be it the start.

    Times here are long past, so a deadline is due as soon as it stands: the end stays last, or a death right behind it
    could rightly close the session by its grace.
    """
    begin = MeterReading(sampled_at=charged.started_at, context="Transaction.Begin", register_wh=charged.meter_start_wh)
    final = MeterReading(sampled_at=charged.ended_at, context="Transaction.End", register_wh=charged.meter_stop_wh)
    states: list[tuple[datetime, str, tuple[MeterReading, ...]]]
    states = [(each.sampled_at, "Charging", (each,)) for each in _readings(charged)]
    states.append((charged.charging_ended_at, "SuspendedEV", ()))
    updates = [
        TransactionUpdated(
            session_id=session_id,
            transaction_id=charged.transaction_id,
            token_status="None",
            occurred_at=at,
            received_at=at,
            seq_no=seq_no,
            offline=False,
            charging_state=state,
            trigger_reason="MeterValuePeriodic",
            readings=readings,
            **_where(charged),
        )
        for seq_no, (at, state, readings) in enumerate(states, start=1)
    ]
    started = _started(session_id, charged, seq_no=0, charging=True, readings=(begin,))
    ended = _ended(charged, session_id=session_id, seq_no=len(updates) + 1, readings=(final,))
    told: list[Record] = [started, *updates, ended]
    first, second = dice.randrange(len(told) - 2), dice.randrange(len(told) - 2)
    told[first], told[second] = told[second], told[first]
    return told


def _where(charged: Charged) -> dict[str, Any]:
    return {"station_id": charged.station_id, "evse_number": 1, "connector_number": 1}


def _started(session_id: str, charged: Charged, **more: Any) -> TransactionStarted:
    return TransactionStarted(
        session_id=session_id,
        transaction_id=charged.transaction_id,
        ocpp_version=charged.ocpp_version,
        token_ref="token-1",
        token_status="Accepted",
        started_at=charged.started_at,
        received_at=charged.started_at,
        offline=False,
        **_where(charged),
        **more,
    )


def _ended(charged: Charged, **more: Any) -> TransactionEnded:
    return TransactionEnded(
        station_id=charged.station_id,
        transaction_id=charged.transaction_id,
        ocpp_version=charged.ocpp_version,
        token_status="None",
        ended_at=charged.ended_at,
        received_at=charged.ended_at,
        reason=charged.reason,
        offline=False,
        **more,
    )


def _readings(charged: Charged) -> list[MeterReading]:
    """Nine of them on the way from the first register to the last."""
    lasted = charged.charging_ended_at - charged.started_at
    energy_wh = charged.meter_stop_wh - charged.meter_start_wh
    return [
        MeterReading(
            sampled_at=charged.started_at + lasted * tenth / 10,
            register_wh=charged.meter_start_wh + energy_wh * tenth // 10,
        )
        for tenth in range(1, 10)
    ]
