"""What a rated session asks of the books, with parties as the registry knows them."""

from collections.abc import Mapping

import pytest
import rated

from billing.domain.invoice import invoice
from billing.policies import entries_again, entries_of, invoices_of, notes_of, numbers_of
from chassis.decider import EventContext, To
from ev_contracts.assets import PartySnapshot
from ev_contracts.billing import InvoiceParty, RecordInvoice

CONTEXT = EventContext(
    topic="pricing.rating.event.v1", key="volt/r", tenant="volt", event_id="e", stream_version=1, time=rated.RATED
)
EVERYBODY = (rated.VOLT, rated.EMO, rated.OWN)


class Registry:
    """Parties by key."""

    def __init__(self, *parties: PartySnapshot) -> None:
        self.parties: Mapping[str, PartySnapshot] = {f"_/{each.party_id}": each for each in parties}


def test_a_resold_session_enters_the_sellers_and_the_buyers_book() -> None:
    seller, buyer = entries_of(rated.session_rated(), CONTEXT, Registry(*EVERYBODY))

    assert seller == To(key=f"volt/{seller.command.entry_id}", command=rated.post(entry_id=seller.command.entry_id))
    assert buyer.key == f"emo/{buyer.command.entry_id}"
    assert buyer.command == rated.post(entry_id=buyer.command.entry_id, side_of_book="buyer", book_tenant="emo")
    assert seller.command.entry_id != buyer.command.entry_id


def test_a_retry_asks_for_the_same_entries() -> None:
    facts = Registry(*EVERYBODY)
    assert entries_of(rated.session_rated(), CONTEXT, facts) == entries_of(rated.session_rated(), CONTEXT, facts)


def test_a_buyer_without_books_here_gets_no_entry() -> None:
    event = rated.session_rated(parties=rated.parties(emsp_tenant=None))
    (seller,) = entries_of(event, CONTEXT, Registry(*EVERYBODY))

    assert seller.command.side_of_book == "seller"


def test_what_a_driver_buys_enters_the_sellers_book_alone() -> None:
    (entry,) = entries_of(rated.session_rated(rated.TO_DRIVER), CONTEXT, Registry(*EVERYBODY))

    assert (entry.command.book_tenant, entry.command.same_legal_entity) == ("emo", False)


def test_legal_entities_are_compared_not_party_ids() -> None:
    one_house = Registry(rated.VOLT, rated.EMO.model_copy(update={"legal_entity_id": "kvk-1"}), rated.OWN)
    seller, _ = entries_of(rated.session_rated(), CONTEXT, one_house)

    assert seller.command.same_legal_entity is True


def test_an_owner_of_the_operators_house_is_recognised() -> None:
    one_house = Registry(rated.VOLT, rated.EMO, rated.OWN.model_copy(update={"legal_entity_id": "kvk-1"}))
    seller, _ = entries_of(rated.session_rated(), CONTEXT, one_house)

    assert seller.command.owner_same_legal_entity is True


def test_an_unknown_party_leaves_it_open() -> None:
    seller, _ = entries_of(rated.session_rated(), CONTEXT, Registry(rated.VOLT))

    assert seller.command.same_legal_entity is None


def test_a_held_entry_is_asked_for_again_with_the_parties_of_now() -> None:
    (again,) = entries_again(rated.entry_wanted(), CONTEXT, Registry(*EVERYBODY))

    assert again == To(key=CONTEXT.key, command=rated.post(entry_id=again.command.entry_id, at=rated.RATED))
    (first, _) = entries_of(rated.session_rated(), CONTEXT, Registry(rated.VOLT))
    assert again.command.entry_id == first.command.entry_id


def test_nothing_is_invoiced_by_who_does_not_know_the_parties_yet() -> None:
    with pytest.raises(LookupError, match="NL-EMO"):
        invoices_of(rated.wanted(), CONTEXT, Registry(rated.VOLT))


def test_a_rating_alone_is_not_invoiced() -> None:
    assert invoices_of(rated.session_rated(), CONTEXT, Registry(*EVERYBODY)) == ()


def test_the_seller_invoices_in_the_series_of_the_year_of_delivery() -> None:
    (asked,) = invoices_of(rated.wanted(), CONTEXT, Registry(*EVERYBODY))

    assert asked == To(key="volt/NL-VLT-2026", command=rated.issue())


def test_a_drivers_invoice_names_no_person() -> None:
    (asked,) = invoices_of(rated.wanted(rating=rated.rating(rated.TO_DRIVER)), CONTEXT, Registry(*EVERYBODY))

    assert asked.key == "emo/NL-EMO-2026"
    assert asked.command.buyer == InvoiceParty(ref="driver-1", legal_name="Private customer", country="NL")


def test_a_session_rated_anew_goes_to_where_it_stands_already() -> None:
    facts = Registry(*EVERYBODY)
    first = entries_of(rated.session_rated(), CONTEXT, facts)
    again = entries_of(rated.session_rerated(net=236, vat=50), CONTEXT, facts)

    assert [each.key for each in again] == [each.key for each in first]
    seller, _ = again
    assert seller.command == rated.corrected(net=236, vat=50, entry_id=seller.command.entry_id)
    assert len({each.command.entry_id for each in (*first, *again)}) == 4


def test_a_held_correction_is_asked_for_again_as_a_correction() -> None:
    (seller, _) = entries_of(rated.session_rerated(net=236, vat=50), CONTEXT, Registry(rated.VOLT))
    held = seller.command.model_dump(exclude={"same_legal_entity", "owner_same_legal_entity"})
    (again,) = entries_again(rated.entry_wanted(**held), CONTEXT, Registry(*EVERYBODY))

    assert again.command == seller.command.model_copy(update={"same_legal_entity": False})


def test_notes_count_in_a_series_of_their_own_by_the_year_they_are_due() -> None:
    cheaper = rated.corrected(net=236, vat=50)
    (asked,) = notes_of(rated.note_wanted(cheaper), CONTEXT, Registry(*EVERYBODY))

    assert asked == To(key="volt/NL-VLT-N-2026", command=rated.issue_note(cheaper))


def test_a_note_is_not_issued_by_who_does_not_know_the_parties_yet() -> None:
    with pytest.raises(LookupError, match="NL-EMO"):
        notes_of(rated.note_wanted(rated.corrected(net=236, vat=50)), CONTEXT, Registry(rated.VOLT))


def test_the_number_of_an_invoice_goes_to_the_sellers_entry() -> None:
    (seller, _) = entries_of(rated.session_rated(), CONTEXT, Registry(*EVERYBODY))
    decided = invoice.decide(rated.issue(), invoice.initial)
    assert isinstance(decided, list)
    (number,) = numbers_of(decided[0], CONTEXT, None)

    recorded = RecordInvoice(at=rated.RATED, rating_id="rating-1", invoice_number="NL-VLT-2026-000001")
    assert number == To(key=seller.key, command=recorded)
