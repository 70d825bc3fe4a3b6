"""Whether every session of a sale has a price: the assignments as one decision list, and the proof that it ends."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from ev_contracts.common import TariffVersion
from ev_contracts.pricing import AssignmentSnapshot
from pricing.domain.engine.contract import tariff_of
from pricing.domain.lint import lint

_UNPRICED = "session-without-price"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Where a session could fall through: which rule, and an example in words."""

    rule: str
    message: str


Lookup = Callable[[str, datetime], TariffVersion | None]
"""Which version of a tariff is in force at a time."""


def gaps(listed: Sequence[AssignmentSnapshot], at: datetime, in_force: Lookup) -> Iterator[Gap]:
    """None is the proof. The list is in the order in which assignments are tried, the narrowest first.

    Plans, groups, buyers and places are open sets: whatever is named, there is another one, and nobody must charge ad
    hoc. So only an assignment that names none of them can end the list, and it reaches every session; and a tariff in
    it must price whatever a session may be, or say by a price of 0 that it is free.
    """
    by_end = [each for each in listed if _is_general(each)]
    tariffs = {each.tariff_id: in_force(each.tariff_id, at) for each in listed}
    if not any(tariffs[each.tariff_id] is not None for each in by_end):
        named = sorted({name for each in listed for name in _names(each)})
        besides = f" but {', '.join(named)}" if named else ""
        yield Gap(rule="sale-without-tariff", message=f"nothing is assigned to any buyer and place{besides}")
    for each in by_end:
        version = tariffs[each.tariff_id]
        if version is not None and version.valid_until is not None:
            yield Gap(
                rule="tariff-ends",
                message=f"{each.tariff_id} ends at {version.valid_until.isoformat()}, and nothing follows it here",
            )
            break
    for tariff_id, version in tariffs.items():
        found = [] if version is None else lint(tariff_of(version))
        yield from (
            Gap(rule=each.rule, message=f"{tariff_id}: {each.message}") for each in found if each.rule == _UNPRICED
        )


def _is_general(assignment: AssignmentSnapshot) -> bool:
    return not _names(assignment)


def _names(assignment: AssignmentSnapshot) -> Sequence[str]:
    told = (
        ("plan", assignment.plan_id),
        ("group", assignment.group_id),
        ("buyer", assignment.buyer_party_id),
        ("drivers", "ad hoc" if assignment.ad_hoc else None),
        ("site", assignment.site_id),
        ("station", assignment.station_id),
        ("connector", None if assignment.connector_number is None else str(assignment.connector_number)),
    )
    return [f"{kind} {name}" for kind, name in told if name is not None]
