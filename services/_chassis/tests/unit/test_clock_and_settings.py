"""Lab time is one time for all, and settings come from EV_ variables."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from chassis.clock import FixedClock, LabClock, SystemClock, clock_of
from chassis.settings import BaseServiceSettings, MissingSecret, read_secret

NOON = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)


def test_lab_clocks_agree_whenever_they_were_made() -> None:
    start = (datetime.now(UTC) - timedelta(seconds=60)).isoformat()
    first, second = clock_of(f"{start}@60"), clock_of(f"{start}@60")
    assert abs((first.now() - second.now()).total_seconds()) < 1
    assert 3599 <= (first.now() - datetime.fromisoformat(start)).total_seconds() < 3700


def test_no_setting_is_the_wall_clock() -> None:
    assert isinstance(clock_of(""), SystemClock)


@pytest.mark.parametrize("setting", ["2026-06-01T12:00:00@60", "2026-06-01T12:00:00Z@0", "nonsense"])
def test_a_clock_that_cannot_be_is_refused(setting: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        clock_of(setting)


async def test_a_fixed_clock_wakes_sleepers_when_moved() -> None:
    clock = FixedClock(NOON)
    sleeper = asyncio.create_task(clock.sleep_until(NOON + timedelta(minutes=2)))
    for _ in range(2):
        await asyncio.sleep(0)
        assert not sleeper.done()
        clock.advance(timedelta(minutes=1))
    await asyncio.wait_for(sleeper, 1)


async def test_a_lab_clock_sleeps_in_its_own_time() -> None:
    clock = LabClock(start=datetime.now(UTC), rate=1000)
    await asyncio.wait_for(clock.sleep_until(clock.now() + timedelta(minutes=1)), 2)


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EV_CASSANDRA", "10.0.0.1:9999, 10.0.0.2")
    monkeypatch.setenv("EV_NAMESPACE", "mine")
    settings = BaseServiceSettings()
    assert settings.cassandra_hosts == ("10.0.0.1:9999", "10.0.0.2")
    assert settings.namespace == "mine"


def test_a_secret_is_a_file_that_must_be_there(tmp_path: Path) -> None:
    settings = BaseServiceSettings(secrets_dir=tmp_path)
    (tmp_path / "key").write_bytes(b"abc\n")
    assert read_secret(settings, "key") == b"abc"
    (tmp_path / "empty").write_bytes(b"\n")
    for name in ("empty", "missing"):
        with pytest.raises(MissingSecret):
            read_secret(settings, name)
