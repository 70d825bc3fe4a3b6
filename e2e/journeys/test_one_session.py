"""One charging session, from plug-in to invoice, CDR and each role's figures, in both OCPP generations."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from ev_actors.battery import Battery
from ev_actors.journal import Charged
from ev_actors.station import Refused, Visit
from ev_journeys.figures import RETAIL, WHOLESALE, cents, owner_share
from ev_journeys.system import System, eventually
from ev_seed import network

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(240)]
VERSIONS = ("1.6", "2.0.1")


def visit(system: System, **changed: Any) -> Visit:
    """About 2 kWh at 11 kW, then two minutes parked."""
    battery = Battery(capacity_wh=40_000, charged_wh=20_000, most_w=11_000, target_permille=550)
    given = {"id_tag": system.seeded.drivers[0].uid, "connector": 1, "battery": battery, "parked_s": 120}
    return Visit(**{**given, **changed})


async def invoiced(system: System, charged: Charged) -> dict[str, Any]:
    """The operator's view of the session, once it is closed, rated and invoiced."""

    async def ask() -> dict[str, Any] | None:
        for session in await sessions_of(system, charged.station_id):
            if session.get("transaction_id") == charged.transaction_id and session.get("invoice_number"):
                return session
        return None

    return await eventually(ask)


async def sessions_of(system: System, station_id: str) -> list[dict[str, Any]]:
    """What the operator sees of a station's sessions."""
    answer = await system.get("cpo", f"/v1/stations/{station_id}/sessions")
    return list(answer["items"])


async def charge(system: System, version: str, **changed: Any) -> Charged:
    """A station comes on line, charges a vehicle and leaves."""
    station = system.station(version)
    await station.online()
    charged = await station.charge(visit(system, **changed))
    await station.offline()
    return charged


@pytest.mark.parametrize("version", VERSIONS)
async def test_every_role_sees_the_figures_of_what_the_station_did(system: System, version: str) -> None:
    charged = await charge(system, version)
    session = await invoiced(system, charged)
    bought, sold = cents(charged, WHOLESALE), cents(charged, RETAIL)

    assert session["energy_wh"] == charged.energy_wh
    assert (session["net_minor"], session["vat_minor"], session["gross_minor"]) == (
        bought.net,
        bought.vat,
        bought.gross,
    )
    assert session["status"] == "closed"
    assert session["site_id"] == f"site-{system.site_of(charged.station_id)}"

    invoice = (await system.get("cpo", f"/v1/invoices/{session['invoice_number']}"))["invoice"]
    assert (invoice["net_minor"], invoice["gross_minor"]) == (bought.net, bought.gross)
    assert sum(line["net_minor"] for line in invoice["lines"]) == bought.net
    assert (invoice["meter_start_wh"], invoice["meter_stop_wh"]) == (charged.meter_start_wh, charged.meter_stop_wh)

    await _provider_and_driver_see(system, session["session_id"], sold_gross=sold.gross, bought_gross=bought.gross)
    await _owner_sees(system, charged, session["session_id"], bought.net)
    await _partner_has(system, charged, session["session_id"], bought.net, bought.gross)


async def _provider_and_driver_see(system: System, session_id: str, *, sold_gross: int, bought_gross: int) -> None:
    async def at_the_provider() -> dict[str, Any] | None:
        seen: dict[str, Any] = (await system.get("emsp", f"/v1/sessions/{session_id}"))["session"]
        return seen if "sold_invoice_number" in seen and "purchase_gross_minor" in seen else None

    seen = await eventually(at_the_provider)
    assert (seen["sale_gross_minor"], seen["purchase_gross_minor"]) == (sold_gross, bought_gross)

    async def at_the_driver() -> dict[str, Any] | None:
        mine: dict[str, Any] = (await system.get("driver", f"/v1/me/sessions/{session_id}"))["session"]
        return mine if "receipt_number" in mine else None

    mine = await eventually(at_the_driver)
    assert mine["price_gross_minor"] == sold_gross
    receipt = (await system.get("driver", f"/v1/me/receipts/{mine['receipt_number']}"))["invoice"]
    assert receipt["gross_minor"] == sold_gross
    assert receipt["seller"]["party_id"] == system.seeded.plan.names.emsp


