"""Reads the released shapes; apart from `history`, because generating must not need what is generated."""

import json
from pathlib import Path
from typing import Any

from ev_contract_tools.python_types import context_of, short


def released(root: Path, name: str) -> list[tuple[int, dict[str, Any]]]:
    """Number and shape of each release of a record, oldest first."""
    folder = root / "history" / context_of(name) / short(name)
    paths = sorted(folder.glob("*.avsc"), key=lambda path: int(path.stem))
    return [(int(path.stem), json.loads(path.read_text(encoding="utf-8"))) for path in paths]
