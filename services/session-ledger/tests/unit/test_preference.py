"""What a driver would rather have, as a remote start brings it: known to each reading and to the session's facts."""

import pytest
from story import SESSION, START_ID, STATION, at, deadline, end, reading, readings, remote_start, start, told

from ev_contracts.common import ProfileType, SessionTargets
from ev_contracts.sessions import (
    ChargingPreferenceSet,
    CorrectSession,
    EnergyDelivered,
    KeepTargets,
    SessionClosed,
    SetTargets,
    TargetSet,
)
from session_ledger.adapters.facts import SnapshotFacts
from session_ledger.domain.session import Command
from session_ledger.domain.signed import SideCommand
from session_ledger.policies import on_remote_start

WHO = {"session_id": SESSION, "station_id": STATION, "by": "dora", "reason": ""}


def cheap(targets: SessionTargets | None = None) -> KeepTargets:
    return KeepTargets(
        at=at(-1),
        command_id=START_ID,
        station_id=STATION,
        token_ref="token-7",
        targets=targets or SessionTargets(),
        profile_type=ProfileType.CHEAP,
        by="dora",
        expires_at=at(15),
    )


ENDS: list[Command] = [readings(reading(20, 6_000)), end(60, 12_000), deadline("close", 61)]


@pytest.mark.parametrize("order", [[cheap(), start()], [start(), cheap()]], ids=["kept first", "started first"])
def test_the_preference_of_a_remote_start_is_the_session_s_that_it_begins(order: list[Command | SideCommand]) -> None:
    events, state = told([*order, *ENDS])
    (chosen,) = [each for each in events if isinstance(each, ChargingPreferenceSet)]
    assert (chosen.session_id, chosen.profile_type, chosen.set_by) == (SESSION, ProfileType.CHEAP, "dora")
    *_, delivered = [each for each in events if isinstance(each, EnergyDelivered)]
    (closed,) = [each for each in events if isinstance(each, SessionClosed)]
    assert delivered.profile_type is closed.facts.profile_type is ProfileType.CHEAP
    assert not state.aims
    assert [each for each in events if isinstance(each, TargetSet)] == []


def test_targets_that_are_set_later_leave_the_preference_as_it_is() -> None:
    wish = SetTargets(at=at(5), targets=SessionTargets(energy_wh=90_000), **WHO)
    events, _ = told([cheap(targets=SessionTargets(soc_percent=80)), start(), wish, *ENDS])
    assert [each.targets.energy_wh for each in events if isinstance(each, TargetSet)] == [None, 90_000]
    (closed,) = [each for each in events if isinstance(each, SessionClosed)]
    assert closed.facts.profile_type is ProfileType.CHEAP


def test_a_session_of_another_token_prefers_nothing() -> None:
    events, _ = told([cheap(), start(token_ref="token-8", parties=None), *ENDS])
    assert [each for each in events if isinstance(each, ChargingPreferenceSet)] == []


def test_a_held_session_that_a_person_corrects_keeps_its_preference() -> None:
    held: list[Command | SideCommand] = [cheap(), start(), end(60, 900), deadline("close", 61)]
    events, _ = told([*held, CorrectSession(at=at(99), meter_stop_wh=12_000, **WHO)])
    (closed,) = [each for each in events if isinstance(each, SessionClosed)]
    assert closed.facts.profile_type is ProfileType.CHEAP


def test_a_remote_start_with_a_preference_alone_is_kept_too() -> None:
    (told_of,) = on_remote_start(*remote_start(profile_type=ProfileType.CHEAP), SnapshotFacts())
    assert told_of.command == cheap()
