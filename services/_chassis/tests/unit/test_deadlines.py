"""Deadlines come up once, in order, and not at all where the state has moved on."""

from datetime import timedelta

from toy import NOON

from chassis.deadlines import Deadlines, Due, mark_of
from chassis.decider import Deadline

HOUR = timedelta(hours=1)


def at(hours: int, name: str = "close") -> Deadline:
    return Deadline(name=name, due_at=NOON + hours * HOUR)


def test_what_is_due_comes_in_order_and_once() -> None:
    deadlines = Deadlines()
    deadlines.set("t/2", [at(2)])
    deadlines.set("t/1", [at(1), at(3)])
    assert [due.key for due in deadlines.pop_due(NOON + 2 * HOUR)] == ["t/1", "t/2"]
    assert deadlines.pop_due(NOON + 2 * HOUR) == []
    assert deadlines.next_due() == NOON + 3 * HOUR


def test_a_deadline_that_was_moved_comes_at_its_new_time_only() -> None:
    deadlines = Deadlines()
    deadlines.set("t/1", [at(1)])
    deadlines.set("t/1", [at(2)])
    assert deadlines.pop_due(NOON + HOUR) == []
    assert deadlines.pop_due(NOON + 2 * HOUR) == [Due(NOON + 2 * HOUR, "t/1", "close")]


def test_a_deadline_that_is_no_more_does_not_come() -> None:
    deadlines = Deadlines()
    deadlines.set("t/1", [at(1)])
    deadlines.set("t/1", [])
    assert deadlines.pop_due(NOON + HOUR) == []


def test_what_could_not_be_told_comes_again() -> None:
    deadlines = Deadlines()
    deadlines.set("t/1", [at(1)])
    due = deadlines.pop_due(NOON + HOUR)
    deadlines.put_back(due)
    assert deadlines.pop_due(NOON + HOUR) == due


def test_the_mark_names_the_deadline_and_its_time() -> None:
    assert mark_of(at(1)) == Due(NOON + HOUR, "t/1", "close").mark == b"close@2026-06-01T13:00:00+00:00"
