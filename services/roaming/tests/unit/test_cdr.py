"""A CDR is due once and has one outcome; its JSON is OCPI 2.2.1's and its figures are the invoice's."""

from decimal import Decimal

from samples import CONNECTOR, FACTS, RATED, RATING, SEND, SITE, TARIFF

from chassis.testing import Scenario
from ev_contracts.roaming import (
    CdrCorrectionDue,
    CdrRejected,
    CdrSendRequested,
    CdrSent,
    ReportCdrRejected,
    ReportCdrSent,
    SendCdr,
)
from roaming.domain.cdr import cdr
from roaming.domain.cdr_json import CdrFacts, CdrToken, cdr_of

REQUESTED = CdrSendRequested(
    **SEND.model_dump(exclude={"at"}), session_id=FACTS.session_id, requested_at=RATED
)  # fmt: skip
SENT_REPORT = ReportCdrSent(at=RATED, cdr_id="cdr-1", location_url="https://ocpi.emo.example/cdrs/1")
SENT = CdrSent(
    cdr_id="cdr-1", partner_id="NL-VLT-NL-EMO", session_id=FACTS.session_id,
    location_url="https://ocpi.emo.example/cdrs/1", sent_at=RATED,
)  # fmt: skip
NO_REPORT = ReportCdrRejected(at=RATED, cdr_id="cdr-1", status_code=2001, status_message="no such token")
REJECTED = CdrRejected(
    cdr_id="cdr-1", partner_id="NL-VLT-NL-EMO", session_id=FACTS.session_id, status_code=2001,
    status_message="no such token", rejected_at=RATED,
)  # fmt: skip
CDR_FACTS = CdrFacts(
    token=CdrToken(uid="04A1B2C3", type="RFID", contract_id="NL-EMO-C00000001-1"), site=SITE, connector=CONNECTOR,
    tariff=TARIFF,
)  # fmt: skip


def test_a_cdr_is_asked_for_once() -> None:
    Scenario(cdr).when(SEND).then(REQUESTED).when(SEND).then_nothing()


def test_the_first_outcome_stands() -> None:
    due = Scenario(cdr).given(REQUESTED)
    due.when(SENT_REPORT).then(SENT).when(SENT_REPORT).then_nothing().when(NO_REPORT).then_nothing()
    due.when(NO_REPORT).then(REJECTED).when(SENT_REPORT).then_nothing().when(SEND).then_nothing()


def reported(cdr_id: str) -> tuple[ReportCdrSent, CdrSent]:
    """The partner takes it."""
    return (
        ReportCdrSent(at=RATED, cdr_id=cdr_id),
        CdrSent(cdr_id=cdr_id, partner_id="NL-VLT-NL-EMO", session_id=FACTS.session_id, sent_at=RATED),
    )


def refused(cdr_id: str) -> tuple[ReportCdrRejected, CdrRejected]:
    """The partner says no for good."""
    return NO_REPORT.model_copy(update={"cdr_id": cdr_id}), REJECTED.model_copy(update={"cdr_id": cdr_id})


def correction(revision: int) -> tuple[SendCdr, CdrCorrectionDue, CdrSendRequested]:
    """A changed price: the command, what it makes true, and the CDR that says it."""
    command = SEND.model_copy(update={"cdr_id": f"cdr-1-{revision}", "revision": revision})
    due = CdrCorrectionDue(**command.model_dump(exclude={"at"}), session_id=FACTS.session_id, noted_at=RATED)
    requested = REQUESTED.model_copy(update={"cdr_id": command.cdr_id, "revision": revision})
    return command, due, requested


def credit_of(standing: CdrSendRequested) -> CdrSendRequested:
    return standing.model_copy(update={"cdr_id": f"{standing.cdr_id}-C", "credit_reference_id": standing.cdr_id})


def test_a_changed_price_is_credited_first_and_told_under_a_new_id_once_the_credit_is_taken() -> None:
    command, due, requested = correction(1)
    credit_report, credit_sent = reported("cdr-1-C")
    taken = Scenario(cdr).given(REQUESTED, SENT)

    credited = taken.when(command).then(due, credit_of(REQUESTED))
    credited.when(command).then_nothing().when(SEND).then_nothing()
    done = credited.when(credit_report).then(credit_sent, requested)
    done.when(credit_report).then_nothing().when(command).then_nothing()


def test_a_price_that_changes_before_the_partner_answered_waits_for_the_answer() -> None:
    command, due, _ = correction(1)
    due_still = Scenario(cdr).given(REQUESTED).when(command).then(due)

    due_still.when(SENT_REPORT).then(SENT, credit_of(REQUESTED))


def test_a_partner_that_refused_the_first_is_told_the_right_one_without_a_credit() -> None:
    command, due, requested = correction(1)
    Scenario(cdr).given(REQUESTED).when(command).then(due).when(NO_REPORT).then(REJECTED, requested)
    Scenario(cdr).given(REQUESTED, REJECTED).when(command).then(due, requested)


