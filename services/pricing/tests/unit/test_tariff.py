"""A tariff is published in immutable versions, or refused where it makes no sense."""

import pytest
from priced import ENERGY, FLAT, LONG_AGO, NOON, assign, component, publish

from chassis.decider import Snapshot
from chassis.testing import Scenario
from ev_contracts.common import RelationKind, TariffVersion
from ev_contracts.pricing import AssignmentSnapshot, TariffAssigned, TariffPublished, TariffSnapshot
from pricing.domain.tariff import Command, Published, hash_of, tariff


def published(number: int = 1, **changes: object) -> TariffPublished:
    parts = changes.pop("components", ())
    assert isinstance(parts, tuple)
    command = publish(*parts, **changes)
    version = TariffVersion(
        version=number,
        content_hash=hash_of(command),
        components=command.components,
        **command.model_dump(include={"tariff_id", "issuer_party_id", "currency", "valid_from"}),
    )
    return TariffPublished(tariff=version, name=command.name, published_at=NOON)


ASSIGNED = TariffAssigned(**assign().model_dump(exclude={"at"}), assigned_at=NOON)


def test_the_first_version_is_published() -> None:
    Scenario(tariff).given().when(publish()).then(published())


def test_the_same_again_is_no_new_version() -> None:
    Scenario(tariff).given(published()).when(publish(name="Spelled anew")).then_nothing()


def test_another_price_is_the_next_version() -> None:
    dearer = (component("ENERGY", "0.40"), FLAT)
    Scenario(tariff).given(published()).when(publish(*dearer)).then(published(2, components=dearer))


def test_a_price_counts_by_value_and_not_by_spelling() -> None:
    assert hash_of(publish(component("ENERGY", "0.35"))) == hash_of(publish(component("ENERGY", "0.350")))
    assert hash_of(publish(component("ENERGY", "0.35"))) != hash_of(publish(component("ENERGY", "0.36")))


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (publish(component("ENERGY", "-0.01")), "price-negative"),
        (publish(currency="EUX"), "currency-unknown"),
        (publish(ENERGY, component("ENERGY", "0.10")), "component-repeated"),
        (publish(component("TIME", "1", step_size=0)), "step-size-below-one"),
        (publish(component("TIME", "1", vat_permille=-1)), "vat-out-of-range"),
        (publish(component("TIME", "1", vat_permille=1_001)), "vat-out-of-range"),
        (publish(component("UNKNOWN", "1")), "component-unknown"),
        (publish().model_copy(update={"components": ()}), "no-components"),
    ],
)
def test_a_tariff_that_makes_no_sense_is_refused(command: Command, reason: str) -> None:
    Scenario(tariff).given().when(command).then_refused(reason)


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (publish(issuer_party_id="NL-EMO"), "tariff-of-another-issuer"),
        (publish(currency="CHF"), "currency-changed"),
        (assign(seller_party_id="NL-EMO"), "seller-not-issuer"),
        (assign(relation=RelationKind.UNKNOWN), "relation-unknown"),
        (assign(relation=RelationKind.CPO_TO_DRIVER, buyer_party_id="NL-EMO"), "buyer-is-no-party"),
    ],
)
def test_what_does_not_fit_the_tariff_is_refused(command: Command, reason: str) -> None:
    Scenario(tariff).given(published()).when(command).then_refused(reason)


def test_a_tariff_is_assigned_once() -> None:
    scenario = Scenario(tariff).given(published()).when(assign()).then(ASSIGNED)
    scenario.when(assign()).then_nothing()
    scenario.when(assign(site_id="oosterdok")).then_refused("assignment-differs")


def test_nothing_is_assigned_before_it_is_published() -> None:
    Scenario(tariff).given().when(assign()).then_refused("tariff-unknown")


def test_each_version_and_assignment_is_followed_under_a_key_of_its_own() -> None:
    after = Scenario(tariff).given(published(), ASSIGNED).state
    assert tariff.snapshots(tariff.initial, after) == [
        Snapshot(
            topic="pricing.tariff.snapshot.v1",
            key="@1",
            record=TariffSnapshot(tariff=published().tariff, name="Wholesale", published_at=NOON),
        ),
        Snapshot(
            topic="pricing.assignment.snapshot.v1",
            key="#wholesale-all",
            record=AssignmentSnapshot(**assign().model_dump(exclude={"at"}), assigned_at=NOON),
        ),
    ]
    assert isinstance(after, Published)
    assert after.latest.valid_from == LONG_AGO
    assert tariff.snapshots(after, after) == []
