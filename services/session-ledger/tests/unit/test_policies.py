"""The gateway's words become the ledger's commands, with the place and the parties that were in force then."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from story import NOON, PARTIES, PLACE, SESSION, STATION, TRANSACTION, at, end, reading, readings, start, suspended

from chassis.decider import EventContext, To
from ev_contracts.accounts import TokenSnapshot, TokenStatus
from ev_contracts.assets import (
    CommercialSnapshot,
    Component,
    ComponentFitted,
    ComponentKind,
    ComponentRemoved,
    ComponentSwapped,
    Evse,
    OwnershipSnapshot,
    SiteSnapshot,
    StationRetired,
    StationSnapshot,
)
from ev_contracts.common import CommercialModel, ConnectorState, Parties
from ev_contracts.gateway import (
    ConnectorStatusChanged,
    MeterSampled,
    TransactionEnded,
    TransactionStarted,
    TransactionUpdated,
)
from ev_contracts.sessions import (
    AddReadings,
    ChangeMeter,
    ResolveContext,
    SessionContextWanted,
    SessionEnded,
    Stopper,
    WithdrawStation,
)
from session_ledger.adapters.facts import SnapshotFacts
from session_ledger.policies import on_asset, on_session, on_transaction

KEY = f"volt/{STATION}"
CONTEXT = EventContext(
    topic="gateway.transaction.event.v1", key=KEY, tenant="volt", event_id="e", stream_version=7, time=NOON
)
LONG_AGO = at(-100_000)
SITE = SiteSnapshot(
    site_id="oosterdok",
    cpo_party_id="NL-VLT",
    name="Oosterdok",
    address="Oosterdokskade 1",
    city="Amsterdam",
    postal_code="1011 AD",
    country="NL",
    latitude="52.376000",
    longitude="4.908000",
    time_zone="Europe/Amsterdam",
    feeder_id="feeder-7",
    connection_id="connection-12",
    opened_at=LONG_AGO,
    version=1,
)
STATION_SNAPSHOT = StationSnapshot(
    station_id=STATION,
    site_id="oosterdok",
    cpo_party_id="NL-VLT",
    vendor="Alfen",
    model="Eve",
    evses=(Evse(evse_number=1, evse_id="NL*VLT*E1"),),
    retired=False,
    version=1,
)
OWNERSHIP = OwnershipSnapshot(
    contract_id="own-1",
    contract_version=1,
    cpo_party_id="NL-VLT",
    owner_party_id="NL-OWN",
    site_ids=("oosterdok",),
    share_permille=300,
    valid_from=LONG_AGO,
)
TRADE = CommercialSnapshot(
    contract_id="trade-1",
    contract_version=1,
    cpo_party_id="NL-VLT",
    emsp_party_id="NL-EMO",
    model=CommercialModel.RESALE,
    valid_from=LONG_AGO,
)
TOKEN = TokenSnapshot(
    uid_hmac="ab" * 32,
    token_ref="token-7",
    token_type="RFID",
    emsp_party_id="NL-EMO",
    tenant="emo",
    driver_ref="driver-7",
    status=TokenStatus.VALID,
    version=1,
)


def known() -> SnapshotFacts:
    facts = SnapshotFacts()
    facts.sites.put("volt/oosterdok", SITE)
    facts.stations.put(KEY, STATION_SNAPSHOT)
    facts.contracts.put("volt/own-1@1", OWNERSHIP)
    facts.contracts.put("volt/trade-1@1", TRADE)
    facts.tokens.put(f"_/{TOKEN.uid_hmac}", TOKEN)
    return facts


def parties_at(facts: SnapshotFacts, minutes: float, **changes: str | None) -> Parties | None:
    token: dict[str, str | None] = {"token_ref": "token-7", "token_status": "Accepted", **changes}
    return facts.parties("volt", STATION, token["token_ref"], str(token["token_status"]), at(minutes))


STARTED = TransactionStarted(
    station_id=STATION,
    session_id=SESSION,
    transaction_id=TRANSACTION,
    ocpp_version="1.6",
    evse_number=1,
    connector_number=1,
    token_ref="token-7",
    token_status="Accepted",
    started_at=at(0),
    received_at=at(0),
    meter_start_wh=1_000,
    offline=False,
)
UPDATED = TransactionUpdated(
    station_id=STATION,
    session_id=SESSION,
    transaction_id=TRANSACTION,
    evse_number=1,
    connector_number=1,
    token_status="None",
    occurred_at=at(5),
    received_at=at(5),
    seq_no=3,
    offline=False,
    charging_state="SuspendedEV",
    trigger_reason="ChargingStateChanged",
)

ENDED = TransactionEnded(
    station_id=STATION,
    transaction_id=TRANSACTION,
    ocpp_version="1.6",
    token_status="None",
    ended_at=at(60),
    received_at=at(60),
    meter_stop_wh=12_000,
    reason="Local",
    offline=False,
)


def test_a_start_is_stamped_with_place_and_parties() -> None:
    assert on_transaction(STARTED, CONTEXT, known()) == [To(key=KEY, command=start())]


def test_what_is_not_known_yet_is_left_out_and_never_made_up() -> None:
    assert on_transaction(STARTED, CONTEXT, SnapshotFacts()) == [To(key=KEY, command=start(place=None, parties=None))]
    facts = known()
    facts.tokens.put(f"_/{TOKEN.uid_hmac}", None)
    assert parties_at(facts, 0) is None
    facts = known()
    facts.contracts.put("volt/trade-1@1", None)
    assert parties_at(facts, 0) is None


def test_the_versions_in_force_at_the_start_count() -> None:
    facts = known()
    facts.contracts.put(
        "volt/own-1@2",
        OWNERSHIP.model_copy(update={"contract_version": 2, "share_permille": 450, "valid_from": at(30)}),
    )
    facts.contracts.put(
        "volt/trade-1@2",
        TRADE.model_copy(update={"contract_version": 2, "model": CommercialModel.DIRECT, "valid_from": at(30)}),
    )
    before, after = parties_at(facts, 29), parties_at(facts, 30)
    assert before == PARTIES
    assert after is not None
    assert (after.owner_share_permille, after.commercial_model) == (450, CommercialModel.DIRECT)


@pytest.mark.parametrize("status", ["Invalid", "Blocked", "Expired", "Unknown"])
def test_a_token_that_was_not_accepted_names_no_provider(status: str) -> None:
    parties = parties_at(known(), 0, token_status=status)
    assert parties is not None
    assert (parties.emsp_party_id, parties.driver_ref) == (None, None)
    assert parties.commercial_model is CommercialModel.DIRECT
    assert parties.owner_party_id == "NL-OWN"


def test_the_session_names_the_group_of_the_token_that_pays() -> None:
    facts = known()
    facts.tokens.put(f"_/{TOKEN.uid_hmac}", TOKEN.model_copy(update={"group_id": "G-FLEET"}))
    assert parties_at(facts, 0) == PARTIES.model_copy(update={"group_id": "G-FLEET"})


def test_a_cpo_that_is_its_own_provider_sells_directly() -> None:
    facts = known()
    own = TOKEN.model_copy(update={"emsp_party_id": "NL-VLT", "tenant": "volt"})
    facts.tokens.put(f"_/{TOKEN.uid_hmac}", own)
    parties = parties_at(facts, 0)
    assert parties is not None
    assert (parties.emsp_party_id, parties.driver_ref) == ("NL-VLT", "driver-7")
    assert parties.commercial_model is CommercialModel.DIRECT


def test_the_connectors_status_tells_suspension_and_nothing_else() -> None:
    def command_of(state: ConnectorState) -> list[To]:
        event = ConnectorStatusChanged(
            station_id=STATION,
            evse_number=1,
            connector_number=1,
            state=state,
            occurred_at=at(20),
            received_at=at(20),
        )
        return list(on_transaction(event, CONTEXT, known()))

    assert command_of(ConnectorState.SUSPENDED_EV) == [To(key=KEY, command=suspended(20))]
    assert [command_of(state) for state in (ConnectorState.FINISHING, ConnectorState.OCCUPIED)] == [[], []]


def test_an_update_of_2_x_tells_the_charging_state() -> None:
    (to,) = on_transaction(UPDATED, CONTEXT, known())
    assert isinstance(to.command, AddReadings)
    assert (to.command.charging, to.command.suspended_by, to.command.seq_no) == (False, "EV", 3)
    assert to.command.parties is None


def test_the_token_that_starts_says_who_pays_and_the_one_that_stops_does_not() -> None:
    presented = {"token_ref": "token-7", "token_status": "Accepted"}
    authorised = UPDATED.model_copy(update={**presented, "trigger_reason": "Authorized"})
    stopping = UPDATED.model_copy(update={**presented, "trigger_reason": "StopAuthorized"})
    (first,), (second,) = (on_transaction(each, CONTEXT, known()) for each in (authorised, stopping))
    assert isinstance(first.command, AddReadings)
    assert isinstance(second.command, AddReadings)
    assert (first.command.parties, first.command.place) == (PARTIES, PLACE)
    assert second.command.parties is None
    assert (first.command.stopper, second.command.stopper) == (
        None,
        Stopper(token_ref="token-7", token_status="Accepted"),
    )


def test_a_sample_belongs_to_a_transaction_or_to_nobody() -> None:
    sampled = MeterSampled(
        station_id=STATION,
        transaction_id=TRANSACTION,
        evse_number=1,
        connector_number=1,
        received_at=at(10),
        readings=(reading(10, 3_000),),
    )
    assert on_transaction(sampled, CONTEXT, known()) == [To(key=KEY, command=readings(reading(10, 3_000)))]
    assert on_transaction(sampled.model_copy(update={"transaction_id": None}), CONTEXT, known()) == []


def test_an_end_is_an_end() -> None:
    assert on_transaction(ENDED, CONTEXT, known()) == [To(key=KEY, command=end())]
    shown = {"token_ref": "token-1", "token_status": "Accepted", "token_group_id": "G1", "token_is_master_pass": True}
    stopper = Stopper(token_ref="token-1", token_status="Accepted", group_id="G1", is_master_pass=True)
    told = on_transaction(ENDED.model_copy(update=shown), CONTEXT, known())
    assert [getattr(each.command, "stopper", None) for each in told] == [stopper]


def test_accepted_without_a_token_is_nobodys_stop() -> None:
    told = on_transaction(ENDED.model_copy(update={"token_status": "Accepted"}), CONTEXT, known())
    assert told == [To(key=KEY, command=end())]


def test_a_session_that_wants_its_context_is_told_what_is_known_by_now() -> None:
    wanted = SessionContextWanted(
        session_id=SESSION,
        station_id=STATION,
        evse_number=1,
        connector_number=1,
        token_ref="token-7",
        token_status="Accepted",
        started_at=at(0),
        attempt=1,
        wanted_at=at(0) + timedelta(seconds=10),
    )
    told = ResolveContext(
        at=at(0) + timedelta(seconds=10), session_id=SESSION, station_id=STATION, place=PLACE, parties=PARTIES
    )
    assert on_session(wanted, CONTEXT, known()) == [To(key=KEY, command=told)]
    assert on_session(wanted, CONTEXT, SnapshotFacts()) == []
    ended = SessionEnded(
        session_id=SESSION,
        station_id=STATION,
        evse_number=1,
        connector_number=1,
        ended_at=at(60),
        energy_wh=0,
        reason="Local",
        offline=False,
    )
    assert on_session(ended, CONTEXT, known()) == []


METER = Component(kind=ComponentKind.METER, serial_number="EMH-1")
AT_EVSE: dict[str, Any] = {"station_id": STATION, "evse_number": 1, "connector_number": 0}


def of_the_registry(event: object) -> Sequence[To]:
    return on_asset(event, CONTEXT, known())


def test_a_swap_of_the_meter_is_one_change_with_both_registers() -> None:
    swapped = ComponentSwapped(
        **AT_EVSE,
        removed_fitting_number=1,
        removed=METER,
        removed_fitted_at=LONG_AGO,
        removed_register_wh=8_400,
        fitting_number=2,
        component=METER.model_copy(update={"serial_number": "EMH-2"}),
        swapped_at=at(10),
        reason="display broken",
        register_wh=5,
        told_at=at(50),
    )
    change = ChangeMeter(
        at=at(50), **AT_EVSE, removed_at=at(10), removed_register_wh=8_400, fitted_at=at(10), register_wh=5
    )
    assert of_the_registry(swapped) == [To(key=KEY, command=change)]


def test_a_fitting_and_a_removal_are_each_half_a_change() -> None:
    fitted = ComponentFitted(
        **AT_EVSE, fitting_number=1, component=METER, fitted_at=at(10), register_wh=5, told_at=at(50)
    )
    removed = ComponentRemoved(
        **AT_EVSE,
        fitting_number=1,
        component=METER,
        fitted_at=LONG_AGO,
        removed_at=at(9),
        reason="broken",
        register_wh=8_400,
        told_at=at(40),
    )
    assert [each.command for each in (*of_the_registry(fitted), *of_the_registry(removed))] == [
        ChangeMeter(at=at(50), **AT_EVSE, fitted_at=at(10), register_wh=5),
        ChangeMeter(at=at(40), **AT_EVSE, removed_at=at(9), removed_register_wh=8_400),
    ]


@pytest.mark.parametrize(
    "changes", [{"evse_number": 0}, {"component": METER.model_copy(update={"kind": ComponentKind.CABLE})}]
)
def test_the_grid_s_meter_and_other_components_are_nothing_to_a_session(changes: dict[str, Any]) -> None:
    fitted = ComponentFitted(**AT_EVSE, fitting_number=1, component=METER, fitted_at=at(10), told_at=at(50))
    assert of_the_registry(fitted.model_copy(update=changes)) == []


def test_a_retired_station_is_withdrawn() -> None:
    retired = StationRetired(station_id=STATION, reason="site closed", retired_at=at(10))
    command = WithdrawStation(at=at(10), station_id=STATION, withdrawn_at=at(10))
    assert of_the_registry(retired) == [To(key=KEY, command=command)]
