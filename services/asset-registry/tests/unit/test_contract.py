"""The rules of ownership and commercial contracts and their versions."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from asset_registry.domain.contract import contract
from chassis.testing import Scenario
from ev_contracts.assets import (
    AgreeCommercialModel,
    AgreeOwnership,
    CommercialModelAgreed,
    CommercialSnapshot,
    OwnershipAgreed,
    OwnershipSnapshot,
)
from ev_contracts.common import CommercialModel

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
JANUARY = datetime(2026, 1, 1, tzinfo=UTC)
OWNERSHIP: dict[str, Any] = {
    "contract_id": "OWN-1",
    "cpo_party_id": "NL-VLT",
    "owner_party_id": "NL-OWN",
    "site_ids": ("AMS-MUSEUM",),
    "share_permille": 300,
    "valid_from": JANUARY,
}
OWN = AgreeOwnership(at=NOON, **OWNERSHIP)
OWNED = OwnershipAgreed(contract_version=1, agreed_at=NOON, **OWNERSHIP)
TRADE_FACTS: dict[str, Any] = {
    "contract_id": "COM-1",
    "cpo_party_id": "NL-VLT",
    "emsp_party_id": "NL-EMO",
    "model": CommercialModel.RESALE,
    "valid_from": JANUARY,
}
TRADE = AgreeCommercialModel(at=NOON, **TRADE_FACTS)
TRADED = CommercialModelAgreed(contract_version=1, agreed_at=NOON, **TRADE_FACTS)


def test_an_ownership_is_agreed_once() -> None:
    Scenario(contract).when(OWN).then(OWNED).when(OWN).then_nothing()


def test_a_commercial_model_is_agreed_once() -> None:
    Scenario(contract).when(TRADE).then(TRADED).when(TRADE).then_nothing()


def test_other_terms_make_the_next_version() -> None:
    better = {"share_permille": 350, "valid_from": JANUARY + timedelta(days=90)}
    second = OWNED.model_copy(update={**better, "contract_version": 2})
    Scenario(contract).given(OWNED).when(OWN.model_copy(update=better)).then(second)


def test_a_version_does_not_start_before_the_one_it_follows() -> None:
    earlier = TRADE.model_copy(update={"model": CommercialModel.DIRECT, "valid_from": JANUARY - timedelta(days=1)})
    Scenario(contract).given(TRADED).when(earlier).then_refused("starts-before-the-version-it-follows")


@pytest.mark.parametrize("share_permille", [-1, 1001])
def test_a_share_is_at_most_the_whole(share_permille: int) -> None:
    Scenario(contract).when(OWN.model_copy(update={"share_permille": share_permille})).then_refused(
        "share-out-of-range"
    )


def test_an_ownership_covers_a_site() -> None:
    Scenario(contract).when(OWN.model_copy(update={"site_ids": ()})).then_refused("contract-without-site")


def test_a_commercial_contract_names_its_model() -> None:
    Scenario(contract).when(TRADE.model_copy(update={"model": CommercialModel.UNKNOWN})).then_refused("model-unknown")


@pytest.mark.parametrize(
    ("history", "command"),
    [
        (OWNED, OWN.model_copy(update={"owner_party_id": "NL-ZON"})),
        (OWNED, OWN.model_copy(update={"cpo_party_id": "NL-AMP"})),
        (TRADED, TRADE.model_copy(update={"emsp_party_id": "NL-ZON"})),
    ],
)
def test_other_parties_make_another_contract(
    history: OwnershipAgreed | CommercialModelAgreed, command: AgreeOwnership | AgreeCommercialModel
) -> None:
    Scenario(contract).given(history).when(command).then_refused("contract-parties-differ")


@pytest.mark.parametrize(("history", "command"), [(OWNED, TRADE), (TRADED, OWN)])
def test_a_contract_keeps_its_kind(
    history: OwnershipAgreed | CommercialModelAgreed, command: AgreeOwnership | AgreeCommercialModel
) -> None:
    Scenario(contract).given(history).when(command).then_refused("contract-of-another-kind")


def test_each_version_has_a_snapshot_of_its_own() -> None:
    (first,) = contract.snapshots(contract.initial, Scenario(contract).given(OWNED).state)
    second = OWNED.model_copy(update={"contract_version": 2, "share_permille": 350})
    (next_one,) = contract.snapshots(contract.initial, Scenario(contract).given(OWNED, second).state)
    assert (first.key, first.record) == ("@1", OwnershipSnapshot(contract_version=1, **OWNERSHIP))
    assert (next_one.key, next_one.record) == (
        "@2",
        OwnershipSnapshot(contract_version=2, **{**OWNERSHIP, "share_permille": 350}),
    )


def test_the_snapshot_of_a_commercial_contract_is_its_version() -> None:
    (snapshot,) = contract.snapshots(contract.initial, Scenario(contract).given(TRADED).state)
    assert snapshot.record == CommercialSnapshot(contract_version=1, **TRADE_FACTS)
