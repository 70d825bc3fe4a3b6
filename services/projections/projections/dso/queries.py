"""One function a question of the grid operator."""

from collections import defaultdict
from collections.abc import Sequence

from projections.answering import Json, plain
from projections.reading import Reader, Row, Select

_MOST_WINDOWS = 100_000


async def connections_of(reader: Reader, feeder_id: str, tenants: frozenset[str]) -> list[Json]:
    """The connections of the tenants that granted the feeder."""
    rows = await reader.select(Select(table="connections", key={"feeder_id": feeder_id}))
    return [plain(row, without=("feeder_id", "tenant")) for row in rows if row["tenant"] in tenants]


async def load_of(reader: Reader, feeder_id: str, day: str, tenants: frozenset[str]) -> list[Row]:
    """One day's windows of those tenants' connections, oldest first."""
    rows = await reader.select(
        Select(
            table="load",
            key={"feeder_id": feeder_id, "day": day},
            order=("window_start_at", "tenant", "connection_id"),
            limit=_MOST_WINDOWS,
        )
    )
    return [row for row in rows if row["tenant"] in tenants]


def summed(rows: Sequence[Row]) -> list[Json]:
    """Sums over the connections, window by window."""
    sums: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in rows:
        of = sums[str(plain(row)["window_start_at"])]
        for name in ("energy_wh", "mean_power_w", "evses"):
            of[name] += int(str(row[name]))
        of["window_s"] = int(str(row["window_s"]))
    return [{"window_start_at": start, **of} for start, of in sorted(sums.items())]
