"""The comparison of two builds names each row that is not the same in both."""

import pytest

from projections.rebuild import differences, tables_of
from projections.settings import RoleName, Settings


def test_equal_builds_have_no_difference() -> None:
    assert differences({"sites": {"a": "1"}}, {"sites": {"a": "1"}}) == []


def test_changed_missing_and_new_rows_are_named() -> None:
    found = differences({"sites": {"a": "1", "b": "1"}}, {"sites": {"a": "2", "c": "1"}})
    assert found == ["sites a: 1 became 2", "sites b: 1 became absent", "sites c: absent became 1"]


def test_the_primary_key_is_read_from_the_table() -> None:
    tables = dict(tables_of(Settings(role=RoleName.CPO)))
    assert tables["sessions_by_month"] == ("tenant", "month", "started_at", "session_id")
    assert tables["sessions"] == ("tenant", "session_id")


@pytest.mark.parametrize("role", list(RoleName))
def test_every_role_has_tables_to_compare(role: RoleName) -> None:
    assert dict(tables_of(Settings(role=role)))
