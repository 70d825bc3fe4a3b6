"""A tariff that makes no sense is refused with the reason and the place."""

from decimal import Decimal
from typing import Any

import pytest
from priced import ENERGY, FLAT, LONG_AGO, NOON, assign, at, component, publish

from chassis.decider import Refused
from chassis.testing import Scenario
from ev_contracts.common import DayOfWeek, IdleFee, PriceLimit, TariffElement, TariffRestrictions, TaxIncluded, TaxRate
from ev_contracts.pricing import RetireTariff, TariffPublished, TariffRetired
from pricing.domain.tariff import hash_of, tariff


def restricted(**restrictions: Any) -> dict[str, Any]:
    told = TariffRestrictions.model_validate(restrictions)
    return {"elements": (TariffElement(components=(FLAT,)), TariffElement(components=(ENERGY,), restrictions=told))}


IN_SECOND = "/elements/1/restrictions"
SALES_TAX = TaxRate(name="GST", percent=Decimal(5))


@pytest.mark.parametrize(
    ("changes", "reason", "place"),
    [
        (restricted(start_time="25:00"), "time-invalid", f"{IN_SECOND}/start_time"),
        (restricted(end_time="24:01"), "time-invalid", f"{IN_SECOND}/end_time"),
        (restricted(start_time="9:00"), "time-invalid", f"{IN_SECOND}/start_time"),
        (restricted(start_time="09:00", end_time="09:00"), "restriction-never-holds", f"{IN_SECOND}/end_time"),
        (restricted(start_date="2026-02-30"), "date-invalid", f"{IN_SECOND}/start_date"),
        (
            restricted(start_date="2026-03-01", end_date="2026-03-01"),
            "restriction-never-holds",
            f"{IN_SECOND}/end_date",
        ),
        (restricted(day_of_week=[DayOfWeek.MONDAY] * 2), "weekday-invalid", f"{IN_SECOND}/day_of_week"),
        (
            restricted(min_energy_wh=5, max_energy_wh=5),
            "restriction-never-holds",
            f"{IN_SECOND}/max_energy_wh",
        ),
        (restricted(max_power_w=0), "restriction-never-holds", f"{IN_SECOND}/max_power_w"),
        (restricted(min_duration_s=-1), "restriction-out-of-range", f"{IN_SECOND}/min_duration_s"),
        (restricted(reservation="RESERVATION"), "reservation-of-another-kind", "/elements/1/components/0"),
        ({"elements": (TariffElement(),)}, "no-components", "/elements/0/components"),
        ({"components": (ENERGY,), **restricted()}, "components-told-twice", "/components"),
        ({"max_price": PriceLimit()}, "limit-empty", "/max_price"),
        ({"min_price": PriceLimit(excl_vat=Decimal(-1))}, "price-negative", "/min_price/excl_vat"),
        (
            {"min_price": PriceLimit(excl_vat=Decimal(2)), "max_price": PriceLimit(excl_vat=Decimal(1))},
            "limits-contradict",
            "/max_price/excl_vat",
        ),
        (
            {"max_price": PriceLimit(excl_vat=Decimal(2), incl_vat=Decimal(1))},
            "limits-contradict",
            "/max_price/incl_vat",
        ),
        ({"tariff_type": "CHEAP"}, "tariff-type-unknown", "/tariff_type"),
        ({"tax_included": TaxIncluded.UNKNOWN}, "tax-included-unknown", "/tax_included"),
        ({"valid_until": LONG_AGO}, "never-valid", "/valid_until"),
        ({"components": (ENERGY.model_copy(update={"price": Decimal(10) ** 9}),)}, "price-out-of-range", "/price"),
        ({"components": (ENERGY.model_copy(update={"taxes": (SALES_TAX,)}),)}, "tax-told-twice", "/taxes"),
        ({"idle_fee": IdleFee(price=Decimal(-1))}, "price-negative", "/idle_fee/price"),
        ({"idle_fee": IdleFee(price=Decimal(1), grace_s=-1)}, "grace-out-of-range", "/idle_fee/grace_s"),
        ({"idle_fee": IdleFee(price=Decimal(1), free_from="22:00")}, "window-open", "/idle_fee"),
        (
            {"idle_fee": IdleFee(price=Decimal(1), free_from="22:00", free_until="22:00")},
            "restriction-never-holds",
            "/idle_fee/free_until",
        ),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_place(changes: dict[str, Any], reason: str, place: str) -> None:
    command = publish(**changes)
    if "elements" in changes and "components" not in changes:
        command = command.model_copy(update={"components": ()})
    refused = tariff.decide(command, tariff.initial)
    assert isinstance(refused, Refused)
    assert refused.reason == reason
    assert place in refused.detail


def test_included_taxes_must_be_named() -> None:
    command = publish(component("ENERGY", "1", vat_permille=None), tax_included=TaxIncluded.YES)
    Scenario(tariff).given().when(command).then_refused("tax-rate-missing")


def test_what_was_not_said_before_leaves_the_hash_as_it_was() -> None:
    assert hash_of(publish(tariff_type="REGULAR")) == hash_of(publish())
    others = [
        publish(**changes)
        for changes in (
            {"tariff_type": "AD_HOC_PAYMENT"},
            {"idle_fee": IdleFee(price=Decimal(1))},
            {"idle_fee": IdleFee(price=Decimal(2))},
            {"max_price": PriceLimit(excl_vat=Decimal(1))},
            restricted(start_time="17:00") | {"components": ()},
            restricted(start_time="18:00") | {"components": ()},
        )
    ]
    assert len({hash_of(each) for each in (publish(), *others)}) == len(others) + 1


def published() -> TariffPublished:
    events = tariff.decide(publish(), tariff.initial)
    assert not isinstance(events, Refused)
    (event,) = events
    assert isinstance(event, TariffPublished)
    return event


def retire(**changes: Any) -> RetireTariff:
    fields = {"at": NOON, "tariff_id": "wholesale", "seller_party_id": "NL-VLT", "retires_at": at(60)}
    return RetireTariff(**{**fields, **changes})


def test_a_retired_tariff_takes_no_version_and_no_assignment() -> None:
    retired = TariffRetired(tariff_id="wholesale", retires_at=at(60), retired_at=NOON)
    scenario = Scenario(tariff).given(published()).when(retire()).then(retired)
    scenario.when(retire(retires_at=at(90))).then_nothing()
    scenario.when(publish(component("ENERGY", "0.99"))).then_refused("tariff-retired")
    scenario.when(assign()).then_refused("tariff-retired")


@pytest.mark.parametrize(
    ("command", "reason"),
    [(retire(seller_party_id="NL-EMO"), "seller-not-issuer"), (retire(retires_at=at(-1)), "retired-in-the-past")],
)
def test_only_the_seller_retires_and_never_backwards(command: RetireTariff, reason: str) -> None:
    Scenario(tariff).given(published()).when(command).then_refused(reason)


def test_nothing_is_retired_before_it_is_published() -> None:
    Scenario(tariff).given().when(retire()).then_refused("tariff-unknown")


def test_a_connector_counts_in_its_station() -> None:
    Scenario(tariff).given(published()).when(assign(connector_number=1)).then_refused("connector-of-no-station")


def test_the_snapshots_of_a_retired_tariff_say_so() -> None:
    before = Scenario(tariff).given(published()).state
    retired = TariffRetired(tariff_id="wholesale", retires_at=at(60), retired_at=NOON)
    after = Scenario(tariff).given(published(), retired).state
    assert [each.record.retires_at for each in tariff.snapshots(before, after)] == [at(60)]
