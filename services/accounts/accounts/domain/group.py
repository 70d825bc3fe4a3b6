"""When a group of tokens exists, whether they are master passes, and how many sessions they may start, and where.

Who belongs to it, the tokens say.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import assert_never

from chassis.decider import Decider, Refused, Snapshot
from ev_contracts.accounts import (
    ChargingPlaces,
    CreateGroup,
    GroupCreated,
    GroupLimited,
    GroupRestricted,
    GroupSnapshot,
    LimitGroup,
    RestrictGroup,
)

GroupCommand = CreateGroup | LimitGroup | RestrictGroup
GroupEvent = GroupCreated | GroupLimited | GroupRestricted


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """No such group."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Created:
    """Tokens may join it."""

    group: GroupCreated
    version: int
    sessions_at_once: int | None = None
    places: ChargingPlaces | None = None


GroupState = Unknown | Created


def decide(command: GroupCommand, state: GroupState) -> Sequence[GroupEvent] | Refused:
    """What a command about a group makes true."""
    match command:
        case CreateGroup():
            return _create(command, state)
        case LimitGroup():
            return _limit(command, state)
        case RestrictGroup():
            return _restrict(command, state)
        case _:
            assert_never(command)


def _create(command: CreateGroup, state: GroupState) -> Sequence[GroupEvent] | Refused:
    created = GroupCreated(**command.model_dump(exclude={"at"}), created_at=command.at)
    match state:
        case Unknown():
            return [created]
        case Created():
            same = created.model_copy(update={"created_at": state.group.created_at}) == state.group
            return [] if same else Refused(reason="group-differs")
        case _:
            assert_never(state)


def _limit(command: LimitGroup, state: GroupState) -> Sequence[GroupEvent] | Refused:
    match state:
        case Unknown():
            return Refused(reason="group-unknown")
        case Created():
            if state.sessions_at_once == command.sessions_at_once:
                return []
            return [GroupLimited(**command.model_dump(exclude={"at"}), limited_at=command.at)]
        case _:
            assert_never(state)


def _restrict(command: RestrictGroup, state: GroupState) -> Sequence[GroupEvent] | Refused:
    match state:
        case Unknown():
            return Refused(reason="group-unknown")
        case Created():
            if state.places == command.places:
                return []
            return [GroupRestricted(group_id=command.group_id, places=command.places, restricted_at=command.at)]
        case _:
            assert_never(state)


def evolve(state: GroupState, event: GroupEvent) -> GroupState:
    """The group after one more event."""
    match event:
        case GroupCreated():
            return Created(group=event, version=1)
        case GroupLimited():
            assert isinstance(state, Created), "only a group that exists is limited"
            return replace(state, version=state.version + 1, sessions_at_once=event.sessions_at_once)
        case GroupRestricted():
            assert isinstance(state, Created), "only a group that exists is restricted"
            return replace(state, version=state.version + 1, places=event.places)
        case _:
            assert_never(event)


def snapshots(_before: GroupState, after: GroupState) -> Sequence[Snapshot]:
    """The group as others may follow it."""
    match after:
        case Unknown():
            return []
        case Created():
            told = after.group.model_dump(exclude={"created_at"})
            record = GroupSnapshot(
                **told, version=after.version, sessions_at_once=after.sessions_at_once, places=after.places
            )
            return [Snapshot(topic="accounts.group.snapshot.v1", key="", record=record)]
        case _:
            assert_never(after)


group: Decider[GroupCommand, GroupState, GroupEvent] = Decider(
    initial=Unknown(), decide=decide, evolve=evolve, snapshots=snapshots
)
