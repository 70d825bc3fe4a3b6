"""The rules of groups."""

from datetime import UTC, datetime

from accounts.domain.group import group
from chassis.testing import Scenario
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

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
CREATE = CreateGroup(at=NOON, group_id="G1", tenant="emo")
CREATED = GroupCreated(group_id="G1", tenant="emo", created_at=NOON)

LIMIT = LimitGroup(at=NOON, group_id="G1", sessions_at_once=12)
LIMITED = GroupLimited(group_id="G1", sessions_at_once=12, limited_at=NOON)

DEPOT = ChargingPlaces(site_ids=("S-AMS-1",))
RESTRICT = RestrictGroup(at=NOON, group_id="G1", places=DEPOT)
RESTRICTED = GroupRestricted(group_id="G1", places=DEPOT, restricted_at=NOON)


def test_a_group_is_created_once() -> None:
    Scenario(group).when(CREATE).then(CREATED).when(CREATE).then_nothing()


def test_a_group_never_becomes_one_of_master_passes() -> None:
    Scenario(group).given(CREATED).when(CREATE.model_copy(update={"is_master_pass": True})).then_refused(
        "group-differs"
    )


def test_the_snapshot_is_the_group() -> None:
    (snapshot,) = group.snapshots(group.initial, Scenario(group).given(CREATED, LIMITED, RESTRICTED).state)
    told = {"is_master_pass": False, "version": 3, "sessions_at_once": 12, "places": DEPOT}
    assert snapshot.record == GroupSnapshot(group_id="G1", tenant="emo", **told)


def test_a_group_that_exists_is_limited_once() -> None:
    Scenario(group).given(CREATED).when(LIMIT).then(LIMITED).when(LIMIT).then_nothing()
    Scenario(group).when(LIMIT).then_refused("group-unknown")


def test_a_group_that_exists_is_restricted_once() -> None:
    Scenario(group).given(CREATED).when(RESTRICT).then(RESTRICTED).when(RESTRICT).then_nothing()
    Scenario(group).when(RESTRICT).then_refused("group-unknown")