def test_of_several_changes_while_the_partner_is_away_it_is_told_the_latest() -> None:
    (first, first_due, _), (second, second_due, latest) = correction(1), correction(2)
    credit_report, credit_sent = reported("cdr-1-C")
    away = Scenario(cdr).given(REQUESTED).when(first).then(first_due).when(second).then(second_due)

    told = away.when(SENT_REPORT).then(SENT, credit_of(REQUESTED)).when(credit_report).then(credit_sent, latest)
    report, sent = reported(latest.cdr_id)
    third, third_due, _ = correction(3)
    told.when(report).then(sent).when(third).then(third_due, credit_of(latest))


def test_a_credit_that_is_refused_for_good_is_not_followed_by_a_second_bill() -> None:
    command, due, _ = correction(1)
    report, rejected = refused("cdr-1-C")
    kept = Scenario(cdr).given(REQUESTED, SENT, due, credit_of(REQUESTED)).when(report).then(rejected)

    kept.when(command).then_nothing()
    again, again_due, _ = correction(2)
    kept.when(again).then(again_due, credit_of(REQUESTED))


def test_a_credit_cdr_negates_the_total_cost_and_copies_the_rest() -> None:
    credit, plain = cdr_of(credit_of(REQUESTED), CDR_FACTS), cdr_of(REQUESTED, CDR_FACTS)

    assert credit == {
        **plain, "id": "cdr-1-C", "credit": True, "credit_reference_id": "cdr-1",
        "total_cost": {"excl_vat": Decimal("-4.36"), "incl_vat": Decimal("-5.07")},
    }  # fmt: skip


def test_an_outcome_of_an_unknown_cdr_is_refused() -> None:
    Scenario(cdr).when(SENT_REPORT).then_refused("unknown-cdr")


def test_the_json_is_the_session_under_the_invoices_figures() -> None:
    assert cdr_of(REQUESTED, CDR_FACTS) == {
        "country_code": "NL",
        "party_id": "VLT",
        "id": "cdr-1",
        "start_date_time": "2026-11-20T12:00:00Z",
        "end_date_time": "2026-11-20T13:00:00Z",
        "session_id": FACTS.session_id,
        "cdr_token": {
            "country_code": "NL", "party_id": "EMO", "uid": "04A1B2C3", "type": "RFID",
            "contract_id": "NL-EMO-C00000001-1",
        },
        "auth_method": "WHITELIST",
        "cdr_location": {
            "id": "utrecht-1", "name": "Utrecht Centraal", "address": "Stationsplein 1", "city": "Utrecht",
            "postal_code": "3511 ED", "country": "NLD",
            "coordinates": {"latitude": "52.089444", "longitude": "5.110278"},
            "evse_uid": "VLT-0001-1", "evse_id": "NL*VLT*E1", "connector_id": "1",
            "connector_standard": "IEC_62196_T2", "connector_format": "SOCKET", "connector_power_type": "AC_3_PHASE",
        },
        "currency": "EUR",
        "tariffs": [
            {
                "country_code": "NL", "party_id": "VLT", "id": "day", "currency": "EUR",
                "elements": [
                    {
                        "price_components": [
                            {"type": "ENERGY", "price": Decimal("0.4"), "vat": Decimal(21), "step_size": 1},
                            {"type": "PARKING_TIME", "price": Decimal(3), "step_size": 300},
                        ]
                    }
                ],
                "last_updated": "2026-01-01T00:00:00Z",
            }
        ],
        "charging_periods": [
            {
                "start_date_time": "2026-11-20T12:00:00Z", "tariff_id": "day",
                "dimensions": [
                    {"type": "ENERGY", "volume": Decimal("8.4")}, {"type": "TIME", "volume": Decimal("0.6667")}
                ],
            },
            {
                "start_date_time": "2026-11-20T12:40:00Z", "tariff_id": "day",
                "dimensions": [{"type": "PARKING_TIME", "volume": Decimal("0.3333")}],
            },
        ],
        "total_cost": {"excl_vat": Decimal("4.36"), "incl_vat": Decimal("5.07")},
        "total_energy_cost": {"excl_vat": Decimal("3.36"), "incl_vat": Decimal("4.07")},
        "total_parking_cost": {"excl_vat": Decimal(1), "incl_vat": Decimal(1)},
        "total_energy": Decimal("8.4"),
        "total_time": Decimal(1),
        "total_parking_time": Decimal("0.3333"),
        "last_updated": "2026-11-20T13:01:00Z",
    }  # fmt: skip


def test_a_session_without_periods_has_the_one_that_ocpi_demands() -> None:
    bare = REQUESTED.model_copy(update={"facts": FACTS.model_copy(update={"periods": (), "energy_wh": 0})})

    assert cdr_of(bare, CDR_FACTS)["charging_periods"] == [
        {
            "start_date_time": "2026-11-20T12:00:00Z", "tariff_id": "day",
            "dimensions": [{"type": "PARKING_TIME", "volume": Decimal(1)}],
        }
    ]  # fmt: skip


def test_a_currency_without_hundredths_is_not_divided() -> None:
    yen = REQUESTED.model_copy(update={"rating": RATING.model_copy(update={"currency": "JPY"})})

    assert cdr_of(yen, CDR_FACTS)["total_cost"] == {"excl_vat": Decimal(436), "incl_vat": Decimal(507)}
