"""A copy of the contracts, and of nothing else, in which a test may break things."""

import shutil
from pathlib import Path

import pytest

from ev_contract_tools.source import CONTRACTS

PARTS = ("avro", "topics", "history", "examples", "ev_contracts")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The folder contracts/ of a repository that has no services yet."""
    root = tmp_path / "contracts"
    for part in PARTS:
        if (CONTRACTS / part).exists():
            shutil.copytree(CONTRACTS / part, root / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(CONTRACTS / "authority.yaml", root)
    return root
