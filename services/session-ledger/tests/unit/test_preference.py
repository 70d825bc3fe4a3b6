"""What a driver would rather have, as a remote start brings it: known to each reading and to the session's facts."""

import pytest
from story import SESSION, STATION, at, deadline, end, reading, readings, start, told

from chassis.decider import EventContext
from ev_contracts.common import ProfileType, SessionTargets
from ev_contracts.gateway import CommandRequested, StartTransactionRemotely
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

START_ID = "5f1c1a52-4f0b-5d0e-9a77-3c1e1f3a2b10"
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
    asked = StartTransactionRemotely(
        at=at(-1),
        command_id=START_ID,
        station_id=STATION,
        requested_by="dora",
        expires_at=at(0),
        id_token_sealed=b"sealed",
        token_ref="token-7",
        profile_type=ProfileType.CHEAP,
    )
    event = CommandRequested(
        command_id=START_ID,
        station_id=STATION,
        action="StartTransactionRemotely",
        requested_by="dora",
        requested_at=at(-1),
        expires_at=at(0),
        start_transaction_remotely=asked,
    )
    context = EventContext(
        topic="t",
        key=f"volt/{STATION}",
        tenant="volt",
        event_id="e",
        stream_version=1,
        time=at(0),
        partition=0,
        offset=0,
    )
    (told_of,) = on_remote_start(event, context, SnapshotFacts())
    assert told_of.command == cheap()
