"""When a group of tokens exists, and whether its tokens are master passes; who belongs to it, the tokens say."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

from chassis.decider import Decider, Refused, Snapshot
from ev_contracts.accounts import CreateGroup, GroupCreated, GroupSnapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """No such group."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Created:
    """Tokens may join it."""

    group: GroupCreated


GroupState = Unknown | Created


def decide(command: CreateGroup, state: GroupState) -> Sequence[GroupCreated] | Refused:
    """What creating a group makes true."""
    created = GroupCreated(**command.model_dump(exclude={"at"}), created_at=command.at)
    match state:
        case Unknown():
            return [created]
        case Created():
            same = created.model_copy(update={"created_at": state.group.created_at}) == state.group
            return [] if same else Refused(reason="group-differs")
        case _:
            assert_never(state)


def evolve(_state: GroupState, event: GroupCreated) -> GroupState:
    """The group after one more event."""
    return Created(group=event)


def snapshots(_before: GroupState, after: GroupState) -> Sequence[Snapshot]:
    """The group as others may follow it."""
    match after:
        case Unknown():
            return []
        case Created():
            record = GroupSnapshot(**after.group.model_dump(exclude={"created_at"}), version=1)
            return [Snapshot(topic="accounts.group.snapshot.v1", key="", record=record)]
        case _:
            assert_never(after)


group: Decider[CreateGroup, GroupState, GroupCreated] = Decider(
    initial=Unknown(), decide=decide, evolve=evolve, snapshots=snapshots
)
