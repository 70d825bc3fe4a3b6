"""What enters a book, and what is held instead."""

from datetime import timedelta
from typing import Any

import pytest
import rated
from hypothesis import given
from hypothesis import strategies as st

from billing.domain import entry
from billing.domain.posting import posting
from chassis.testing import Scenario
from ev_contracts.billing import (
    EntryPosted,
    EntryRefused,
    EntryWanted,
    PostEntry,
    PostingDeadlinePassed,
    PostingLine,
    Side,
)
from ev_contracts.common import CommercialModel, LineScope


def debit(account: str, amount: int, party: str | None = None) -> PostingLine:
    return PostingLine(account=account, side=Side.DEBIT, amount_minor=amount, currency="EUR", party_id=party)


def credit(account: str, amount: int, party: str | None = None) -> PostingLine:
    return PostingLine(account=account, side=Side.CREDIT, amount_minor=amount, currency="EUR", party_id=party)


def posted(command: PostEntry) -> EntryPosted:
    events = posting.decide(command, posting.initial)
    assert isinstance(events, list)
    event, *_ = events
    assert isinstance(event, EntryPosted), event
    return event


def held(command: PostEntry, reason: str) -> None:
    refused = EntryRefused(entry_id="entry-1", session_id="session-1", reason=reason, at=rated.RATED)
    Scenario(posting).when(command).then(refused).when(command).then_nothing()


def test_the_seller_books_a_receivable_revenue_vat_and_the_owners_share() -> None:
    assert posted(rated.post()) == EntryPosted(
        entry_id="entry-1", book_tenant="volt", book_party_id="NL-VLT", session_id="session-1", rating_id="rating-1",
        relation=rated.RESALE, model=CommercialModel.RESALE, booked_at=rated.RATED, session_ended_at=rated.ONE,
        currency="EUR",
        lines=(
            debit("receivable", 507, "NL-EMO"), credit("revenue", 436, "NL-EMO"), credit("vat-payable", 71),
            # 12.5 % of 436 is 54.5: half-even gives 54.
            debit("owner-share", 54, "NL-OWN"), credit("owner-payable", 54, "NL-OWN"),
        ),
        net_minor=436, vat_minor=71, gross_minor=507, owner_party_id="NL-OWN", owner_share_permille=125,
        owner_share_minor=54, ownership_contract_id="own-1", ownership_contract_version=1, energy_wh=8_400,
        meter_start_wh=1_000, meter_stop_wh=9_400, started_at=rated.NOON, place=rated.PLACE, tariff_id="day",
        tariff_version=3, same_legal_entity=False,
    )  # fmt: skip


def test_a_session_enters_a_book_once_and_is_invoiced_once() -> None:
    command = rated.post()
    Scenario(posting).when(command).then(posted(command), rated.wanted()).when(command).then_nothing()


def test_only_the_sellers_book_asks_for_an_invoice_and_none_within_one_legal_entity() -> None:
    bought = rated.post(side_of_book="buyer", book_tenant="emo")
    Scenario(posting).when(bought).then(posted(bought))
    allocated = rated.post(same_legal_entity=True)
    Scenario(posting).when(allocated).then(posted(allocated))


def test_the_buyer_books_a_purchase_and_no_owners_share() -> None:
    event = posted(rated.post(side_of_book="buyer", book_tenant="emo"))

    assert (event.book_tenant, event.book_party_id, event.owner_share_minor) == ("emo", "NL-EMO", None)
    assert event.lines == (
        debit("purchase", 436, "NL-VLT"),
        debit("vat-receivable", 71),
        credit("payable", 507, "NL-VLT"),
    )


def test_within_one_legal_entity_it_is_allocated_without_vat_and_both_books_sum_to_zero() -> None:
    alone = rated.parties(owner_party_id=None, owner_share_permille=None)
    seller = posted(rated.post(same_legal_entity=True, parties=alone))
    buyer = posted(rated.post(same_legal_entity=True, parties=alone, side_of_book="buyer", book_tenant="emo"))

    assert seller.lines == (debit("allocation", 436, "NL-EMO"), credit("revenue", 436, "NL-EMO"))
    assert buyer.lines == (debit("purchase", 436, "NL-VLT"), credit("allocation", 436, "NL-VLT"))
    assert (seller.vat_minor, seller.gross_minor) == (0, 436)


def test_an_owner_of_the_operators_legal_entity_is_allocated_his_share() -> None:
    event = posted(rated.post(owner_same_legal_entity=True))

    assert event.lines[-2:] == (debit("owner-share", 54, "NL-OWN"), credit("allocation", 54, "NL-OWN"))


def test_an_operator_that_owns_the_stations_owes_itself_nothing() -> None:
    event = posted(rated.post(parties=rated.parties(owner_party_id="NL-VLT")))

    assert [line.account for line in event.lines] == ["receivable", "revenue", "vat-payable"]
    assert event.owner_share_minor is None


def test_the_service_provider_who_sells_owes_the_owner_nothing() -> None:
    event = posted(rated.post(rating=rated.rating(rated.TO_DRIVER), book_tenant="emo"))

    assert event.lines == (debit("receivable", 507), credit("revenue", 436), credit("vat-payable", 71))


def test_a_free_session_is_an_entry_without_lines() -> None:
    event = posted(rated.post(rating=rated.rating(lines=())))

    assert (event.lines, event.gross_minor) == ((), 0)


