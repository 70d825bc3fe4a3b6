"""Every case of the OCA's public lists, named by its id; and the table of them, which may not lie."""

from typing import Any

import pytest

from conformance.cases import Case, Register
from conformance.stand import Stand
from conformance.table import EXPECTED, README, all_cases, drawn, registers
from conformance.v16.point import Point
from conformance.v21.charger import Charger21
from conformance.v201.charger import Charger

MAKERS: dict[str, type[Point | Charger]] = {"1.6": Point, "2.0.1": Charger, "2.1": Charger21, "2.0.1 SHALL": Charger}


def _expected(case: Case) -> Any:
    # A case that the gateway cannot pass yet must fail: the day it passes, the table has to say so.
    marks = [] if case.missing is None else [pytest.mark.xfail(reason=case.missing, strict=True)]  # issue #4
    return pytest.param(case, id=case.case_id, marks=marks)


@pytest.mark.parametrize("case", [_expected(one) for one in all_cases() if one.run is not None])
async def test_case(stand: Stand, case: Case) -> None:
    assert case.run is not None
    made = MAKERS[case.version](stand)
    try:
        if case.connects:
            await made.connect()
        if case.connects and case.booted:
            await made.boots()
        await case.run(made)
    finally:
        await made.disconnect()


@pytest.mark.parametrize("register", registers(), ids=lambda one: one.version)
def test_every_case_of_the_list_stands_in_the_table(register: Register) -> None:
    assert {one.case_id for one in register.cases} == set(EXPECTED[register.version])


def test_what_passes_has_a_test() -> None:
    assert [one.case_id for one in all_cases() if one.passes and one.run is None] == []


def test_the_readme_shows_the_table_as_it_is() -> None:
    assert drawn() in README.read_text(encoding="utf-8"), "stale: python -m conformance.table"


def test_an_id_stands_once() -> None:
    register = Register("1.6")
    register.not_built("TC_001_CSMS", "A boot.", "not built")
    with pytest.raises(ValueError, match="twice"):
        register.not_built("TC_001_CSMS", "A boot.", "not built")


def test_a_case_that_lacks_something_is_expected_to_fail() -> None:
    register = Register("1.6")
    register.case("TC_001_CSMS", "A boot.", missing="a boot")(_never)
    (case,) = register.cases
    assert not case.passes
    assert [mark.name for mark in _expected(case).marks] == ["xfail"]


async def _never(_station: Any) -> None:
    raise AssertionError
