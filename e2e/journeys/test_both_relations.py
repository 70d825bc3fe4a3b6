"""One figure per relation: what partner and driver pay differs, and each figure stands the same everywhere."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest

from ev_actors.battery import Battery
from ev_actors.journal import Charged
from ev_actors.station import Visit
from ev_checks.money import findings
from ev_checks.reading import read_ledger
from ev_journeys import wayside
from ev_journeys.figures import Cents, Reading, Terms, cents_across, energy_before
from ev_journeys.system import System, eventually

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(240)]

SITE = "site-two-relations"
STATION = 90_001
PARTNER_PAYS = Terms(
    kwh_before="0.30", kwh_after="0.45", time_h="0.36", flat="0.20", reservation_h="1.20", reservation_flat="0.10",
    idle_h="6.00", grace_s=60,
)  # fmt: skip
DRIVER_PAYS = Terms(
    kwh_before="0.49", kwh_after="0.69", time_h="0.90", flat="0.50", reservation_h="2.40", reservation_flat="0.50",
    idle_h="9.00", grace_s=120,
)  # fmt: skip
PLUGGED_IN_BEFORE = timedelta(minutes=4)
CORRECTED_BY_WH = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """A reservation and the session that used it, as station and driver know them."""

    charged: Charged
    readings: list[Reading]
    reserved_from: datetime
    changes_at: datetime

    def costs(self, terms: Terms) -> Cents:
        """What it costs, worked out anew."""
        before_wh = energy_before(self.readings, self.changes_at)
        return self.costs_flowing(terms, before_wh)

    def costs_corrected(self, terms: Terms, energy_wh: int) -> Cents:
        """The same with that energy, which each reading shares in its proportion, in whole Wh."""
        begin_wh = self.readings[0].register_wh
        shared = [
            replace(each, register_wh=energy_wh * (each.register_wh - begin_wh) // self.charged.energy_wh)
            for each in self.readings
        ]
        return self._costs(terms, energy_wh, energy_before(shared, self.changes_at))

    def costs_flowing(self, terms: Terms, before_wh: Fraction) -> Cents:
        """Likewise, where so much was charged before the price changed."""
        return self._costs(terms, self.charged.energy_wh, before_wh)

    def _costs(self, terms: Terms, energy_wh: int, before_wh: Fraction) -> Cents:
        # A second that has begun is owed.
        reserved_s = -((self.reserved_from - self.readings[0].at) // timedelta(seconds=1))
        return cents_across(self.charged, terms, energy_wh=energy_wh, before_wh=before_wh, reserved_s=reserved_s)


async def stay(system: System) -> Stay:
    """Reserved now, plugged in shortly before the price changes, charged across it, and left standing idle."""
    zone, changes_at = wayside.next_change(system.clock.now(), ahead=2 * PLUGGED_IN_BEFORE)
    station = await wayside.open_site(system, SITE, time_zone=zone, station_number=STATION, version="1.6")
    names, driver = system.seeded.plan.names, system.seeded.drivers[0]
    partner_pays = wayside.tariff_of("wholesale-at-five", names.cpo, PARTNER_PAYS)
    driver_pays = wayside.tariff_of("retail-at-five", names.emsp, DRIVER_PAYS)
    await wayside.publish(system, "cpo", partner_pays, "CPO_TO_EMSP", SITE)
    await wayside.publish(system, "emsp", driver_pays, "EMSP_TO_DRIVER", SITE)
    await station.online()
    reserved_from = system.clock.now().replace(microsecond=0) + timedelta(seconds=30)
    reservation = {
        "site_id": SITE, "station_id": station.station_id, "evse_number": 1, "token_ref": driver.token_ref,
        "starts_at": reserved_from.isoformat(), "expires_at": (changes_at + timedelta(hours=1)).isoformat(),
    }  # fmt: skip
    await system.platform.post("cpo", "session-ledger", "/v1/reservations", reservation)
    await system.clock.sleep_until(changes_at - PLUGGED_IN_BEFORE)
    battery = Battery(capacity_wh=40_000, charged_wh=20_000, most_w=11_000, target_permille=540)
    charged = await station.charge(Visit(id_tag=driver.uid, connector=1, battery=battery, parked_s=300))
    await station.offline()
    return Stay(
        charged=charged, readings=wayside.readings_of(station, charged), reserved_from=reserved_from,
        changes_at=changes_at,
    )  # fmt: skip


async def test_each_relations_figure_is_the_same_everywhere_also_after_a_correction(system: System) -> None:
    stayed = await stay(system)
    charged = stayed.charged
    assert charged.started_at < stayed.changes_at < charged.charging_ended_at, "it must charge across the change"
    bought, sold = stayed.costs(PARTNER_PAYS), stayed.costs(DRIVER_PAYS)
    assert bought.gross != sold.gross
    await _quoted(system, stayed)

    session_id = await _everywhere(system, charged, bought=bought, sold=sold)
    await _documents_sum_to(system, session_id, bought=bought, sold=sold, documents=1)
    (cdr,) = await _cdrs_of(system, session_id, 1)
    assert _cost(cdr) == (bought.net, bought.gross)
    assert round(cdr["total_reservation_cost"]["excl_vat"] * 100) > 0
    await _told_as(system, cdr)

    less = charged.energy_wh - CORRECTED_BY_WH
    correction = {
        "station_id": charged.station_id, "reason": "the meter was read late",
        "meter_stop_wh": charged.meter_stop_wh - CORRECTED_BY_WH,
    }  # fmt: skip
    await system.platform.post("cpo", "session-ledger", f"/v1/sessions/{session_id}/correction", correction)
    bought_now, sold_now = stayed.costs_corrected(PARTNER_PAYS, less), stayed.costs_corrected(DRIVER_PAYS, less)
    assert bought_now.gross < bought.gross
    await _documents_sum_to(system, session_id, bought=bought_now, sold=sold_now, documents=2)
    first, credit, new = await _cdrs_of(system, session_id, 3)
    assert (credit["credit"], credit["credit_reference_id"]) == (True, first["id"])
    assert [_cost(each) for each in (first, credit, new)] == [
        (bought.net, bought.gross), (-bought.net, -bought.gross), (bought_now.net, bought_now.gross),
    ]  # fmt: skip
    assert round(new["total_energy"] * 1000) == less
    await eventually(lambda: _books_are_sound(system))


async def _quoted(system: System, stayed: Stay) -> None:
    """The quote of such a visit, reservation included, with an even flow, in each relation."""
    charged, driver = stayed.charged, system.seeded.drivers[0]
    charging_s = (charged.charging_ended_at - charged.started_at) // timedelta(seconds=1)
    visit = {
        "at": stayed.readings[0].at.isoformat(), "energy_wh": charged.energy_wh,
        "charging_s": charging_s,
        "parking_s": (charged.ended_at - charged.charging_ended_at) // timedelta(seconds=1),
        "reservation": {"starts_at": stayed.reserved_from.isoformat()},
    }  # fmt: skip
    before_s = Fraction((stayed.changes_at - stayed.readings[0].at) // timedelta(milliseconds=1), 1000)
    before_wh = charged.energy_wh * before_s / charging_s
    for user, relation, terms in (("cpo", "CPO_TO_EMSP", PARTNER_PAYS), ("emsp", "EMSP_TO_DRIVER", DRIVER_PAYS)):
        sale = {"station_id": charged.station_id, "relation": relation, "token_ref": driver.token_ref}
        quote = await system.platform.post(user, "pricing", "/v1/quotes", {**visit, "sale": sale})
        due, billed = stayed.costs_flowing(terms, before_wh), stayed.costs(terms)
        assert abs(due.gross - billed.gross) <= 1, "the vehicle takes its energy almost evenly"
        totals = [quote[name]["rounded_minor"] for name in ("total_excl_vat", "total_vat", "total_incl_vat")]
        assert totals == [due.net, due.vat, due.gross], relation


async def _everywhere(system: System, charged: Charged, *, bought: Cents, sold: Cents) -> str:
    """Operator's and provider's pages and the driver's app, running to the last and final; the session's id."""

    async def at_the_operator() -> dict[str, Any] | None:
        told = await system.get("cpo", f"/v1/stations/{charged.station_id}/sessions")
        return next((each for each in told["items"] if "invoice_number" in each), None)

    seen = await eventually(at_the_operator)
    assert seen["energy_wh"] == charged.energy_wh
    assert (seen["net_minor"], seen["vat_minor"], seen["gross_minor"]) == (bought.net, bought.vat, bought.gross)
    assert (seen["running_excl_minor"], seen["running_incl_minor"]) == (bought.net, bought.gross)
    session_id = str(seen["session_id"])

    async def at_the_provider() -> dict[str, Any] | None:
        one: dict[str, Any] = (await system.get("emsp", f"/v1/sessions/{session_id}"))["session"]
        return one if "sold_invoice_number" in one and "purchase_gross_minor" in one else None

    at_provider = await eventually(at_the_provider)
    assert (at_provider["purchase_gross_minor"], at_provider["sale_gross_minor"]) == (bought.gross, sold.gross)
    assert at_provider["running_incl_minor"] == sold.gross

    async def in_the_app() -> dict[str, Any] | None:
        one: dict[str, Any] = (await system.get("driver", f"/v1/me/sessions/{session_id}"))["session"]
        return one if "receipt_number" in one else None

    in_app = await eventually(in_the_app)
    assert (in_app["price_gross_minor"], in_app["running_incl_minor"]) == (sold.gross, sold.gross)
    return session_id


async def _documents_sum_to(system: System, session_id: str, *, bought: Cents, sold: Cents, documents: int) -> None:
    """Invoice and notes of each relation, as seller and buyer have them, and the prices that the pages show."""
    lists: tuple[tuple[str, str, dict[str, str], Cents], ...] = (
        ("cpo", "/v1/invoices", {}, bought), ("emsp", "/v1/invoices", {"direction": "bought"}, bought),
        ("emsp", "/v1/invoices", {"direction": "sold"}, sold), ("driver", "/v1/me/receipts", {}, sold),
    )  # fmt: skip
    for role, path, query, due in lists:
        listed = await eventually(lambda: _listed(system, (role, path, query), session_id, documents))  # noqa: B023
        assert sum(each["net_minor"] for each in listed) == due.net, (role, query)
        assert sum(each["gross_minor"] for each in listed) == due.gross, (role, query)
        kinds = [each["kind"] for each in listed]
        assert kinds == ["CREDIT_NOTE", "INVOICE"][-documents:], (role, query)
    provider = (await system.get("emsp", f"/v1/sessions/{session_id}"))["session"]
    assert (provider["purchase_gross_minor"], provider["sale_gross_minor"]) == (bought.gross, sold.gross)
    mine = (await system.get("driver", f"/v1/me/sessions/{session_id}"))["session"]
    assert mine["price_gross_minor"] == sold.gross


async def _listed(
    system: System, asked: tuple[str, str, dict[str, str]], session_id: str, count: int
) -> list[dict[str, Any]] | None:
    role, path, query = asked
    items = (await system.get(role, path, params={"limit": 200, **query}))["items"]
    own = [each for each in items if each["session_id"] == session_id]
    return own if len(own) >= count else None


async def _books_are_sound(system: System) -> bool | None:
    """Every check of the money, over all that was charged here so far."""
    services = system.services
    ledger = await read_ledger(system.where.kafka, services.paths.schema_ids, namespace=services.namespace)
    assert ledger.notes
    return not findings(ledger) or None


async def _cdrs_of(system: System, session_id: str, count: int) -> list[dict[str, Any]]:
    """The partner's CDRs of the session in the order in which it was told them, each once."""

    async def taken() -> list[dict[str, Any]] | None:
        cdrs = [system.partner.cdrs[each] for each in system.partner.posts if each in system.partner.cdrs]
        own = [each for each in cdrs if each["session_id"] == session_id]
        return own if len(own) >= count else None

    return await eventually(taken)


async def _told_as(system: System, cdr: dict[str, Any]) -> None:
    """The partner saw its session begin and run, and its last Session has the CDR's figures."""
    session_id = cdr["session_id"]

    async def completed() -> dict[str, Any] | None:
        told = system.partner.sessions.get(session_id)
        return told if told is not None and told["status"] == "COMPLETED" else None

    last = await eventually(completed)
    assert (last["total_cost"], last["kwh"]) == (cdr["total_cost"], cdr["total_energy"])
    puts = [each for each in system.partner.puts if each["id"] == session_id]
    assert [each["status"] for each in puts] == ["ACTIVE"] * (len(puts) - 1) + ["COMPLETED"]
    assert "total_cost" not in puts[0]
    assert any("total_cost" in each for each in puts[:-1])
    updates = [each["last_updated"] for each in puts]
    assert updates == sorted(updates)


def _cost(cdr: dict[str, Any]) -> tuple[int, int]:
    return round(cdr["total_cost"]["excl_vat"] * 100), round(cdr["total_cost"]["incl_vat"] * 100)
