"""Each house rule complains where it must, and is silent where all is well."""

import subprocess
from pathlib import Path, PurePosixPath

import pytest

from house_rules.__main__ import findings
from house_rules.chassis import the_chassis_knows_no_trade
from house_rules.finding import Rule, Source
from house_rules.privacy import tests_read_no_private_names as no_private_names
from house_rules.size import functions_are_short, modules_are_short, modules_say_what_they_are_for
from house_rules.wording import (
    locks_hold_no_address,
    no_index_hosts,
    no_machine_paths,
    nothing_outside_the_tree,
    open_ends_are_tracked,
)

LONG_FUNCTION = "def long():\n" + "    x = 1\n" * 40
HOLDER = "def routes():\n" + "".join(f"    def route_{n}():\n" + "        x = 1\n" * 15 for n in range(4))
CHASSIS = "services/_chassis/chassis/log.py"
TEST = "services/pricing/tests/unit/test_rating.py"

BAD: list[tuple[Rule, str, str]] = [
    (modules_are_short, "a.py", "x = 1\n" * 401),
    (functions_are_short, "a.py", LONG_FUNCTION),
    (modules_say_what_they_are_for, "a.py", "x = 1\n"),
    (no_machine_paths, "a.md", "run /home/otto/checkout/demo"),
    (no_machine_paths, "a.py", 'PATH = "/root/x"'),
    (no_index_hosts, "requirements/dev.lock", "--index-url https://pypi.org/simple"),
    (locks_hold_no_address, "requirements/dev.lock", "orjson @ https://index.example/orjson.whl"),
    (locks_hold_no_address, "services/dashboards/package-lock.json", '"resolved": "https://registry.example/x.tgz"'),
    (locks_hold_no_address, "uv.lock", "version = 1"),
    (open_ends_are_tracked, "a.py", "# TODO later"),
    (open_ends_are_tracked, "a.py", "pytest.skip('not today')"),
    (nothing_outside_the_tree, "README.md", "see ../shared/design"),
    (the_chassis_knows_no_trade, "services/_chassis/chassis/utils.py", "x = 1"),
    (the_chassis_knows_no_trade, CHASSIS, "def read_station(): ..."),
    (the_chassis_knows_no_trade, CHASSIS, "class TariffTable: ..."),
    (the_chassis_knows_no_trade, CHASSIS, "call(invoice=1)"),
    (no_private_names, TEST, "assert ledger._sessions == {}"),
]
GOOD: list[tuple[Rule, str, str]] = [
    (modules_are_short, "a.py", "x = 1\n" * 400),
    (functions_are_short, "a.py", '"""M."""\ndef f():\n    """' + "Doc.\n" * 50 + '"""\n    return 1\n'),
    (functions_are_short, "a.py", HOLDER),
    (modules_say_what_they_are_for, "a.py", '"""What it is for."""\nx = 1\n'),
    (modules_say_what_they_are_for, "a.py", ""),
    (no_machine_paths, "Dockerfile", "WORKDIR /srv/app\nRUN ls ./work/x https://host/work/x"),
    (locks_hold_no_address, "requirements/dev.lock", "orjson==3 --hash=sha256:00"),
    (locks_hold_no_address, "README.md", "see https://example.org"),
    (open_ends_are_tracked, "a.py", "# TODO #17 later"),
    (the_chassis_knows_no_trade, CHASSIS, "consumer(session_timeout_ms=1, meterless=2, where=3)"),
    (the_chassis_knows_no_trade, CHASSIS, "gauges = MeterProvider().get_meter('chassis')"),
    (the_chassis_knows_no_trade, "services/pricing/pricing/app.py", "tariff = 1"),
    (no_private_names, TEST, "self._value = 1"),
    (no_private_names, TEST, "os._exit(1)"),
    (no_private_names, "services/pricing/pricing/app.py", "x._y"),
]


@pytest.mark.parametrize(("rule", "path", "text"), BAD)
def test_it_complains(rule: Rule, path: str, text: str) -> None:
    assert list(rule(Source(path=PurePosixPath(path), text=text)))


@pytest.mark.parametrize(("rule", "path", "text"), GOOD)
def test_it_is_silent(rule: Rule, path: str, text: str) -> None:
    assert not list(rule(Source(path=PurePosixPath(path), text=text)))


def test_every_rule_runs_over_what_git_knows(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    (tmp_path / "bad.py").write_text("x = 1\n", encoding="utf-8")
    (tmp_path / "ignored.py").write_text("y = 1\n", encoding="utf-8")
    (tmp_path / ".gitignore").write_text("ignored.py\n", encoding="utf-8")
    assert [str(finding) for finding in findings(tmp_path)] == [
        "bad.py:1: the module does not open by saying what it is for"
    ]
