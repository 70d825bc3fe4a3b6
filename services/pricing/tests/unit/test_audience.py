"""A tariff is for everybody, for drivers ad hoc, for a partner, for a group of tokens, or for a plan's subscribers."""

from typing import Any

import pytest
from priced import ENERGY, LONG_AGO, NOON, PLACE, RESALE, assign, publish, version

from chassis.decider import Refused
from ev_contracts.common import Relation, RelationKind
from ev_contracts.pricing import AssignmentSnapshot, TariffSnapshot
from pricing.adapters.tariff_book import SnapshotTariffs
from pricing.domain.audience import ANYBODY, Buyer, buyer_of
from pricing.domain.coverage import gaps
from pricing.domain.tariff import Unpublished, decide, evolve
from pricing.policies import relations_of

TO_DRIVER = Relation(kind=RelationKind.CPO_TO_DRIVER, seller_party_id="NL-VLT", seller_tenant="volt", buyer_ref="d")
AUDIENCES: dict[str, dict[str, Any]] = {
    "plan": {"plan_id": "commuter"},
    "group": {"group_id": "fleet-9"},
    "ad-hoc": {"ad_hoc": True},
    "public": {},
}


def book(*names: str) -> SnapshotTariffs:
    """A tariff for each audience, of its name."""
    found = SnapshotTariffs()
    for name in names:
        changes = {"assignment_id": name, "tariff_id": name, "relation": "CPO_TO_DRIVER", **AUDIENCES[name]}
        found.assignments.put(f"volt/{name}#{name}", AssignmentSnapshot(**assign(**changes).model_dump(exclude={"at"})))
        by = version(ENERGY).model_copy(update={"tariff_id": name})
        found.versions.put(f"volt/{name}@1", TariffSnapshot(tariff=by, name=name))
    return found


def chosen(tariffs: SnapshotTariffs, buyer: Buyer) -> str | None:
    found = tariffs.in_force(TO_DRIVER, place=PLACE, at=NOON, buyer=buyer)
    return None if found is None else found.tariff_id


@pytest.mark.parametrize(
    ("buyer", "tariff_id"),
    [
        (ANYBODY, "public"),
        (Buyer(is_ad_hoc=True), "ad-hoc"),
        (Buyer(group_id="fleet-9"), "group"),
        (Buyer(group_id="fleet-8"), "public"),
        (Buyer(group_id="fleet-9", plan_id="commuter"), "plan"),
        (Buyer(plan_id="weekend", is_ad_hoc=True), "ad-hoc"),
    ],
)
def test_the_narrowest_audience_that_a_buyer_is_of_gives_the_tariff(buyer: Buyer, tariff_id: str) -> None:
    assert chosen(book(*AUDIENCES), buyer) == tariff_id


def test_a_narrow_place_goes_before_a_narrow_audience() -> None:
    found = book(*AUDIENCES)
    here = assign(assignment_id="here", tariff_id="public", relation="CPO_TO_DRIVER", site_id=PLACE.site_id)
    found.assignments.put("volt/public#here", AssignmentSnapshot(**here.model_dump(exclude={"at"})))
    assert chosen(found, Buyer(plan_id="commuter")) == "public"


def test_what_is_for_others_alone_reaches_nobody_else() -> None:
    assert chosen(book("plan", "group", "ad-hoc"), ANYBODY) is None


def test_a_sale_to_named_audiences_alone_is_not_total() -> None:
    found = book("plan", "group", "ad-hoc")
    listed = found.assignments.listed("volt", "NL-VLT", RelationKind.CPO_TO_DRIVER, NOON)
    (gap,) = gaps(listed, NOON, lambda _tariff_id, _at: version(ENERGY), lambda _tariff_id: ())
    assert gap.message == (
        "nothing is assigned to any buyer and place but drivers ad hoc, group fleet-9, plan commuter"
    )
    whole = book(*AUDIENCES).assignments.listed("volt", "NL-VLT", RelationKind.CPO_TO_DRIVER, NOON)
    assert list(gaps(whole, NOON, lambda _tariff_id, _at: version(ENERGY), lambda _tariff_id: ())) == []


def test_a_session_tells_its_buyers_group_and_whether_he_charges_ad_hoc() -> None:
    assert buyer_of(RESALE) == ANYBODY
    ad_hoc = RESALE.model_copy(update={"token_type": "AD_HOC_USER", "group_id": "fleet-9"})
    assert buyer_of(ad_hoc) == Buyer(group_id="fleet-9", is_ad_hoc=True)
    assert relations_of(RESALE, "volt")[0].buyer_party_id == "NL-EMO"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"relation": "CPO_TO_DRIVER", "group_id": "g", "ad_hoc": True}, "audience-told-twice"),
        ({"buyer_party_id": "NL-EMO", "group_id": "g"}, "audience-told-twice"),
        ({"plan_id": "commuter"}, "audience-of-another-relation"),
        ({"relation": "EMSP_TO_DRIVER", "ad_hoc": True}, "audience-of-another-relation"),
    ],
)
def test_an_audience_that_makes_no_sense_is_refused(changes: dict[str, Any], reason: str) -> None:
    (published,) = _events(publish(valid_from=LONG_AGO))
    refused = decide(assign(**changes), evolve(Unpublished(), published))
    assert isinstance(refused, Refused)
    assert refused.reason == reason


def _events(command: Any) -> Any:
    return decide(command, Unpublished())
