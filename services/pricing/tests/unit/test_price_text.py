"""A price in words: what a driver pays with its taxes, and when, in each language; anew with each version."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from priced import ENERGY, FLAT, LONG_AGO, NOON, assign, component, publish

from chassis.testing import Scenario
from ev_contracts.common import (
    DayOfWeek,
    FeedPrice,
    IdleFee,
    PriceComponent,
    PriceLimit,
    RelationKind,
    ReservationRestriction,
    TariffElement,
    TariffRestrictions,
    TaxIncluded,
)
from ev_contracts.pricing import PriceTextSnapshot, RetireTariff, TariffAssigned, TariffPublished
from pricing.domain.price_text import MOST_BEGUN, MOST_CHARACTERS, MOST_TO_COME, texts_of
from pricing.domain.tariff import tariff, version_of

TOPIC = "pricing.price-text.snapshot.v1"


def texts(*components: PriceComponent, **changes: Any) -> dict[str, str]:
    command = publish(*components, **changes)
    return {each.language: each.text for each in texts_of(version_of(command, number=1))}


def element(price: str, **restrictions: Any) -> TariffElement:
    held = TariffRestrictions(**restrictions) if restrictions else None
    return TariffElement(components=(component("ENERGY", price),), restrictions=held)


def test_a_price_is_told_with_its_taxes_in_each_language() -> None:
    assert texts(ENERGY, FLAT) == {
        "en": "0.4235 EUR per kWh; 0.3025 EUR per session; taxes included",
        "de": "0,4235 EUR je kWh; 0,3025 EUR je Ladevorgang; inkl. Steuern",
        "fr": "0,4235 EUR par kWh; 0,3025 EUR par session; taxes comprises",
        "nl": "0,4235 EUR per kWh; 0,3025 EUR per sessie; incl. belastingen",
    }


@pytest.mark.parametrize(
    ("price", "included", "told"),
    [
        ("0.50", TaxIncluded.NO, "0.605 EUR per kWh; taxes included"),
        ("0.50", TaxIncluded.YES, "0.50 EUR per kWh; taxes included"),
        ("0.50", TaxIncluded.NOT_APPLICABLE, "0.50 EUR per kWh"),
        ("0.33333", TaxIncluded.YES, "0.3333 EUR per kWh; taxes included"),
        ("2", TaxIncluded.YES, "2.00 EUR per kWh; taxes included"),
    ],
)
def test_a_price_that_holds_its_taxes_is_told_as_it_is(price: str, included: TaxIncluded, told: str) -> None:
    assert texts(component("ENERGY", price), tax_included=included)["en"] == told


def test_a_currency_without_a_minor_unit_has_no_decimals() -> None:
    told = texts(component("ENERGY", "60"), currency="JPY", tax_included=TaxIncluded.YES)
    assert told["en"] == "60 JPY per kWh; taxes included"


def test_when_a_price_holds_stands_beside_it_and_what_else_holds_after_it() -> None:
    weekdays = (DayOfWeek.MONDAY, DayOfWeek.TUESDAY)
    day = element("0.50", start_time="08:00", end_time="20:00", day_of_week=weekdays)
    told = texts(elements=(day, element("0.25", min_power_w=1_500), element("0.30")))
    assert told["en"] == (
        "0.605 EUR per kWh, from 08:00 until 20:00, Monday or Tuesday; 0.3025 EUR per kWh, from 1.5 kW; "
        "0.363 EUR per kWh, otherwise; taxes included"
    )
    assert told["de"] == (
        "0,605 EUR je kWh, ab 08:00 bis 20:00, Montag oder Dienstag; 0,3025 EUR je kWh, ab 1,5 kW; "
        "0,363 EUR je kWh, sonst; inkl. Steuern"
    )


def test_an_idle_fee_tells_its_grace_and_its_cap() -> None:
    fee = IdleFee(price=Decimal(6), vat_permille=210, grace_s=900, at_most=Decimal(12))
    assert texts(ENERGY, idle_fee=fee)["en"] == (
        "7.26 EUR per hour of parking, idle for 15 min and more, at most 14.52 EUR; 0.4235 EUR per kWh; taxes included"
    )


def test_limits_are_told_with_taxes_where_they_are_known() -> None:
    least, most = PriceLimit(excl_vat=Decimal(1)), PriceLimit(incl_vat=Decimal(60))
    assert texts(ENERGY, min_price=least, max_price=most)["en"] == (
        "0.4235 EUR per kWh; in all at least 1.00 EUR without taxes; in all at most 60.00 EUR; taxes included"
    )


def test_a_price_that_follows_a_feed_says_so_and_what_holds_where_it_is_silent() -> None:
    fed = FeedPrice(
        feed_id="day-ahead",
        markup_percent=Decimal(0),
        addition=Decimal(0),
        fallback=Decimal("0.40"),
        vat_permille=210,
    )
    assert texts(FLAT, feed_price=fed)["nl"] == (
        "marktprijs per kWh; 0,484 EUR per kWh, anders; 0,3025 EUR per sessie; incl. belastingen"
    )


def test_what_costs_nothing_is_free_and_a_reservation_is_none_of_it() -> None:
    free = component("ENERGY", "0", vat_permille=None)
    assert texts(free)["fr"] == "gratuit"
    held = TariffElement(
        components=(component("TIME", "3"),),
        restrictions=TariffRestrictions(reservation=ReservationRestriction.RESERVATION),
    )
    assert texts(elements=(held, element("0.35")))["en"] == "0.4235 EUR per kWh; taxes included"


def test_no_text_is_longer_than_a_station_can_show() -> None:
    hours = [element("0.50", start_time=f"{hour:02}:00", end_time=f"{hour + 1:02}:00") for hour in range(23)]
    told = texts(elements=tuple(hours))
    for text in told.values():
        assert len(text) <= MOST_CHARACTERS
        assert text.endswith(":00 …")
    assert told["en"].startswith("0.605 EUR per kWh, from 00:00 until 01:00; ")


def published(number: int = 1, *components: PriceComponent, **changes: Any) -> TariffPublished:
    version = version_of(publish(*components, **changes), number=number)
    return TariffPublished(tariff=version, name="Public", published_at=NOON)


def assigned(**changes: Any) -> TariffAssigned:
    fields = {"relation": RelationKind.CPO_TO_DRIVER, "seller_party_id": "NL-VLT", "buyer_party_id": None}
    return TariffAssigned(**assign(**{**fields, **changes}).model_dump(exclude={"at"}), assigned_at=NOON)


def told(*history: Any, then: Any) -> list[PriceTextSnapshot]:
    before = Scenario(tariff).given(*history).state
    after = tariff.evolve(before, then)
    return [each.record for each in tariff.snapshots(before, after) if each.topic == TOPIC]


def test_each_assignment_to_drivers_is_told_as_it_is_made() -> None:
    [text] = told(published(1, ENERGY), then=assigned(station_id="NLVOLT0001", ad_hoc=True))
    assert (text.place_rank, text.audience_rank, text.station_id, text.ad_hoc) == (2, 1, "NLVOLT0001", True)
    [version] = text.versions
    assert (version.version, version.valid_from, version.currency) == (1, LONG_AGO, "EUR")
    assert version.texts[0].text == "0.4235 EUR per kWh; taxes included"
    assert told(published(), then=assigned(relation=RelationKind.CPO_TO_EMSP)) == []


def test_a_new_version_and_a_retirement_tell_all_assignments_anew() -> None:
    history = (published(1, ENERGY), assigned(), assigned(assignment_id="second"))
    dearer = told(*history, then=published(2, component("ENERGY", "0.40")))
    assert [[each.version for each in text.versions] for text in dearer] == [[1, 2], [1, 2]]
    command = RetireTariff(tariff_id=publish().tariff_id, seller_party_id="NL-VLT", at=NOON, retires_at=NOON)
    [retired] = tariff.decide(command, Scenario(tariff).given(*history).state)  # type: ignore[misc]  # it is not refused
    assert [text.retires_at for text in told(*history, then=retired)] == [NOON, NOON]


def test_the_last_versions_that_have_begun_and_the_next_to_come_are_told() -> None:
    moments = [NOON + timedelta(days=number) for number in range(-10, 30)]
    history = [published(number, ENERGY, valid_from=at) for number, at in enumerate(moments, start=1)]
    [text] = told(*history, then=assigned())
    told_from = [each.valid_from for each in text.versions]
    assert told_from == moments[11 - MOST_BEGUN : 11 + MOST_TO_COME]
