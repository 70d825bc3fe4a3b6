"""Windows of a connection add up to what its meters counted, in whatever order the readings came."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from ev_contracts.projections import ConnectionMetered
from projections.dso.loads import Loads, absorb, kept, revived

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


def windows(readings: Sequence[ConnectionMetered]) -> dict[str, tuple[int, int, int]]:
    """The last word on each window: energy, mean power, EVSEs."""
    loads = Loads()
    said: dict[str, tuple[int, int, int]] = {}
    for each in readings:
        loads, measured = absorb(revived(kept(loads)), each)
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
    loads, _ = absorb(Loads(), reading(5, 100))
    assert absorb(loads, reading(5, 100)) == (loads, ())


def test_a_reading_three_days_late_changes_nothing() -> None:
    loads, _ = absorb(Loads(), reading(0, 100))
    assert absorb(loads, reading(-73 * 60, 50, "old")) == (loads, ())


@given(order=st.permutations(list(range(24))), steps=st.lists(st.integers(0, 3_000), min_size=11, max_size=11))
def test_any_order_gives_the_same_windows_and_they_add_up(order: Sequence[int], steps: Sequence[int]) -> None:
    totals = [sum(steps[:n]) for n in range(12)]
    straight = [reading(7.5 * n, total) for n, total in enumerate(totals)]
    twice = [*straight, *straight]
    assert windows([twice[n] for n in order]) == windows(straight)
    assert sum(energy for energy, _, _ in windows(straight).values()) == totals[-1]
