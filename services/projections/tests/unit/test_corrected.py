"""After a correction each role's figures are those of its invoices and notes together."""

from projections.settings import RoleName
from projections.testing.model import Running
from projections.testing.samples import BOUGHT, BOUGHT_NOTE, INVOICE, NOTE, SESSION
from projections.testing.story import CORRECTED


def _as(name: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {name}"}


async def test_the_operator_sees_the_corrected_price_and_the_note_that_makes_the_invoice_so(
    read_model: Running,
) -> None:
    async with read_model(RoleName.CPO) as model:
        await model.tell(CORRECTED)
        session = (await model.http.get(f"/v1/sessions/{SESSION}", headers=_as("cpo"))).json()["session"]
        listed = (await model.http.get("/v1/invoices", headers=_as("cpo"))).json()["items"]
        note = (await model.http.get(f"/v1/invoices/{NOTE}", headers=_as("cpo"))).json()["invoice"]
    assert (session["gross_minor"], session["invoice_number"], session["note_number"]) == (484, INVOICE, NOTE)
    assert [(each["kind"], each.get("corrects"), each["gross_minor"]) for each in listed] == [
        ("CREDIT_NOTE", INVOICE, -24),
        ("INVOICE", None, 508),
    ]
    assert sum(each["gross_minor"] for each in listed) == session["gross_minor"]
    assert (note["invoice_number"], note["before"]["gross_minor"], note["after"]["gross_minor"]) == (INVOICE, 508, 484)


async def test_the_service_provider_sees_both_relations_corrected(read_model: Running) -> None:
    async with read_model(RoleName.EMSP) as model:
        await model.tell(CORRECTED)
        (session,) = (await model.http.get("/v1/sessions", headers=_as("emsp"))).json()["items"]
        lists = [
            (await model.http.get("/v1/invoices", params={"direction": direction}, headers=_as("emsp"))).json()["items"]
            for direction in ("sold", "bought")
        ]
    assert (session["sale_gross_minor"], session["purchase_gross_minor"]) == (581, 484)
    assert (session["sold_invoice_number"], session["sold_note_number"]) == (BOUGHT, BOUGHT_NOTE)
    assert [sum(each["gross_minor"] for each in documents) for documents in lists] == [581, 484]


async def test_the_driver_sees_the_note_among_his_receipts(read_model: Running) -> None:
    async with read_model(RoleName.DRIVER) as model:
        await model.tell(CORRECTED)
        (session,) = (await model.http.get("/v1/me/sessions", headers=_as("driver"))).json()["items"]
        receipts = (await model.http.get("/v1/me/receipts", headers=_as("driver"))).json()["items"]
        note = (await model.http.get(f"/v1/me/receipts/{BOUGHT_NOTE}", headers=_as("driver"))).json()["invoice"]
    assert (session["price_gross_minor"], session["receipt_number"], session["note_number"]) == (
        *(581, BOUGHT, BOUGHT_NOTE),
    )
    assert [(each["invoice_number"], each["gross_minor"], each["energy_wh"]) for each in receipts] == [
        (BOUGHT_NOTE, -24, -400),
        (BOUGHT, 605, 8_400),
    ]
    assert note["gross_minor"] == -24


async def test_the_owners_statement_counts_a_corrected_session_once(read_model: Running) -> None:
    async with read_model(RoleName.OWNER) as model:
        await model.tell(CORRECTED)
        june = (await model.http.get("/v1/statements/2026-06", headers=_as("owner"))).json()
    (total,) = june["totals"]
    sums = ("sessions", "energy_wh", "net_minor", "owner_share_minor")
    assert [total[name] for name in sums] == [1, 8_000, 400, 120]
    assert [each["owner_share_minor"] for each in june["items"]] == [-6, 126]
