"""A sale is total only where its list of assignments ends with one for everybody, and each tariff prices everything."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from priced import ENERGY, NOON, assign, at, component, version
from test_engine import element, tariff

from ev_contracts.common import TariffVersion
from ev_contracts.pricing import AssignmentSnapshot
from pricing.domain.coverage import gaps

PLAIN = version(ENERGY)
BY_DAY = tariff(element(ENERGY, start_time="08:00", end_time="20:00"))
FREE = version(component("FLAT", "0"))


def listed(**changes: Any) -> AssignmentSnapshot:
    return AssignmentSnapshot(**assign(**changes).model_dump(exclude={"at"}))


def rules(*assignments: AssignmentSnapshot, by: TariffVersion | None = PLAIN) -> list[str]:
    def in_force(_tariff_id: str, _at: datetime) -> TariffVersion | None:
        return by

    return [each.rule for each in gaps(assignments, NOON, in_force)]


@pytest.mark.parametrize("by", [PLAIN, FREE])
def test_one_for_everybody_is_total_and_so_is_one_that_says_free(by: TariffVersion) -> None:
    assert rules(listed(site_id="oosterdok"), listed(), by=by) == []


@pytest.mark.parametrize(
    "narrow", [{"site_id": "oosterdok"}, {"buyer_party_id": "NL-EMO"}, {"station_id": "s", "connector_number": 1}]
)
def test_whatever_is_named_there_is_another_one(narrow: dict[str, Any]) -> None:
    assert rules(listed(**narrow)) == ["sale-without-tariff"]


def test_nothing_assigned_is_a_gap_and_so_is_a_tariff_without_a_version() -> None:
    assert rules() == ["sale-without-tariff"]
    assert rules(listed(), by=None) == ["sale-without-tariff"]


def test_a_tariff_that_prices_by_day_alone_lets_the_night_fall_through() -> None:
    assert rules(listed(), by=BY_DAY) == ["session-without-price"]


def test_a_tariff_that_ends_is_a_gap_to_come() -> None:
    assert rules(listed(), by=PLAIN.model_copy(update={"valid_until": at(60)})) == ["tariff-ends"]


def test_the_gap_names_an_example() -> None:
    (gap,) = gaps([listed(site_id="oosterdok")], NOON, lambda _tariff_id, _at: PLAIN)
    assert gap.message == "nothing is assigned to any buyer and place but site oosterdok"
    assert component("FLAT", "0").price == Decimal(0)
