"""Several taxes on one price: each has its row, and the rows sum to the document's VAT."""

from decimal import Decimal

import rated
from hypothesis import given
from hypothesis import strategies as st

from billing.domain.invoice import invoice
from billing.domain.taxes import tax_difference, tax_totals, taxes_of
from ev_contracts.billing import InvoiceIssued, LineTax, TaxTotal
from ev_contracts.common import RatedLine, TariffComponentType, TaxRate

GST = TaxRate(name="GST", percent=Decimal(5))
QST = TaxRate(name="QST", percent=Decimal("9.975"))


def taxed(net: int, vat: int, *taxes: TaxRate) -> RatedLine:
    line = rated.line(TariffComponentType.ENERGY, "8.4", "0.40", net, vat, permille=None)
    return line.model_copy(update={"taxes": taxes})


def test_each_tax_of_a_line_has_its_share_by_its_rate() -> None:
    # 5 % and 9.975 % of 10.00 are 0.50 and 0.9975, together 1.4975, billed as 1.50.
    assert taxes_of(taxed(1_000, 150, GST, QST)) == (
        LineTax(name="GST", percent=GST.percent, tax_minor=50),
        LineTax(name="QST", percent=QST.percent, tax_minor=100),
    )


def test_an_invoice_has_a_row_for_each_tax_and_rate_that_sum_to_its_vat() -> None:
    lines = (taxed(1_000, 150, GST, QST), taxed(200, 30, GST, QST), rated.ENERGY_LINE, rated.PARKING_LINE)
    decided = invoice.decide(rated.issue(rating=rated.rating(lines=lines)), invoice.initial)
    assert isinstance(decided, list)
    (issued,) = decided
    assert isinstance(issued, InvoiceIssued)

    assert issued.tax_totals == (
        TaxTotal(net_minor=100, tax_minor=0),
        TaxTotal(name="GST", percent=GST.percent, net_minor=1_200, tax_minor=60),
        TaxTotal(name="QST", percent=QST.percent, net_minor=1_200, tax_minor=120),
        rated.vat_of(336, 71),
    )
    assert sum(each.tax_minor for each in issued.tax_totals) == issued.vat_minor


def test_a_rate_of_zero_is_not_the_absence_of_tax() -> None:
    zero = rated.line(TariffComponentType.FLAT, "1", "1.00", 100, 0, permille=0)
    assert [(each.name, each.percent) for each in tax_totals([zero, rated.PARKING_LINE])] == [(None, None), ("VAT", 0)]


def test_another_rate_of_tax_is_taken_back_from_one_row_and_added_to_the_other() -> None:
    low = rated.line(TariffComponentType.ENERGY, "8.4", "0.40", 336, 30, permille=90)
    assert tax_difference(tax_totals([low, rated.PARKING_LINE]), rated.BEFORE.tax_totals) == (
        TaxTotal(name="VAT", percent=Decimal(9), net_minor=336, tax_minor=30),
        rated.vat_of(-336, -71),
    )


RATES = st.builds(TaxRate, name=st.sampled_from("ABC"), percent=st.decimals(0, 30, places=4))
LINES = st.builds(
    lambda net, vat, taxes: taxed(net, vat, *taxes),
    st.integers(-(10**6), 10**6), st.integers(-(10**6), 10**6), st.lists(RATES, max_size=4),
)  # fmt: skip


@given(lines=st.lists(LINES, max_size=6), before=st.lists(LINES, max_size=6))
def test_the_table_sums_to_the_vat_of_its_lines_and_so_does_a_difference(
    lines: list[RatedLine], before: list[RatedLine]
) -> None:
    vat = [sum(line.vat.rounded_minor for line in each) for each in (lines, before)]

    assert sum(each.tax_minor for each in tax_totals(lines)) == vat[0]
    assert sum(each.tax_minor for each in tax_difference(tax_totals(lines), tax_totals(before))) == vat[0] - vat[1]
    for line in lines:
        assert sum(each.tax_minor for each in taxes_of(line)) == (line.vat.rounded_minor if line.taxes else 0)
