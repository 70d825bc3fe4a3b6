"""A meter that signs: what it signed is billed, and what was changed on the way waits for a person."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from ocpp.v16 import call
from test_odd_messages import settled, start_of

from ev_actors.station import Station
from ev_actors.v16 import iso
from ev_journeys.system import System, eventually

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(240)]

LEDGER = "session-ledger"
SERIAL = "EMH-1EMH0012345678"
KEY = ec.generate_private_key(ec.SECP256R1())


def signed(begin_kwh: str, end_kwh: str) -> str:
    """The meter's record of a whole session, in OCMF."""
    reading = {"TM": "2026-11-20T13:00:00,000+0100 S", "RI": "1-b:1.8.0", "RU": "kWh", "ST": "G"}
    readings = [{**reading, "TX": "B", "RV": float(begin_kwh)}, {**reading, "TX": "E", "RV": float(end_kwh)}]
    payload = json.dumps({"FV": "1.0", "PG": "T1", "MS": SERIAL, "IS": True, "ID": "04A2B3C4", "RD": readings})
    signature = KEY.sign(payload.encode(), ec.ECDSA(hashes.SHA256()))
    return f"OCMF|{payload}|{json.dumps({'SA': 'ECDSA-secp256r1-SHA256', 'SD': signature.hex()})}"


async def fit_meter(system: System, station_id: str, since: datetime) -> None:
    """The operator tells the registry which meter measures there, and its key."""
    form = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    key = KEY.public_key().public_bytes(*form).decode()
    meter = {"kind": "METER", "serial_number": SERIAL, "public_key": key, "signature_format": "OCMF"}
    body = {"component": meter, "evse_number": 1, "fitted_at": since.isoformat()}
    await system.platform.post("cpo", "asset-registry", f"/v1/stations/{station_id}/components", body)


async def charge(system: System, station: Station, *, start: datetime, record: str) -> str:
    """A session of 2 kWh whose stop bears the record; its transaction id."""
    number = (await station.link.call(start_of(system, iso(start)))).transaction_id
    end = start + timedelta(minutes=10)
    sample = {"value": record, "format": "SignedData", "context": "Transaction.End"}
    stop = call.StopTransaction(
        meter_stop=7_000,
        timestamp=iso(end),
        transaction_id=number,
        reason="Local",
        transaction_data=[{"timestamp": iso(end), "sampledValue": [sample]}],
    )
    await station.link.call(stop)
    return str(number)


async def test_a_session_is_billed_by_what_its_meter_signed_and_held_where_that_was_changed(system: System) -> None:
    good, bad = system.station("1.6"), system.station("1.6")
    start = system.clock.now().replace(microsecond=0) - timedelta(minutes=10)
    record = signed("5.000", "7.000")
    for station in (good, bad):
        await fit_meter(system, station.station_id, start - timedelta(days=1))
    for station, told in ((good, record), (bad, record.replace("7.0", "6.0"))):
        await station.online()
        number = await charge(system, station, start=start, record=told)
        await station.offline()
        if station is good:
            assert (await settled(system, good.station_id, number))["energy_wh"] == 2_000

    async def held() -> dict[str, Any] | None:
        path = f"/v1/review?kind=session&station_id={bad.station_id}"
        items = (await system.platform.get("cpo", LEDGER, path))["items"]
        return items[0] if items else None

    item = await eventually(held)
    assert item["cause"] == "signed-value-invalid"
    release = {"station_id": bad.station_id, "reason": "the driver's photograph shows 7.000 kWh"}
    await system.platform.post("cpo", LEDGER, f"/v1/sessions/{item['session_id']}/release", release)

    async def at_the_operator() -> list[dict[str, Any]] | None:
        return (await system.get("cpo", f"/v1/stations/{bad.station_id}/sessions"))["items"] or None

    (session,) = await eventually(at_the_operator)
    assert (await settled(system, bad.station_id, session["transaction_id"]))["energy_wh"] == 2_000
