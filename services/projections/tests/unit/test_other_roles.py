"""What service provider, owner, grid operator and driver see of one session; what the next of their kind does not."""

import pytest

from chassis.auth import undeclared_routes
from projections.settings import RoleName
from projections.testing.model import Running
from projections.testing.samples import BOUGHT, INVOICE, SESSION


def _as(name: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {name}"}


async def test_the_service_provider_sees_what_it_pays_and_what_it_earns(read_model: Running) -> None:
    async with read_model(RoleName.EMSP) as model:
        (session,) = (await model.http.get("/v1/sessions", headers=_as("emsp"))).json()["items"]
        sold = (await model.http.get("/v1/invoices", headers=_as("emsp"))).json()["items"]
        bought = (await model.http.get("/v1/invoices", params={"direction": "bought"}, headers=_as("emsp"))).json()
        invoice = (await model.http.get(f"/v1/invoices/{INVOICE}", headers=_as("emsp"))).json()
    expected = {
        "status": "closed",
        "energy_wh": 8_400,
        "purchase_gross_minor": 508,
        "sale_gross_minor": 605,
        "running_incl_minor": 302,
        "driver_ref": "drv-dana",
        "sold_invoice_number": BOUGHT,
    }
    assert {name: session[name] for name in expected} == expected
    assert session["site"]["name"] == "Parkhuis"
    assert [each["invoice_number"] for each in sold] == [BOUGHT]
    assert [each["invoice_number"] for each in bought["items"]] == [INVOICE]
    assert invoice["direction"] == "bought"


async def test_the_owner_sees_his_share_and_what_it_rests_on(read_model: Running) -> None:
    async with read_model(RoleName.OWNER) as model:
        (month,) = (await model.http.get("/v1/statements", headers=_as("owner"))).json()["items"]
        june = (await model.http.get("/v1/statements/2026-06", headers=_as("owner"))).json()
        (contract,) = (await model.http.get("/v1/contracts", headers=_as("owner"))).json()["items"]
        others = (await model.http.get("/v1/statements/2026-06", headers=_as("other-owner"))).json()
    totals = {
        "cpo_party_id": "NL-VLT",
        "currency": "EUR",
        "sessions": 1,
        "energy_wh": 8_400,
        "net_minor": 420,
        "owner_share_minor": 126,
    }
    assert month == {"month": "2026-06", "totals": [totals]}
    (line,) = june["items"]
    assert (line["session_id"], line["owner_share_permille"], line["meter_stop_wh"]) == (SESSION, 300, 9_400)
    assert (contract["share_permille"], contract["site_ids"]) == (300, ["site-1"])
    assert (others["items"], others["totals"]) == ([], [])


async def test_the_grid_operator_sees_sums_of_the_feeders_granted_to_him_and_no_other(read_model: Running) -> None:
    async with read_model(RoleName.DSO) as model:
        (feeder,) = (await model.http.get("/v1/feeders", headers=_as("dso"))).json()["items"]
        load = (await model.http.get("/v1/feeders/feeder-7", headers=_as("dso"))).json()
        nothing = (await model.http.get("/v1/feeders", headers=_as("other-dso"))).json()["items"]
        foreign = await model.http.get("/v1/feeders/feeder-7", headers=_as("other-dso"))
    assert feeder["connections"][0]["grid_limit_w"] == 100_000
    (window,) = load["windows"]
    assert (window["mean_power_w"], window["energy_wh"], window["evses"]) == (8_400, 2_100, 1)
    assert (nothing, foreign.status_code) == ([], 404)
    assert not {"session_id", "token_ref", "net_minor", "driver_ref"} & set(load["by_connection"][0])


async def test_the_driver_sees_his_session_its_price_and_his_receipt(read_model: Running) -> None:
    async with read_model(RoleName.DRIVER) as model:
        (session,) = (await model.http.get("/v1/me/sessions", headers=_as("driver"))).json()["items"]
        (receipt,) = (await model.http.get("/v1/me/receipts", headers=_as("driver"))).json()["items"]
        whole = (await model.http.get(f"/v1/me/receipts/{BOUGHT}", headers=_as("driver"))).json()["invoice"]
        others = (await model.http.get("/v1/me/sessions", headers=_as("other-driver"))).json()["items"]
        foreign = await model.http.get(f"/v1/me/sessions/{SESSION}", headers=_as("other-driver"))
    assert (session["running_incl_minor"], session["price_gross_minor"], session["receipt_number"]) == (
        302,
        605,
        BOUGHT,
    )
    assert (receipt["gross_minor"], whole["gross_minor"]) == (605, 605)
    assert "net_minor" not in session
    assert (others, foreign.status_code) == ([], 404)


@pytest.mark.parametrize("role", list(RoleName))
async def test_every_route_names_its_act(read_model: Running, role: RoleName) -> None:
    async with read_model(role) as model:
        assert undeclared_routes(model.app) == []
        assert (await model.http.get("/openapi.json")).status_code == 200
