"""Who gets a CDR, and who is told of a session."""

import pytest
from samples import (
    BEGIN,
    CHEAPER,
    COMPLETE_SESSION,
    FACTS,
    LATE,
    NOON,
    PARTIES,
    RESALE,
    RUNNING,
    SEND,
    SESSION_RATED,
    SESSION_RERATED,
    SESSION_STARTED,
)

from chassis.decider import EventContext, To
from ev_contracts.common import CommercialModel, MeterPoint, RelationKind
from ev_contracts.roaming import NoteSessionCost, PartnerSnapshot
from ev_contracts.sessions import SessionStarted
from roaming.policies import cdrs_of, on_running_cost, on_session_begun, on_session_rated

PARTNER = PartnerSnapshot(
    partner_id="NL-VLT-NL-EMO", party_id="NL-EMO", our_party_id="NL-VLT", status="registered", version=2
)
CONTEXT = EventContext(
    topic="pricing.rating.event.v1", key="volt/rating-1", tenant="volt", event_id="e", stream_version=1, time=NOON
)


class Partners:
    """A book with at most one partner."""

    def __init__(self, partner: PartnerSnapshot | None) -> None:
        self._partner = partner

    @property
    def partners(self) -> "Partners":
        return self

    def registered(self, *, tenant: str, our_party_id: str, party_id: str) -> PartnerSnapshot | None:
        known = self._partner
        same = known is not None and (known.our_party_id, known.party_id, tenant) == (our_party_id, party_id, "volt")
        return known if same else None


def test_a_registered_partner_gets_the_cdr_of_what_it_buys_under_an_id_that_a_retry_repeats() -> None:
    (once,) = cdrs_of(SESSION_RATED, CONTEXT, Partners(PARTNER))
    (again,) = cdrs_of(SESSION_RATED, CONTEXT, Partners(PARTNER))

    assert (
        once
        == again
        == To(key=f"volt/{once.command.cdr_id}", command=SEND.model_copy(update={"cdr_id": once.command.cdr_id}))
    )
    assert len(once.command.cdr_id) == 36


def test_a_changed_price_goes_to_where_the_first_cdr_stands_under_an_id_of_its_own() -> None:
    (first,) = cdrs_of(SESSION_RATED, CONTEXT, Partners(PARTNER))
    (again,) = cdrs_of(SESSION_RERATED, CONTEXT, Partners(PARTNER))

    changed = {"cdr_id": again.command.cdr_id, "rating": CHEAPER, "at": LATE, "revision": 1}
    assert again == To(key=first.key, command=SEND.model_copy(update=changed))
    assert again.command.cdr_id != first.command.cdr_id


def test_single_readings_stay_here() -> None:
    point = MeterPoint(at=NOON, energy_wh=0)
    told = SESSION_RATED.model_copy(update={"facts": SESSION_RATED.facts.model_copy(update={"curve": (point,)})})
    (asked,) = cdrs_of(told, CONTEXT, Partners(PARTNER))

    assert asked.command.facts == SESSION_RATED.facts


def test_a_buyer_without_a_connection_gets_none() -> None:
    assert cdrs_of(SESSION_RATED, CONTEXT, Partners(None)) == ()
    of_another = PARTNER.model_copy(update={"our_party_id": "NL-XYZ"})
    assert cdrs_of(SESSION_RATED, CONTEXT, Partners(of_another)) == ()


def test_only_what_an_emsp_buys_of_an_operator_is_a_cdr() -> None:
    sold = RESALE.model_copy(update={"kind": RelationKind.EMSP_TO_DRIVER})
    to_driver = SESSION_RATED.model_copy(
        update={"rating": SESSION_RATED.rating.model_copy(update={"relation": sold}), "parties": PARTIES}
    )
    assert cdrs_of(to_driver, CONTEXT, Partners(PARTNER)) == ()


SESSION_KEY = f"volt/{FACTS.session_id}"


class Pace:
    """Every two minutes."""

    session_pause_s = 120


def test_a_registered_partner_is_told_at_the_start_and_at_the_end_of_what_it_buys() -> None:
    begun = on_session_begun(SESSION_STARTED, CONTEXT, Partners(PARTNER))
    assert begun == [To(key=SESSION_KEY, command=BEGIN)]
    assert on_session_rated(SESSION_RATED, CONTEXT, Partners(PARTNER)) == [
        To(key=SESSION_KEY, command=COMPLETE_SESSION)
    ]


def test_of_what_it_costs_the_partner_so_far() -> None:
    noted = NoteSessionCost(
        at=RUNNING.measured_at, session_id=FACTS.session_id, energy_wh=2_100, total_excl_vat=RUNNING.total_excl_vat,
        total_incl_vat=RUNNING.total_incl_vat, pause_s=120,
    )  # fmt: skip
    assert on_running_cost(RUNNING, CONTEXT, Pace()) == [To(key=SESSION_KEY, command=noted)]


@pytest.mark.parametrize("kind", [RelationKind.EMSP_TO_DRIVER, RelationKind.CPO_TO_DRIVER])
def test_what_a_driver_pays_is_not_the_partners_business(kind: RelationKind) -> None:
    other = RESALE.model_copy(update={"kind": kind})
    assert on_running_cost(RUNNING.model_copy(update={"relation": other}), CONTEXT, Pace()) == ()
    sold = SESSION_RATED.model_copy(update={"rating": SESSION_RATED.rating.model_copy(update={"relation": other})})
    assert on_session_rated(sold, CONTEXT, Partners(PARTNER)) == ()


@pytest.mark.parametrize(
    "started",
    [
        SESSION_STARTED.model_copy(update={"place": None}),
        SESSION_STARTED.model_copy(update={"parties": None}),
        SESSION_STARTED.model_copy(update={"parties": PARTIES.model_copy(update={"emsp_party_id": None})}),
        SESSION_STARTED.model_copy(
            update={"parties": PARTIES.model_copy(update={"commercial_model": CommercialModel.DIRECT})}
        ),
    ],
)
def test_a_session_that_no_partner_is_known_to_buy_is_told_to_none(started: SessionStarted) -> None:
    assert on_session_begun(started, CONTEXT, Partners(PARTNER)) == ()


def test_a_buyer_without_a_connection_is_told_nothing() -> None:
    assert on_session_begun(SESSION_STARTED, CONTEXT, Partners(None)) == ()
    assert on_session_rated(SESSION_RATED, CONTEXT, Partners(None)) == ()


def test_a_correction_is_told_by_cdrs_alone() -> None:
    assert on_session_rated(SESSION_RERATED, CONTEXT, Partners(PARTNER)) == ()
