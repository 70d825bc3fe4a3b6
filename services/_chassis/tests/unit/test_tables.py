"""Tables find their values by a second key and by group, however keys and groups move."""

from dataclasses import dataclass

from chassis.tables import GroupedTable, KeyedTable


@dataclass(frozen=True)
class Card:
    """A record with a second key and a group."""

    ref: str
    group: str | None = None


def keyed() -> KeyedTable[Card]:
    """Cards by their reference."""
    return KeyedTable("cards", lambda _, card: card.ref)


def grouped() -> GroupedTable[Card]:
    """Cards of a tenant's group."""
    return GroupedTable("cards", lambda key, card: card.group and (key.partition("/")[0], card.group))


def test_a_value_is_found_by_its_second_key_as_long_as_it_is_there() -> None:
    table = keyed()
    table.put("a/1", Card("r1"))
    assert (table.key_of("r1"), table.find("r1")) == ("a/1", Card("r1"))
    table.put("a/1", Card("r2"))
    assert (table.find("r1"), table.find("r2")) == (None, Card("r2"))
    table.put("a/1", None)
    assert (table.key_of("r2"), table.find("r2")) == (None, None)


def test_a_second_key_that_moved_to_another_record_stays_there_when_the_first_goes() -> None:
    table = keyed()
    table.put("a/1", Card("r1"))
    table.put("b/1", Card("r1", "moved"))
    table.put("a/1", None)
    assert (table.key_of("r1"), table.find("r1")) == ("b/1", Card("r1", "moved"))


def test_members_follow_their_group_and_those_of_none_are_in_none() -> None:
    table = grouped()
    table.put("a/1", Card("r1", "g"))
    table.put("a/2", Card("r2", "g"))
    table.put("b/1", Card("r3", "g"))
    table.put("a/3", Card("r4"))
    assert [card.ref for card in table.members(("a", "g"))] == ["r1", "r2"]
    table.put("a/1", Card("r1", "h"))
    table.put("a/2", None)
    assert (list(table.members(("a", "g"))), list(table.members(("a", "h")))) == ([], [Card("r1", "h")])
    assert list(table.members(None)) == []