def test_a_rating_that_does_not_add_up_is_held() -> None:
    held(rated.post(rating=rated.rating(total_incl_vat=rated.euro(508))), "totals-do-not-add-up")
    more = rated.rating(total_excl_vat=rated.euro(437), total_incl_vat=rated.euro(508))
    held(rated.post(rating=more), "lines-do-not-give-the-totals")


def test_two_currencies_in_one_rating_are_held() -> None:
    kroner = rated.euro(71).model_copy(update={"currency": "SEK"})
    held(rated.post(rating=rated.rating(total_vat=kroner)), "mixed-currencies")


def test_a_price_below_zero_is_held() -> None:
    credit_line = rated.ENERGY_LINE.model_copy(update={"excl_vat": rated.euro(-1), "vat": rated.euro(0)})
    held(rated.post(rating=rated.rating(lines=(credit_line,))), "negative-amount")


@pytest.mark.parametrize("scope", [LineScope.PRICE_LIMIT, LineScope.DISCOUNT, LineScope.ALLOWANCE])
def test_what_a_maximum_price_or_a_plan_takes_back_is_a_line_below_zero(scope: LineScope) -> None:
    capped = rated.ENERGY_LINE.model_copy(update={"excl_vat": rated.euro(-36), "vat": rated.euro(-7), "scope": scope})
    event = posted(rated.post(rating=rated.rating(lines=(rated.ENERGY_LINE, capped))))
    assert (event.net_minor, event.vat_minor, event.gross_minor) == (300, 64, 364)
    assert entry.imbalance(event.lines) == {}
    held(rated.post(rating=rated.rating(lines=(capped,))), "negative-amount")


def refused_for_now(command: PostEntry) -> EntryRefused:
    needed = ("rating", "facts", "place", "parties", "book_tenant", "side_of_book")
    kept = {name: getattr(command, name) for name in needed}
    refused = EntryRefused(entry_id="entry-1", session_id="session-1", reason="party-unknown", at=rated.RATED)
    return refused.model_copy(update=kept)


def due(after: timedelta) -> PostingDeadlinePassed:
    at = rated.RATED + after
    return PostingDeadlinePassed(at=at, name="try-again", due_at=at)


def test_an_unknown_party_holds_the_entry_until_it_is_known() -> None:
    unknown, known = rated.post(same_legal_entity=None), rated.post()
    story = Scenario(posting).when(unknown).then(refused_for_now(unknown)).when(unknown).then_nothing()
    at = rated.RATED + timedelta(minutes=1)
    story.when(due(timedelta(minutes=1))).then(rated.entry_wanted(at=at))
    story.when(unknown).then_nothing().when(known).then(posted(known), rated.wanted()).when(known).then_nothing()


def test_what_is_held_is_tried_ever_more_rarely_and_what_cannot_mend_is_not() -> None:
    unknown = rated.post(same_legal_entity=None)
    tries: list[EntryRefused | EntryWanted] = [
        refused_for_now(unknown),
        *(rated.entry_wanted(attempt=attempt) for attempt in (1, 2, 30)),
    ]
    pauses = []
    state: Any = posting.initial
    for event in tries:
        state = posting.evolve(state, event)
        (deadline,) = posting.deadlines(state)
        pauses.append((deadline.due_at - rated.RATED) // timedelta(minutes=1))
    assert pauses == [1, 2, 4, 60]
    final = EntryRefused(entry_id="entry-1", session_id="session-1", reason="no-buyer", at=rated.RATED)
    assert posting.deadlines(posting.evolve(posting.initial, final)) == []


def test_a_party_that_turns_up_does_not_hide_another_fault() -> None:
    unknown, other = rated.post(same_legal_entity=None), rated.post(book_tenant="emo")
    refused = EntryRefused(entry_id="entry-1", session_id="session-1", reason="not-the-sellers-book", at=rated.RATED)
    Scenario(posting).given(refused_for_now(unknown)).when(other).then(refused).when(rated.post()).then_nothing()


def test_a_session_nobody_buys_is_held() -> None:
    nobody = rated.DIRECT.model_copy(update={"buyer_ref": None})
    held(rated.post(rating=rated.rating(nobody)), "no-buyer")


def test_the_book_must_be_the_sellers_or_the_buyers() -> None:
    held(rated.post(book_tenant="emo"), "not-the-sellers-book")
    held(rated.post(side_of_book="left"), "unknown-side-of-book")
    held(rated.post(rating=rated.rating(rated.DIRECT), side_of_book="buyer"), "buyer-keeps-no-books")


def test_a_share_above_the_whole_is_held() -> None:
    held(rated.post(parties=rated.parties(owner_share_permille=1001)), "share-out-of-range")


@given(
    net=st.integers(0, 10**9), vat=st.integers(0, 10**9), permille=st.integers(0, 1000), one_entity=st.booleans(),
    side=st.sampled_from([entry.SELLER, entry.BUYER]),
)  # fmt: skip
def test_every_entry_balances_and_has_only_positive_lines(
    *, net: int, vat: int, permille: int, one_entity: bool, side: str
) -> None:
    line = rated.ENERGY_LINE.model_copy(update={"excl_vat": rated.euro(net), "vat": rated.euro(vat)})
    command = rated.post(
        rating=rated.rating(lines=(line,)), parties=rated.parties(owner_share_permille=permille),
        same_legal_entity=one_entity, side_of_book=side, book_tenant="volt" if side == entry.SELLER else "emo",
    )  # fmt: skip
    event = posted(command)

    assert entry.imbalance(event.lines) == {}
    assert all(each.amount_minor > 0 for each in event.lines)
    assert event.gross_minor == event.net_minor + event.vat_minor
