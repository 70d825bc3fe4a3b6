"""The OCPI worked examples come out exactly."""

from fractions import Fraction
from pathlib import Path

import pytest

from pricing.domain.ocpi.cases import Case, read_cases
from pricing.domain.ocpi.reading import parse

CASES = list(read_cases(parse((Path(__file__).parents[4] / "e2e/data/ocpi/tariff_cases.json").read_bytes())))
SIX_DECIMALS = Fraction(1, 2_000_000)
"""Half of the last digit that the file prints."""


def test_the_given_set_is_whole() -> None:
    assert len(CASES) == 23


@pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])
def test_an_ocpi_example_costs_what_the_specification_says(case: Case) -> None:
    assert case.is_equal
    assert case.priced.excl_vat is not None
    assert abs(case.priced.excl_vat - (case.expected_excl_vat or 0)) <= SIX_DECIMALS
    if case.expected_incl_vat is None:
        assert case.priced.incl_vat is None
    else:
        assert abs((case.priced.incl_vat or 0) - case.expected_incl_vat) <= SIX_DECIMALS
