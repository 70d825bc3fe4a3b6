"""Whether everybody who reserved can be given an EVSE of his own, of those that he may use."""

from collections.abc import Sequence


def can_all_be_placed(wishes: Sequence[Sequence[str]]) -> bool:
    """A matching of reservations to EVSEs, each EVSE to one at most; by augmenting paths, exact."""
    taken: dict[str, int] = {}
    return all(_is_placed(number, wishes, taken, set()) for number in range(len(wishes)))


def _is_placed(number: int, wishes: Sequence[Sequence[str]], taken: dict[str, int], tried: set[str]) -> bool:
    """Takes a free EVSE, or one whose holder can move to another."""
    for evse in wishes[number]:
        if evse in tried:
            continue
        tried.add(evse)
        if evse not in taken or _is_placed(taken[evse], wishes, taken, tried):
            taken[evse] = number
            return True
    return False
