"""What project() writes is what tables.cql has, and each table says which question it answers."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from chassis.cassandra.driver import statements_of
from projections import app
from projections.settings import RoleName, Settings
from projections.testing.model import contexts
from projections.testing.story import CORRECTED, STORY

_TABLE = re.compile(r"CREATE TABLE IF NOT EXISTS (\w+) \((.*)PRIMARY KEY", re.DOTALL)


def _columns(role: RoleName) -> Mapping[str, set[str]]:
    found = {}
    for statement in statements_of(_cql(role)):
        match = _TABLE.search(statement)
        assert match, statement
        found[match[1]] = {column.split()[0] for column in match[2].split(",") if column.strip()}
    return found


def _cql(role: RoleName) -> Path:
    return Path(app.__file__).parent / role.value / "tables.cql"


@pytest.mark.parametrize("name", list(RoleName))
def test_every_column_written_is_declared(name: RoleName) -> None:
    columns = _columns(name)
    role = app.ROLES[name](Settings(role=name))
    written = [write for event, ctx in contexts((*STORY, *CORRECTED)) for write in role.project(event, ctx)]
    assert {write.table for write in written} == set(columns)
    for write in written:
        assert {*write.key, *getattr(write, "values", ())} <= columns[write.table], write.table


@pytest.mark.parametrize("name", list(RoleName))
def test_a_comment_above_each_table_says_its_question(name: RoleName) -> None:
    lines = _cql(name).read_text().splitlines()
    above = [lines[index - 1] for index, line in enumerate(lines) if line.startswith("CREATE TABLE")]
    assert all(line.startswith("--") and "?" in line for line in above)
