"""The README's table of cases names tests that are there."""

import re
from pathlib import Path

SERVICE = Path(__file__).parents[2]
NAMED = re.compile(r"`(test_\w+)`")
DEFINED = re.compile(r"^(?:async )?def (test_\w+)\(", re.MULTILINE)


def unknown(readme: str, tests: set[str]) -> set[str]:
    """The tests that the table of cases names and nobody wrote."""
    _, _, cases = readme.partition("## Cases")
    return set(NAMED.findall(cases.partition("\n## ")[0])) - tests


def test_each_case_names_a_test_that_is_there() -> None:
    files = [*SERVICE.glob("tests/**/test_*.py"), *SERVICE.parent.glob("charger-gateway/tests/unit/test_readings.py")]
    tests = {name for file in files for name in DEFINED.findall(file.read_text(encoding="utf-8"))}
    readme = (SERVICE / "README.md").read_text(encoding="utf-8")
    assert readme.count("| `test_") > 20
    assert unknown(readme, tests) == set()


def test_a_case_whose_test_is_gone_is_found() -> None:
    assert unknown("## Cases\n| a | b | `test_gone` · `test_here` |\n\n## Says\n`test_else`", {"test_here"}) == {
        "test_gone"
    }
