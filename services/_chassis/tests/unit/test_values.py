"""Values that are changed often."""

from dataclasses import FrozenInstanceError, dataclass, replace

import pytest

from chassis.values import changed


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Frozen, as states are."""

    total: int
    names: tuple[str, ...] = ()


FIVE = Tally(total=5, names=("a",))


def test_what_is_changed_is_what_replace_gives_and_the_old_one_stays() -> None:
    assert changed(FIVE, total=6) == replace(FIVE, total=6) == Tally(total=6, names=("a",))
    assert changed(FIVE) == FIVE == Tally(total=5, names=("a",))


def test_what_is_changed_is_as_frozen_as_before() -> None:
    with pytest.raises(FrozenInstanceError):
        changed(FIVE, total=6).total = 7  # type: ignore[misc]  # that is what is tried


def test_a_name_that_it_has_not_is_refused() -> None:
    with pytest.raises(TypeError, match="Tally has no sum"):
        changed(FIVE, sum=6)
