"""A driver prefers to charge cheaply: quote, running cost and invoice are by the tariff of that preference."""

import asyncio
from typing import Any

import pytest

from chassis.clock import new_id
from ev_actors.battery import Battery
from ev_actors.station import Visit
from ev_journeys.figures import cents
from ev_journeys.system import System, eventually

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(240)]

CHEAP = {"kwh": "0.31", "time_h": "0", "parking_h": "0", "flat": "0"}


async def sells_cheaper(system: System) -> None:
    """To whoever prefers it, anywhere."""
    since, seller = "2026-01-01T00:00:00Z", system.seeded.plan.names.emsp
    tariff = {
        "tariff_id": "cheap",
        "issuer_party_id": seller,
        "name": "Cheap",
        "currency": "EUR",
        "tariff_type": "PROFILE_CHEAP",
        "components": [{"type": "ENERGY", "price": CHEAP["kwh"], "vat_permille": 210, "step_size": 1}],
        "valid_from": since,
    }
    await system.platform.post("emsp", "pricing", "/v1/tariffs", tariff)
    sale = {"assignment_id": "cheap", "seller_party_id": seller, "relation": "EMSP_TO_DRIVER", "valid_from": since}
    await system.platform.post("emsp", "pricing", "/v1/tariffs/cheap/assignments", sale)


async def test_a_preferred_profile_brings_its_tariff_from_the_quote_to_the_invoice(system: System) -> None:
    await sells_cheaper(system)
    driver, station = system.seeded.drivers[0], system.station("2.0.1")
    await station.online()
    sale = {"station_id": station.station_id, "relation": "EMSP_TO_DRIVER", "token_ref": driver.token_ref}
    asked = {"energy_wh": 10_000, "charging_s": 3_600, "parking_s": 0}

    async def quoted(preference: str, tariff_id: str) -> dict[str, Any] | None:
        body = {**asked, "sale": {**sale, "profile_type": preference}}
        quote: dict[str, Any] = await system.platform.post("emsp", "pricing", "/v1/quotes", body)
        return quote if quote["tariff_id"] == tariff_id else None

    assert (await eventually(lambda: quoted("CHEAP", "cheap")))["total_excl_vat"]["rounded_minor"] == 310
    assert (await quoted("FAST", "cheap")) is None
    start = f"/v1/stations/{station.station_id}/commands/start"
    wish = {"id_token": driver.uid, "evse_number": 1, "profile_type": "CHEAP"}
    key = {"Idempotency-Key": new_id()}
    started = await system.platform.post("driver", "charger-gateway", start, wish, headers=key)
    assert started["status"] == "succeeded"
    connector, id_tag, remote_start_id = await asyncio.wait_for(station.on_remote_start.get(), 10)
    battery = Battery(capacity_wh=60_000, charged_wh=57_000, most_w=11_000)
    visit = Visit(id_tag=id_tag, connector=connector, battery=battery, remote_start_id=remote_start_id or -1)
    charged = await station.charge(visit)
    await station.offline()
    due = cents(charged, CHEAP)

    async def billed() -> dict[str, Any] | None:
        at_operator = (await system.get("cpo", f"/v1/stations/{station.station_id}/sessions"))["items"]
        if not at_operator:
            return None
        mine = (await system.get("driver", f"/v1/me/sessions/{at_operator[0]['session_id']}"))["session"]
        return mine if "receipt_number" in mine else None

    seen = await eventually(billed)
    assert (seen["price_gross_minor"], seen["running_incl_minor"]) == (due.gross, due.gross)
