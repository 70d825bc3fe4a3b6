"""Whether every session of a sale has a price: the assignments as one decision list, and the proof that it ends."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from ev_contracts.common import TariffVersion
from ev_contracts.pricing import AssignmentSnapshot
from pricing.domain.audience import REGULAR
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
Changes = Callable[[str], Sequence[datetime]]
"""When another version of a tariff, or none any more, comes into force."""


def gaps(listed: Sequence[AssignmentSnapshot], at: datetime, in_force: Lookup, changes: Changes) -> Iterator[Gap]:
    """None is the proof, from `at` on. The list is in the order in which assignments are tried, the narrowest first.

    Plans, groups, buyers and places are open sets: whatever is named, there is another one, and nobody must charge ad
    hoc. So only an assignment that names none of them can end the list, and it reaches every session; and a tariff in
    it must price whatever a session may be, or say by a price of 0 that it is free. What is in force changes at its
    tariffs' own instants alone, so it is enough to ask then.
    """
    names = list(dict.fromkeys(each.tariff_id for each in listed))
    general = [each.tariff_id for each in listed if _is_general(each)]
    later = sorted({change for name in names for change in changes(name) if change > at})
    for moment in (at, *later):
        held = [version for name in general if (version := in_force(name, moment)) is not None]
        if not any(each.tariff_type == REGULAR for each in held):
            yield _only_of_a_kind(held) if held else _open(listed, general, None if moment == at else moment)
            break
    versions = {(name, moment): in_force(name, moment) for moment in (at, *later) for name in names}
    unpriced = (
        Gap(rule=each.rule, message=f"{name}: {each.message}")
        for (name, _), version in versions.items()
        for each in ([] if version is None else lint(tariff_of(version)))
        if each.rule == _UNPRICED
    )
    yield from dict.fromkeys(unpriced)


def _only_of_a_kind(held: Sequence[TariffVersion]) -> Gap:
    names = list(dict.fromkeys(each.tariff_id for each in held))
    are = "is not REGULAR: whoever is not of its" if len(names) == 1 else "are not REGULAR: whoever is not of their"
    return Gap(rule="sale-without-tariff", message=f"{' and '.join(names)} {are} kind has no price")


def _open(listed: Sequence[AssignmentSnapshot], general: Sequence[str], ends_at: datetime | None) -> Gap:
    if ends_at is not None:
        names = " and ".join(dict.fromkeys(general))
        text = f"{names} {'ends' if len(set(general)) == 1 else 'end'} at {ends_at.isoformat()}, and nothing follows"
        return Gap(rule="tariff-ends", message=text)
    named = sorted({name for each in listed for name in _names(each)})
    besides = f" but {', '.join(named)}" if named else ""
    return Gap(rule="sale-without-tariff", message=f"nothing is assigned to any buyer and place{besides}")


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
