"""Who pays on the spot reads one figure: quoted, running to the last, displayed, in the app, on receipt and invoice."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ev_actors.battery import Battery
from ev_actors.journal import Charged
from ev_actors.station import Station, Visit
from ev_journeys import errands
from ev_journeys.figures import DIRECT, Cents, cents
from ev_journeys.system import System, eventually
from ev_lab.issuer.users import User, UserBook
from ev_seed import network

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(240)]

UID = "ADHOC0001"
WALKS_UP = "driver-ad-hoc"
"""How the driver signs in."""


async def who_walks_up(system: System) -> str:
    """The operator sells to a driver of its own, without a provider; the token's reference."""
    plan, post = system.seeded.plan, system.platform.post
    names = plan.names
    operator = next(network.parties(plan))
    await post("platform", "asset-registry", "/v1/parties", {**operator, "roles": ["CPO", "EMSP"]})
    in_volt = {"params": {"tenant": names.cpo_tenant}}
    person = {"emsp_party_id": names.cpo, "name": "Vera, passing by", "email": "vera@drivers.example"}
    driver_ref = (await post("platform", "accounts", "/v1/drivers", person, **in_volt))["driver_ref"]
    token = {"uid": UID, "token_type": "AD_HOC_USER", "driver_ref": driver_ref}
    token_ref = str((await post("platform", "accounts", "/v1/tokens", token, **in_volt))["token_ref"])
    book = UserBook(Path(system.services.extra["EV_USERS"]))
    vera = User(
        username=WALKS_UP, name="Vera", roles=("driver",), party_id=names.cpo, tenants=(names.cpo_tenant,),
        driver_ref=driver_ref,
    )  # fmt: skip
    book.write((*book.all(), vera))
    return token_ref


async def test_quote_display_app_receipt_and_invoice_are_one_figure(system: System) -> None:
    token_ref = await who_walks_up(system)
    station = system.station("2.0.1")
    await errands.show_costs(system, station)
    await station.online()
    battery = Battery(capacity_wh=40_000, charged_wh=20_000, most_w=11_000, target_permille=530)
    charged = await station.charge(Visit(id_tag=UID, connector=1, battery=battery, parked_s=120))
    due = cents(charged, DIRECT)

    assert await _displayed(station) == Decimal(due.gross) / 100
    await station.offline()
    await _quoted(system, charged, token_ref, due)
    receipt = await _receipt(system, charged, due)

    async def at_the_operator() -> dict[str, Any]:
        told: dict[str, Any] = await system.get("cpo", f"/v1/invoices/{receipt['invoice_number']}")
        return told

    invoice = (await eventually(at_the_operator))["invoice"]
    assert invoice == receipt
    assert (invoice["net_minor"], invoice["vat_minor"], invoice["gross_minor"]) == (due.net, due.vat, due.gross)
    assert invoice["buyer"]["legal_name"] == "Private customer"
    assert system.seeded.plan.names.cpo == invoice["seller"]["party_id"]


async def _displayed(station: Station) -> Decimal:
    """What the display shows in the end: told with the answer to the session's end, or right after it."""

    async def final() -> Decimal | None:
        said = [each for each in station.journal.said if each.station_id == station.station_id]
        ended = next(each for each in reversed(said) if each.payload.get("event_type") == "Ended")
        in_answer = (ended.answer or {}).get("total_cost")
        if in_answer is not None:
            return Decimal(str(in_answer))
        return station.displayed[-1] if len(station.displayed) > told_running else None

    told_running = len(station.displayed)
    assert told_running, "the running cost was never told"
    return await eventually(final)


async def _quoted(system: System, charged: Charged, token_ref: str, due: Cents) -> None:
    visit = {
        "at": charged.started_at.isoformat(), "energy_wh": charged.energy_wh,
        "charging_s": (charged.charging_ended_at - charged.started_at) // timedelta(seconds=1),
        "parking_s": (charged.ended_at - charged.charging_ended_at) // timedelta(seconds=1),
        "sale": {"station_id": charged.station_id, "relation": "CPO_TO_DRIVER", "token_ref": token_ref},
    }  # fmt: skip
    quote = await system.platform.post("cpo", "pricing", "/v1/quotes", visit)
    totals = [quote[name]["rounded_minor"] for name in ("total_excl_vat", "total_vat", "total_incl_vat")]
    assert totals == [due.net, due.vat, due.gross]


async def _receipt(system: System, charged: Charged, due: Cents) -> dict[str, Any]:
    """The driver's app, where the cost ran up to what is due, and the receipt in it."""

    async def in_the_app() -> dict[str, Any] | None:
        mine = (await system.get(WALKS_UP, "/v1/me/sessions"))["items"]
        billed: dict[str, Any] = next((each for each in mine if "receipt_number" in each), {})
        return billed if billed.get("running_incl_minor") == due.gross else None

    seen = await eventually(in_the_app)
    assert (seen["energy_wh"], seen["price_gross_minor"]) == (charged.energy_wh, due.gross)
    receipt: dict[str, Any] = (await system.get(WALKS_UP, f"/v1/me/receipts/{seen['receipt_number']}"))["invoice"]
    return receipt
