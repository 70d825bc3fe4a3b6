"""OCPI's TariffType: a tariff for payment ad hoc, or for a preference, is for those alone, and before others."""

from datetime import datetime, timedelta
from functools import partial

import pytest
from priced import ENERGY, FACTS, LONG_AGO, NOON, PLACE, RESALE, assign, at, closed, publish, version
from test_audience import TO_DRIVER

from chassis.decider import EventContext
from ev_contracts.common import ProfileType, RelationKind
from ev_contracts.pricing import AssignmentSnapshot, RateSession, TariffAssigned, TariffPublished, TariffSnapshot
from ev_contracts.sessions import EnergyDelivered, SessionStarted
from pricing.adapters.running_costs import RunningCosts
from pricing.adapters.tariff_book import SnapshotTariffs
from pricing.domain.audience import ANYBODY, Buyer
from pricing.domain.coverage import gaps
from pricing.domain.price_text import snapshot_of
from pricing.policies import on_energy, on_session

CHEAP, FAST = Buyer(profile_type=ProfileType.CHEAP), Buyer(profile_type=ProfileType.FAST)
AD_HOC = Buyer(is_ad_hoc=True)
CONTEXT = EventContext(
    topic="t", key=f"volt/{PLACE.station_id}", tenant="volt", event_id="e", stream_version=1, time=NOON
)
TYPES = ("REGULAR", "AD_HOC_PAYMENT", "PROFILE_CHEAP")


def book(*types: str, relation: str = "CPO_TO_DRIVER", **places: dict[str, object]) -> SnapshotTariffs:
    """A tariff of each type, of its name, for everybody and everywhere but where a place is said."""
    found = SnapshotTariffs()
    for name in types:
        told = assign(assignment_id=name, tariff_id=name, relation=relation, **places.get(name, {}))
        found.assignments.put(f"volt/{name}#{name}", AssignmentSnapshot(**told.model_dump(exclude={"at"})))
        by = version(ENERGY).model_copy(update={"tariff_id": name, "tariff_type": name})
        found.versions.put(f"volt/{name}@1", TariffSnapshot(tariff=by, name=name))
    return found


@pytest.mark.parametrize(
    ("buyer", "types", "chosen"),
    [
        (ANYBODY, TYPES, "REGULAR"),
        (AD_HOC, TYPES, "AD_HOC_PAYMENT"),
        (CHEAP, TYPES, "PROFILE_CHEAP"),
        (Buyer(profile_type=ProfileType.REGULAR), TYPES, "REGULAR"),
        (FAST, TYPES, "REGULAR"),
        (AD_HOC, ("REGULAR", "PROFILE_CHEAP"), "REGULAR"),
        (ANYBODY, ("AD_HOC_PAYMENT", "PROFILE_CHEAP"), None),
        (FAST, ("AD_HOC_PAYMENT", "PROFILE_CHEAP"), None),
    ],
)
def test_a_type_is_for_those_whom_it_is_meant_for_and_regular_for_all_whom_no_other_fits(
    buyer: Buyer, types: tuple[str, ...], chosen: str | None
) -> None:
    found = book(*types).in_force(TO_DRIVER, place=PLACE, at=NOON, buyer=buyer)
    assert (None if found is None else found.tariff_id) == chosen


def test_what_a_driver_asked_for_goes_before_a_regular_price_of_a_narrower_place() -> None:
    tariffs = book(*TYPES, REGULAR={"station_id": PLACE.station_id})
    found = tariffs.in_force(TO_DRIVER, place=PLACE, at=NOON, buyer=CHEAP)
    assert found is not None
    assert found.tariff_id == "PROFILE_CHEAP"


def test_a_session_is_rated_by_the_preference_of_its_start() -> None:
    tariffs = book(*TYPES, relation="CPO_TO_EMSP")
    cheap = FACTS.model_copy(update={"profile_type": ProfileType.CHEAP})
    for facts, tariff_id in ((FACTS, "REGULAR"), (cheap, "PROFILE_CHEAP")):
        rate = on_session(closed(facts), CONTEXT, tariffs)[0].command
        assert isinstance(rate, RateSession)
        assert rate.tariff is not None
        assert rate.tariff.tariff_id == tariff_id


def delivered(minutes: int, energy_wh: int, profile: ProfileType | None) -> EnergyDelivered:
    return EnergyDelivered(
        session_id=FACTS.session_id,
        station_id=PLACE.station_id,
        evse_number=1,
        connector_number=1,
        measured_at=at(minutes),
        register_wh=1_000 + energy_wh,
        energy_wh=energy_wh,
        started_at=NOON,
        charging_s=60 * minutes,
        parking_s=0,
        place=PLACE,
        parties=RESALE,
        profile_type=profile,
    )


def test_a_running_cost_goes_by_the_preference_too_also_where_it_is_heard_after_a_reading() -> None:
    running = RunningCosts(book(*TYPES, relation="CPO_TO_EMSP"))
    started = SessionStarted(
        session_id=FACTS.session_id,
        station_id=PLACE.station_id,
        transaction_id="771234561",
        ocpp_version="1.6",
        evse_number=1,
        connector_number=1,
        started_at=NOON,
        token_status="Accepted",
        offline=False,
    )
    on_energy(started, CONTEXT, running)
    (first,) = on_energy(delivered(10, 2_000, None), CONTEXT, running)
    (second,) = on_energy(delivered(20, 4_000, ProfileType.CHEAP), CONTEXT, running)
    assert [each.command.tariff_id for each in (first, second)] == ["REGULAR", "PROFILE_CHEAP"]
    assert second.command.total_excl_vat.amount == 2 * first.command.total_excl_vat.amount


def test_a_sale_of_such_types_alone_is_not_total() -> None:
    tariffs = book("AD_HOC_PAYMENT", "PROFILE_CHEAP")
    listed = tariffs.assignments.listed("volt", "NL-VLT", RelationKind.CPO_TO_DRIVER, NOON)
    lookups = partial(tariffs.versions.in_force, "volt"), partial(tariffs.versions.changes, "volt")
    (gap,) = gaps(listed, NOON, *lookups)
    assert gap.message == "PROFILE_CHEAP and AD_HOC_PAYMENT are not REGULAR: whoever is not of their kind has no price"


def texts(name: str, valid_from: datetime = LONG_AGO) -> TariffPublished:
    command = publish(tariff_type=name, valid_from=valid_from)
    told = version(ENERGY).model_copy(update={"tariff_type": command.tariff_type, "valid_from": valid_from})
    return TariffPublished(tariff=told, name=name, published_at=NOON)


def test_a_display_reads_the_price_ad_hoc_to_those_alone_and_no_price_of_a_preference() -> None:
    command = assign(relation="CPO_TO_DRIVER")
    assigned = TariffAssigned(**command.model_dump(exclude={"at"}), assigned_at=NOON)
    regular, ad_hoc = (snapshot_of(assigned, [texts(name)], None) for name in ("REGULAR", "AD_HOC_PAYMENT"))
    assert (regular.ad_hoc, ad_hoc.ad_hoc) == (False, True)
    assert ad_hoc.place_rank > regular.model_copy(update={"place_rank": 3}).place_rank
    assert len(regular.versions) == len(ad_hoc.versions) == 1
    assert snapshot_of(assigned, [texts("PROFILE_GREEN")], None).versions == ()
    later = NOON - timedelta(days=1)
    mixed = snapshot_of(assigned, [texts("REGULAR"), texts("AD_HOC_PAYMENT", later)], None)
    assert (mixed.ad_hoc, [each.valid_from for each in mixed.versions]) == (False, [LONG_AGO])
