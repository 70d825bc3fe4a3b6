"""The demo's time never runs backwards, whatever happened before it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from ev_demo.time import DemoTime, setting

WALL = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def test_the_first_demo_begins_now(tmp_path: Path) -> None:
    clock = DemoTime(path=tmp_path / "demo" / "time.json").resume(wall=WALL, rate=60)
    assert clock.start == WALL
    assert setting(clock) == "2026-11-20T12:00:00+00:00@60"


def test_the_next_one_goes_on_where_the_last_one_stopped(tmp_path: Path) -> None:
    past = DemoTime(path=tmp_path / "time.json")
    past.remember(WALL + timedelta(hours=10))
    clock = past.resume(wall=WALL, rate=60)
    reached = clock.start + (WALL - clock.start) * clock.rate
    assert abs(reached - (WALL + timedelta(hours=10))) < timedelta(milliseconds=1)


def test_a_demo_long_ago_holds_nothing_back(tmp_path: Path) -> None:
    past = DemoTime(path=tmp_path / "time.json")
    past.remember(WALL - timedelta(days=3))
    assert past.resume(wall=WALL, rate=60).start == WALL


def test_real_time_is_the_wall_s(tmp_path: Path) -> None:
    past = DemoTime(path=tmp_path / "time.json")
    past.remember(WALL + timedelta(hours=1))
    assert past.resume(wall=WALL, rate=1).start == WALL
