"""`async with read_model(RoleName.CPO) as model`: any role's read model in memory, the story told."""

from functools import partial
from pathlib import Path

import pytest

from projections.testing.model import Running, told_to


@pytest.fixture
def read_model(tmp_path: Path) -> Running:
    return partial(told_to, secrets_dir=tmp_path)
