"""The walls that ready-made tools guard by our settings: each is crossed once here, and the tool must say so."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
SETTINGS = ROOT / "pyproject.toml"
BIN = Path(sys.executable).parent
LINTER = tomllib.loads(SETTINGS.read_text(encoding="utf-8"))["tool"]["importlinter"]
PACKAGES = LINTER["root_packages"]
ROLES = next(wall["modules"] for wall in LINTER["contracts"] if wall["name"].startswith("No role"))
NAMED = {
    name for wall in LINTER["contracts"] for name in wall.get("forbidden_modules", ()) if name.startswith("chassis.")
}
WALLS = {
    "No service imports another": ("billing/policies.py", "import pricing"),
    "No role of the read side imports another": ("projections/owner/__init__.py", "import projections.emsp"),
    "The chassis imports no service, no contract and no tool": ("chassis/codec.py", "import ev_contracts"),
    "A domain is pure": ("pricing/domain/rating.py", "import chassis.log"),
    "Only app imports adapters": ("pricing/policies.py", "import pricing.adapters.http"),
}
IN_A_DOMAIN = "services/pricing/pricing/domain/rating.py"
IN_AN_ADAPTER = "services/pricing/pricing/adapters/http.py"
SAYS = '"""What it is for."""\n\n'
BANNED = [
    "from datetime import UTC, datetime\n\nNOW = datetime.now(UTC)\n",
    "import time\n\nNOW = time.time()\n",
    "import uuid\n\nID = uuid.uuid4()\n",
    "import random\n\nDICE = random.SystemRandom()\n",
    "from unittest.mock import Mock\n\nFAKE = Mock()\n",
]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """All root packages, empty but for the rooms that the walls stand between, under our own settings."""
    (tmp_path / "pyproject.toml").write_text(SETTINGS.read_text(encoding="utf-8"), encoding="utf-8")
    rooms = [f"{name.replace('.', '/')}.py" for name in NAMED]
    rooms += ["pricing/app.py", "billing/policies.py", "pricing/policies.py"]
    rooms += ["pricing/domain/__init__.py", "pricing/domain/rating.py", "pricing/adapters/__init__.py"]
    rooms += ["pricing/adapters/http.py", *(f"{package}/__init__.py" for package in PACKAGES)]
    rooms += [f"{role.replace('.', '/')}/__init__.py" for role in ROLES]
    for room in rooms:
        (tmp_path / room).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / room).touch()
    (tmp_path / "chassis/log.py").write_text("import aiokafka\n", encoding="utf-8")
    (tmp_path / "pricing/app.py").write_text("import pricing.adapters.http\n", encoding="utf-8")
    return tmp_path


def linted(tree: Path) -> str:
    command = [str(BIN / "lint-imports"), "--no-cache", "--no-logo"]
    environment = {**os.environ, "PYTHONPATH": str(tree), "COLUMNS": "200", "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(command, cwd=tree, env=environment, check=False, capture_output=True, text=True).stdout


def verdict(output: str, wall: str) -> str:
    return next(line for line in output.splitlines() if line.startswith(wall)).split()[-1]


def test_a_tree_that_keeps_the_walls_is_content(tree: Path) -> None:
    assert f"Contracts: {len(WALLS)} kept, 0 broken." in linted(tree)


@pytest.mark.parametrize("wall", WALLS)
def test_a_wall_that_is_crossed_is_named(tree: Path, wall: str) -> None:
    path, line = WALLS[wall]
    (tree / path).write_text(f"{line}\n", encoding="utf-8")
    assert verdict(linted(tree), wall) == "BROKEN"


def test_a_library_behind_an_innocent_module_is_found(tree: Path) -> None:
    (tree / "chassis/decider.py").write_text("import aiokafka\n", encoding="utf-8")
    (tree / "pricing/domain/rating.py").write_text("import chassis.decider\n", encoding="utf-8")
    assert verdict(linted(tree), "A domain is pure") == "BROKEN"


def complaints(path: str, code: str) -> str:
    command = [str(BIN / "ruff"), "check", "--quiet", "--select", "TID251", "--stdin-filename", path, "-"]
    return subprocess.run(command, cwd=ROOT, input=SAYS + code, check=False, capture_output=True, text=True).stdout


@pytest.mark.parametrize("code", BANNED)
def test_time_ids_chance_and_mocks_are_banned_outside_the_edge(code: str) -> None:
    assert "TID251" in complaints(IN_A_DOMAIN, code)


def test_the_edge_may_ask_for_the_time_and_an_id() -> None:
    assert complaints(IN_AN_ADAPTER, BANNED[0] + BANNED[2]) == ""
