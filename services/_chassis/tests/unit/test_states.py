"""States as JSON and back, whatever they are made of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

import orjson
import pytest
import toy
from hypothesis import given
from hypothesis import strategies as st

from chassis.decider import Decider
from chassis.runner.aggregates import RING_SIZE, AggregateCodec, Live, Remembered, Source, with_memory
from chassis.runner.states import StateCodec, dumps, plain_dumps


class Colour(StrEnum):
    RED = "RED"
    BLUE = "BLUE"


class Place(NamedTuple):
    row: int
    seat: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Inner:
    when: datetime | None
    price: Decimal
    colour: Colour


@dataclass(frozen=True, slots=True, kw_only=True)
class Empty:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Full:
    inner: Inner
    many: tuple[Inner | Empty, ...] = ()
    by_name: Mapping[str, Inner] = field(default_factory=dict)
    names: frozenset[str] = frozenset()
    raw: bytes = b""
    lasted: timedelta = timedelta()
    place: Place | None = None
    pair: tuple[int, str] = (0, "")


Any_ = Empty | Full


def evolve(state: Any_, event: object) -> Any_:
    return state


CODEC = StateCodec(Decider(initial=Empty(), decide=lambda _c, _s: [], evolve=evolve))

instants = st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.just(UTC))
inners = st.builds(
    Inner,
    when=st.none() | instants,
    price=st.decimals(allow_nan=False, allow_infinity=False, places=8),
    colour=st.sampled_from(Colour),
)
fulls = st.builds(
    Full,
    inner=inners,
    many=st.lists(inners | st.just(Empty()), max_size=3).map(tuple),
    by_name=st.dictionaries(st.text(max_size=5), inners, max_size=3),
    names=st.frozensets(st.text(max_size=5), max_size=3),
    raw=st.binary(max_size=10),
    lasted=st.timedeltas(timedelta(days=-9999), timedelta(days=9999)),
    place=st.none() | st.builds(Place, row=st.integers(0, 9), seat=st.decimals(0, 9, places=2)),
    pair=st.tuples(st.integers(-5, 5), st.text(max_size=3)),
)


@given(fulls | st.just(Empty()))
def test_every_state_comes_back_equal(state: Any_) -> None:
    assert CODEC.decode(orjson.loads(dumps(state))) == state


@given(fulls)
def test_equal_states_are_equal_bytes(state: Full) -> None:
    again = CODEC.decode(orjson.loads(dumps(state)))
    assert dumps(again) == dumps(state)


def test_replies_carry_no_class_names() -> None:
    assert orjson.loads(plain_dumps({"payload": toy.Closed(total=3)})) == {"payload": {"total": 3}}


def test_a_state_without_a_type_is_noticed_when_the_service_is_built() -> None:
    with pytest.raises(TypeError, match="annotated"):
        StateCodec(Decider(initial=Empty(), decide=lambda _c, _s: [], evolve=lambda state, _event: state))


def test_another_shape_has_another_fingerprint() -> None:
    assert AggregateCodec(toy.tally).fingerprint != AggregateCodec(toy.notes).fingerprint
    assert AggregateCodec(toy.tally).fingerprint == AggregateCodec(toy.tally).fingerprint


def remembered(number: int, at_ms: int = 0) -> Remembered:
    return Remembered(f"c{number}", "h", refused=False, reason="", detail="", events=({"a": 1},), log_time_ms=at_ms)


def test_an_aggregate_comes_back_with_its_memories() -> None:
    codec = AggregateCodec(toy.tally)
    live = Live(3, toy.Open(total=5), {"elsewhere/0": Source(7, 1)}, (remembered(1),))
    assert codec.loads(codec.dumps(live)) == (live, False)


def test_a_record_of_other_code_is_stale() -> None:
    written = AggregateCodec(toy.notes).dumps(Live(1, toy.Notes(total=1, count=1), {}, ()))
    live, stale = AggregateCodec(toy.tally).loads(written)
    assert stale
    assert live.state == toy.Open(total=0)


def test_the_ring_remembers_64_commands_for_a_day() -> None:
    ring: tuple[Remembered, ...] = ()
    for number in range(100):
        ring = with_memory(ring, remembered(number))
    assert [each.command_id for each in ring] == [f"c{number}" for number in range(100 - RING_SIZE, 100)]
    day_ms = 24 * 3600 * 1000
    assert [each.command_id for each in with_memory(ring, remembered(100, day_ms + 1))] == ["c100"]
    assert len(with_memory(ring, remembered(100, day_ms))) == RING_SIZE
