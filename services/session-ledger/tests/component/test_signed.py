"""Signed records as a black box: the registry's key, the gateway's sealed record, and what becomes of the session."""

import hashlib
import hmac
import os
import zlib
from datetime import timedelta
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from network import KEY, LONG_AGO, REGISTRY, STATION, at, started, told
from signing_meter import SERIAL, Meter, register
from test_ledger import closed

from chassis.testing import eventually
from ev_contracts.assets import Component, ComponentKind, ComponentSnapshot
from ev_contracts.common import MeterReading, SignedValue
from ev_contracts.gateway import TransactionEnded
from ev_contracts.sessions import SessionMarkedSuspect, SignedValueVerified

SOURCE = "gateway.transaction.event.v1"
EVENTS = "sessions.session.event.v1"
SECRET = b"not a secret outside this test"
METER = Meter()
FITTED = ComponentSnapshot(
    station_id=STATION,
    fitting_number=1,
    component=Component(kind=ComponentKind.METER, serial_number=SERIAL, public_key=METER.public_pem),
    evse_number=1,
    connector_number=0,
    fitted_at=LONG_AGO,
    version=1,
)


def sealed(text: str) -> SignedValue:
    nonce = os.urandom(12)
    key = AESGCM(hmac.digest(SECRET, b"signed-value", hashlib.sha256))
    packed = nonce + key.encrypt(nonce, zlib.compress(text.encode()), STATION.encode())
    return SignedValue(encoding="OCMF", sealed=packed)


def ended(number: int, record: str) -> TransactionEnded:
    (stop,) = [each for each in told(number) if isinstance(each, TransactionEnded)]
    reading = MeterReading(sampled_at=stop.ended_at, context="Transaction.End", signed_values=(sealed(record),))
    return stop.model_copy(update={"readings": (reading,)})


async def records(stage: Any, kind: type) -> list[Any]:
    return [each.record for each in await stage.seen(EVENTS) if isinstance(each.record, kind)]


async def test_a_session_is_billed_by_a_good_record_and_held_with_one_that_was_changed(ledger: Any) -> None:
    good = METER.record(register("B", 0.0), register("E", 10.0))
    changed = METER.record(register("B", 10.0), register("E", 20.0)).replace("20.0", "19.0")
    async with ledger.run() as stage:
        for topic, key, record in (*REGISTRY, ("assets.component.snapshot.v1", f"{KEY}@1", FITTED)):
            await stage.say(topic, key, record)
        await _meters(stage).refreshed()
        await stage.say(SOURCE, KEY, started(0), ended(0, good), started(1), ended(1, changed))
        await eventually(lambda: _both(stage), deadline_s=30)
        stage.clock.advance(timedelta(minutes=120))
        (session,) = await closed(stage, 1)
        (suspect,) = await eventually(lambda: records(stage, SessionMarkedSuspect), deadline_s=30)
        (item,) = (await stage.get("cleo", "/v1/review?kind=session")).json()["items"]
        verified = await records(stage, SignedValueVerified)
    assert [(each.session_id, each.outcome) for each in verified] == [("session-0", "valid"), ("session-1", "invalid")]
    assert (session.session_id, session.facts.energy_wh) == ("session-0", 10_000)
    assert (suspect.session_id, suspect.cause) == ("session-1", "signed-value-invalid")
    assert (item["session_id"], item["cause"]) == ("session-1", "signed-value-invalid")
    assert verified[0].sampled_at == at(40)


async def _both(stage: Any) -> bool:
    return len(await records(stage, SignedValueVerified)) == 2


def _meters(stage: Any) -> Any:
    """The table by which the reaction to stations knows keys: a key that comes later verifies nothing of before."""
    (reaction,) = [direct for each in stage.service.parts if (direct := getattr(each, "direct", None)) is not None]
    return reaction.facts.meters
