"""The tax table of a document: what bears which tax at which rate; the taxes sum to the document's VAT."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from ev_contracts.billing import LineTax, TaxTotal
from ev_contracts.common import RatedLine, TaxRate

_VAT = "VAT"


class _Tax(NamedTuple):
    """A row of the table; what bears no tax has neither name nor rate."""

    name: str | None
    percent: Decimal | None


class _Sum(NamedTuple):
    net_minor: int
    tax_minor: int


def taxes_of(line: RatedLine) -> tuple[LineTax, ...]:
    """The line's taxes; its VAT is shared out by their rates, by largest remainder, so they sum to it."""
    rates = _rates_of(line)
    shares = _shares(line.vat.rounded_minor, [Fraction(each.percent) for each in rates])
    return tuple(
        LineTax(name=rate.name, percent=rate.percent, tax_minor=share)
        for rate, share in zip(rates, shares, strict=True)
    )


def tax_totals(lines: Iterable[RatedLine]) -> tuple[TaxTotal, ...]:
    """One row per name and rate; what bears no tax comes first and is kept apart from a rate of zero."""
    sums: dict[_Tax, _Sum] = {}
    for line in lines:
        net = line.excl_vat.rounded_minor
        for each in taxes_of(line):
            _add(sums, _Tax(each.name, each.percent), _Sum(net, each.tax_minor))
        if not _rates_of(line):
            _add(sums, _Tax(None, None), _Sum(net, line.vat.rounded_minor))
    return _table(sums)


def tax_difference(now: Sequence[TaxTotal], before: Sequence[TaxTotal]) -> tuple[TaxTotal, ...]:
    """Now less before, row by row; rows in which nothing differs are left out."""
    sums: dict[_Tax, _Sum] = {}
    for sign, rows in ((1, now), (-1, before)):
        for each in rows:
            _add(sums, _Tax(each.name, each.percent), _Sum(sign * each.net_minor, sign * each.tax_minor))
    return _table({tax: amounts for tax, amounts in sums.items() if any(amounts)})


def _rates_of(line: RatedLine) -> tuple[TaxRate, ...]:
    """A rate of VAT stands in thousandths alone where they can say it."""
    if line.vat_permille is not None:
        return (TaxRate(name=_VAT, percent=Decimal(line.vat_permille) / 10),)
    return line.taxes


def _add(sums: dict[_Tax, _Sum], tax: _Tax, more: _Sum) -> None:
    so_far = sums.get(tax, _Sum(0, 0))
    sums[tax] = _Sum(so_far.net_minor + more.net_minor, so_far.tax_minor + more.tax_minor)


def _table(sums: dict[_Tax, _Sum]) -> tuple[TaxTotal, ...]:
    return tuple(
        TaxTotal(name=tax.name, percent=tax.percent, **sums[tax]._asdict())
        for tax in sorted(sums, key=lambda tax: (tax.name or "", tax.percent or Decimal(-1)))
    )


def _shares(whole: int, weights: Sequence[Fraction]) -> list[int]:
    """The whole shared out by weight: floors first, then the largest remainders; equal weights where all are zero."""
    if not weights:
        return []
    weights = weights if any(weights) else [Fraction(1)] * len(weights)
    exact = [whole * weight / sum(weights) for weight in weights]
    shares = [part.__floor__() for part in exact]
    by_remainder = sorted(range(len(exact)), key=lambda place: shares[place] - exact[place])
    for place in by_remainder[: whole - sum(shares)]:
        shares[place] += 1
    return shares