async def _owner_sees(system: System, charged: Charged, session_id: str, net: int) -> None:
    owner = (system.site_of(charged.station_id) - 1) % system.seeded.plan.owners + 1
    user = "owner" if owner == 1 else f"owner-{owner}"
    permille = 350 + 50 * owner

    async def line() -> dict[str, Any] | None:
        month = f"{charged.ended_at:%Y-%m}"
        statement = await system.get(user, f"/v1/statements/{month}", params={"limit": 200})
        return next((each for each in statement["items"] if each["session_id"] == session_id), None)

    found = await eventually(line)
    assert (found["net_minor"], found["owner_share_permille"]) == (net, permille)
    assert found["owner_share_minor"] == owner_share(net, permille)
    assert (found["meter_start_wh"], found["meter_stop_wh"]) == (charged.meter_start_wh, charged.meter_stop_wh)


async def _partner_has(system: System, charged: Charged, session_id: str, net: int, gross: int) -> None:
    async def taken() -> dict[str, Any] | None:
        return next((cdr for cdr in system.partner.cdrs.values() if cdr["session_id"] == session_id), None)

    cdr = await eventually(taken)
    assert round(cdr["total_energy"] * 1000) == charged.energy_wh
    assert round(cdr["total_cost"]["excl_vat"] * 100) == net
    assert round(cdr["total_cost"]["incl_vat"] * 100) == gross
    assert cdr["cdr_token"]["uid"] == charged.id_tag
    assert system.partner.posts.count(cdr["id"]) == 1


async def test_the_grid_operator_sees_the_sum_of_a_feeder_and_nothing_else(system: System) -> None:
    charged = await charge(system, "1.6", parked_s=0)
    await invoiced(system, charged)
    feeder = _feeder(system, charged)
    said = [each for each in system.journal.charged if _feeder(system, each) == feeder]
    first = min(each.started_at for each in said).date()
    days = [first + timedelta(days=n) for n in range((charged.ended_at.date() - first).days + 1)]

    async def load() -> list[Any] | None:
        # A session over midnight has its energy in the windows of both days.
        answers = [await system.get("dso", f"/v1/feeders/{feeder}", params={"day": day.isoformat()}) for day in days]
        energy = sum(window["energy_wh"] for answer in answers for window in answer["windows"])
        return answers if energy >= sum(each.energy_wh for each in said) else None

    answer = await eventually(load)
    text = str(answer)
    for secret in (charged.station_id, charged.transaction_id, charged.id_tag, "token", "_minor"):
        assert secret not in text.replace("'token':", "")


def _feeder(system: System, charged: Charged) -> str:
    return network.feeder(system.seeded.plan, system.site_of(charged.station_id))


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_station_that_goes_off_line_says_it_all_afterwards(system: System, version: str) -> None:
    station = system.station(version)
    await station.online()
    visiting = asyncio.create_task(station.charge(visit(system)))
    await eventually(lambda: _is(station.sessions))
    await station.offline()
    await eventually(lambda: _is(len(station.outbox) > 2))
    await station.online()
    charged = await visiting
    await station.offline()
    session = await invoiced(system, charged)
    assert session["energy_wh"] == charged.energy_wh
    assert session["gross_minor"] == cents(charged, WHOLESALE).gross


@pytest.mark.parametrize("version", VERSIONS)
async def test_an_unknown_token_starts_nothing(system: System, version: str) -> None:
    station = system.station(version)
    await station.online()
    with pytest.raises(Refused, match=r"Invalid|Unknown"):
        await station.charge(visit(system, id_tag="0000BEEF"))
    await station.offline()
    assert await sessions_of(system, station.station_id) == []


async def _is(value: object) -> object | None:
    return value or None
