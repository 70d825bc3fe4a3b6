"""One function a question of the owner."""

from collections import defaultdict
from collections.abc import Sequence

from projections.answering import Json
from projections.reading import Reader, Row, Select

_MOST_LINES = 100_000


async def months_of(reader: Reader, owner: str) -> list[str]:
    """The months that have lines, newest first."""
    rows = await reader.select(Select(table="months", key={"owner_party_id": owner}))
    return sorted((str(row["month"]) for row in rows), reverse=True)


async def totals_of(reader: Reader, owner: str, month: str) -> list[Json]:
    """Sums of one month per operator and currency, folded over its lines."""
    key = {"owner_party_id": owner, "month": month}
    lines = await reader.select(Select(table="statement_lines", key={**key}, limit=_MOST_LINES))
    return folded(lines)


def folded(lines: Sequence[Row]) -> list[Json]:
    """Sums per operator and currency; the line of a correction is the difference."""
    sums: dict[tuple[str, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    counted: set[object] = set()
    for line in lines:
        of = sums[str(line["cpo_party_id"]), str(line["currency"])]
        # A corrected session has more than one line.
        of["sessions"] += line["session_id"] not in counted
        counted.add(line["session_id"])
        for name in ("energy_wh", "net_minor", "owner_share_minor"):
            of[name] += int(str(line[name]))
    return [{"cpo_party_id": party, "currency": currency, **of} for (party, currency), of in sorted(sums.items())]


async def site_of(reader: Reader, line: Row) -> Row | None:
    """Where it was earned."""
    rows = await reader.select(
        Select(table="sites", key={"tenant": line["tenant"], "site_id": line["site_id"]}, limit=1)
    )
    return rows[0] if rows else None
