"""A lock is stale when its requirements changed, whoever forgot it."""

import shutil
from pathlib import Path

import pytest

import lock
from members import ROOT, Confused, members

COPIED = ("contracts/pyproject.toml", "e2e/pyproject.toml", "services/*/pyproject.toml", "infra/*/pyproject.toml")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The members' pyproject files and the locks of this checkout, to be changed at will."""
    for path in (found for pattern in (*COPIED, "requirements/*") for found in ROOT.glob(pattern)):
        target = tmp_path / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    return tmp_path


def test_a_new_requirement_makes_its_lock_and_that_of_development_stale(checkout: Path) -> None:
    before = set(lock.stale(checkout))
    project = checkout / "services" / "billing" / "pyproject.toml"
    text = project.read_text(encoding="utf-8").replace("dependencies = [", 'dependencies = [\n    "reportlab>=5",', 1)
    project.write_text(text, encoding="utf-8")
    assert set(lock.stale(checkout)) == before | {"billing", "dev"}


def test_a_new_tool_makes_only_developments_lock_stale(checkout: Path) -> None:
    before = set(lock.stale(checkout))
    with (checkout / "requirements" / "dev.in").open("a", encoding="utf-8") as tools:
        tools.write("coverage\n")
    assert set(lock.stale(checkout)) == before | {"dev"}


def test_a_missing_lock_is_stale(checkout: Path) -> None:
    (checkout / "requirements" / "pricing.lock").unlink()
    assert "pricing" in lock.stale(checkout)


def test_every_service_has_a_lock_of_its_own(checkout: Path) -> None:
    services = {member.folder.name for member in members(checkout).values() if member.is_service}
    assert "charger-gateway" in services
    assert "_chassis" not in services
    assert services == {path.stem for path in (checkout / "requirements").glob("*.lock")} - {"dev"}


def test_asking_an_index_for_a_package_of_ours_is_refused(checkout: Path) -> None:
    project = checkout / "e2e" / "pyproject.toml"
    text = project.read_text(encoding="utf-8").replace('"ev-chassis"', '"chassis>=0.1"', 1)
    project.write_text(text, encoding="utf-8")
    with pytest.raises(Confused, match=r"chassis>=0\.1"):
        lock.stale(checkout)
