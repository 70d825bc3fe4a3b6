"""Windows of a connection add up to what its meters counted, in whatever order the readings came."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from chassis.decider import EventContext
from ev_contracts.projections import ConnectionMetered, FeederLoadMeasured
from ev_contracts.record import Record
from ev_contracts.sessions import EnergyDelivered
from projections.dso.loads import NOTHING, Entry, absorb
from projections.dso.meters import ends_of_windows, metered
from projections.testing.model import contexts
from projections.testing.samples import Told, delivered
from projections.testing.story import STORY

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def reading(minute: float, energy_wh: int, session: str = "ses-1", evse: str = "NL*VLT*E1") -> ConnectionMetered:
    return ConnectionMetered(
        connection_id="ean-1",
        feeder_id="feeder-7",
        tenant="volt",
        evse_id=evse,
        session_id=session,
        energy_wh=energy_wh,
        register_wh=1_000 + energy_wh,
        measured_at=NOON + timedelta(minutes=minute),
    )


class Table:
    """A connection's entries as a stream table keeps them: JSON."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}

    def get(self, name: str) -> Entry | None:
        found: Entry | None = json.loads(self.kept[name]) if name in self.kept else None
        return found

    def take(self, each: ConnectionMetered, *, dies_after: int | None = None) -> tuple[FeederLoadMeasured, ...]:
        """The loads; of the entries only so many are kept where the process dies."""
        absorbed = absorb(self.get, each)
        for name, entry in list(absorbed.entries.items())[:dies_after]:
            if entry is None:
                self.kept.pop(name, None)
            else:
                self.kept[name] = json.dumps(entry)
        return absorbed.measured


def windows(readings: Sequence[ConnectionMetered]) -> dict[str, tuple[int, int, int]]:
    """The last word on each window: energy, mean power, EVSEs."""
    table = Table()
    said: dict[str, tuple[int, int, int]] = {}
    for each in readings:
        measured = table.take(each)
        said |= {f"{w.window_start_at:%H:%M}": (w.energy_wh, w.mean_power_w, w.evses) for w in measured}
    return said


def test_energy_between_two_readings_flows_evenly_over_the_windows() -> None:
    assert windows([reading(0, 0), reading(30, 6_000)]) == {
        "12:00": (3_000, 12_000, 1),
        "12:15": (3_000, 12_000, 1),
        "12:30": (0, 0, 1),
    }


def test_two_sessions_of_two_evses_add_up() -> None:
    both = [
        reading(0, 0),
        reading(10, 1_000),
        reading(0, 0, "ses-2", "NL*VLT*E2"),
        reading(10, 500, "ses-2", "NL*VLT*E2"),
    ]
    assert windows(both) == {"12:00": (1_500, 6_000, 2)}


def test_a_reading_told_twice_says_nothing_new() -> None:
    table = Table()
    table.take(reading(5, 100))
    assert absorb(table.get, reading(5, 100)) == NOTHING


def test_a_reading_three_days_late_changes_nothing() -> None:
    table = Table()
    table.take(reading(0, 100))
    assert absorb(table.get, reading(-73 * 60, 50, "old")) == NOTHING


def test_what_is_past_changing_is_forgotten() -> None:
    table = Table()
    for day in range(8):
        for minute in range(0, 60, 5):
            table.take(reading(day * 1_440 + minute, minute * 100, f"ses-{day}"))
    sessions = sorted(name for name in table.kept if name.startswith("s"))
    assert sessions == ["sses-4", "sses-5", "sses-6", "sses-7"]
    windows_left = sorted(int(name[1:]) for name in table.kept if name.startswith("w"))
    assert windows_left[0] == (NOON + timedelta(days=4, minutes=45)).timestamp(), "the window that holds the horizon"
    assert len(windows_left) == 1 + 3 * 4


def test_a_reading_that_was_kept_in_part_is_counted_whole_when_it_is_read_again() -> None:
    story = [reading(0, 0), reading(40, 4_000), reading(50, 5_000, "ses-2"), reading(70, 9_000)]
    whole = Table()
    loads = [whole.take(each) for each in story]
    for dies_after in range(6):
        table = Table()
        for each in story:
            table.take(each, dies_after=dies_after)
            assert table.take(each) in {loads[story.index(each)], ()}
        assert table.kept == whole.kept, dies_after


def test_a_reading_touches_few_entries_however_many_sessions_the_connection_has() -> None:
    table = Table()
    for number in range(200):
        table.take(reading(number * 20, 0, f"ses-{number}"))
        table.take(reading(number * 20 + 19, 1_000, f"ses-{number}"))
    assert len(absorb(table.get, reading(4_000, 1_500, "ses-199")).entries) <= 6


@given(order=st.permutations(list(range(24))), steps=st.lists(st.integers(0, 3_000), min_size=11, max_size=11))
def test_any_order_gives_the_same_windows_and_they_add_up(order: Sequence[int], steps: Sequence[int]) -> None:
    totals = [sum(steps[:n]) for n in range(12)]
    straight = [reading(7.5 * n, total) for n, total in enumerate(totals)]
    twice = [*straight, *straight]
    assert windows([twice[n] for n in order]) == windows(straight)
    assert sum(energy for energy, _, _ in windows(straight).values()) == totals[-1]


def read(*records: Record) -> list[tuple[Record, EventContext]]:
    return contexts([Told(topic="sessions.session.event.v1", key="volt/VLT-001", record=each) for each in records])


def metered_of(found: Sequence[tuple[Record, EventContext]]) -> list[ConnectionMetered]:
    commands = [to.command for event, ctx in found for to in metered(event, ctx, None)]
    return [command for command in commands if isinstance(command, ConnectionMetered)]


def test_readings_between_a_windows_first_and_last_change_no_load() -> None:
    other = delivered(5, 70).model_copy(update={"session_id": "ses-2"})
    told = read(*(delivered(minute, minute * minute * 10) for minute in range(40)), other)
    thinned = ends_of_windows(told)
    assert [to.energy_wh for to in metered_of(thinned)] == [0, 1_960, 2_250, 8_410, 9_000, 15_210, 70]
    assert windows(metered_of(thinned)) == windows(metered_of(told))


def test_what_is_no_reading_is_never_left_out() -> None:
    told = read(*(each.record for each in STORY if each.topic == "sessions.session.event.v1"))
    others = [each for each in told if not isinstance(each[0], EnergyDelivered)]
    assert others
    assert ends_of_windows(others) == others
