"""What makes no sense in a session: such a one is held, visibly, and never priced by a guess."""

from itertools import pairwise
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ev_contracts.common import Place, SessionFacts

_ENDS_BEFORE = "ends-before-it-starts"
_NEGATIVE = "energy-negative"
_PERIODS = "periods-out-of-order"
_CURVE = "curve-out-of-order"
_RESERVATION = "reservation-out-of-order"
_ZONE = "time-zone-unknown"
FAULTS = frozenset({_ENDS_BEFORE, _NEGATIVE, _PERIODS, _CURVE, _RESERVATION, _ZONE})


def fault_of_session(facts: SessionFacts, place: Place) -> str | None:
    """The first thing that makes no sense, in kebab-case; None where all does."""
    held = facts.reservation
    found = (
        (_ENDS_BEFORE, facts.ended_at < facts.started_at),
        (_NEGATIVE, facts.energy_wh < 0),
        (_PERIODS, not _periods_are_in_order(facts)),
        (_CURVE, not _curve_is_in_order(facts)),
        (_RESERVATION, held is not None and held.ended_at < held.started_at),
        (_ZONE, not _is_zone(place.time_zone)),
    )
    return next((fault for fault, is_so in found if is_so), None)


def _periods_are_in_order(facts: SessionFacts) -> bool:
    within = all(each.started_at <= each.ended_at for each in facts.periods)
    return within and all(one.ended_at <= next_.started_at for one, next_ in pairwise(facts.periods))


def _curve_is_in_order(facts: SessionFacts) -> bool:
    return all(one.at <= next_.at and one.energy_wh <= next_.energy_wh for one, next_ in pairwise(facts.curve))


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True
