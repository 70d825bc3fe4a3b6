"""Where a token may start sessions: the words for it in each version, at the station and at each EVSE."""

from dataclasses import dataclass
from typing import Any

import pytest

from charger_gateway.adapters.directory import TablesDirectory
from charger_gateway.domain.ids import session_id_v201
from charger_gateway.domain.places import StationEvse
from charger_gateway.domain.running import Running
from charger_gateway.domain.station import TokenVerdict
from charger_gateway.ports import StationShape
from ev_contracts.accounts import ChargingPlaces, GroupSnapshot, TokenSnapshot, TokenStatus
from ev_contracts.assets import Connector, Evse, StationSnapshot

from .saying import AT, NOON, KnowsCards, facts, heard_in, interpreter, say  # noqa: TID252 - tests are no package

CAR_PARK, DEPOT = "S-AMS-1", "S-AMS-2"
SLOW = StationEvse(number=1, evse_id="NL*VLT*E0001*1", site_id=CAR_PARK, ac=True, dc=False)
FAST = StationEvse(number=2, evse_id="NL*VLT*E0001*2", site_id=CAR_PARK, ac=False, dc=True)
TOKEN = {"idToken": {"idToken": "CARD", "type": "ISO14443"}}
STARTED = {
    "eventType": "Started",
    "timestamp": AT,
    "triggerReason": "Authorized",
    "seqNo": 0,
    "transactionInfo": {"transactionId": "tx-1"},
}


@dataclass(frozen=True)
class AtOneStation(KnowsCards):
    """The station has these EVSEs."""

    evses: tuple[StationEvse, ...] = (SLOW, FAST)

    def shape(self, tenant: str, station_id: str) -> StationShape:
        assert (tenant, station_id) == ("volt", "NLVOLT0001")
        return StationShape(evses=self.evses)


def by(*places: ChargingPlaces, evses: tuple[StationEvse, ...] = (SLOW, FAST), status: str = "Accepted") -> Any:
    card = TokenVerdict(status=status, token_ref="tok-1", places=places)
    return interpreter(directory=AtOneStation(cards={"CARD": card}, evses=evses))


def asked(*places: ChargingPlaces, **how: Any) -> Any:
    return say("2.0.1", "Authorize", TOKEN, by=by(*places, **how)).answer["idTokenInfo"]


@pytest.mark.parametrize(
    ("places", "info"),
    [
        ((), {"status": "Accepted"}),
        ((ChargingPlaces(site_ids=(CAR_PARK,)),), {"status": "Accepted"}),
        ((ChargingPlaces(evse_ids=(FAST.evse_id,)),), {"status": "Accepted", "evseId": [2]}),
        ((ChargingPlaces(site_ids=(DEPOT,), evse_ids=(FAST.evse_id,)),), {"status": "Accepted", "evseId": [2]}),
        ((ChargingPlaces(allows_dc=False),), {"status": "Accepted", "evseId": [1]}),
        ((ChargingPlaces(site_ids=(DEPOT,)),), {"status": "NotAtThisLocation"}),
        ((ChargingPlaces(site_ids=(CAR_PARK,)), ChargingPlaces(site_ids=(DEPOT,))), {"status": "NotAtThisLocation"}),
        ((ChargingPlaces(allows_dc=False), ChargingPlaces(allows_ac=False)), {"status": "NotAllowedTypeEVSE"}),
        ((ChargingPlaces(evse_ids=(FAST.evse_id,), allows_dc=False),), {"status": "NotAllowedTypeEVSE"}),
    ],
)
def test_a_station_is_told_where_a_token_may_charge(places: tuple[ChargingPlaces, ...], info: dict[str, Any]) -> None:
    assert asked(*places) == info


def test_a_station_of_one_kind_refuses_tokens_of_the_other() -> None:
    assert asked(ChargingPlaces(allows_ac=False), evses=(SLOW,)) == {"status": "NotAllowedTypeEVSE"}
    both = StationEvse(number=1, evse_id=SLOW.evse_id, site_id=CAR_PARK, ac=True, dc=True)
    assert asked(ChargingPlaces(allows_ac=False), evses=(both,)) == {"status": "Accepted"}


def test_where_the_evses_are_not_known_a_restricted_token_charges_nowhere() -> None:
    assert asked(ChargingPlaces(site_ids=(CAR_PARK,)), evses=()) == {"status": "NotAtThisLocation"}


def test_a_token_that_is_not_good_is_no_better_for_its_places() -> None:
    assert asked(ChargingPlaces(evse_ids=(FAST.evse_id,)), status="Blocked") == {"status": "Blocked"}


@pytest.mark.parametrize(
    ("evse", "places", "word"),
    [
        (2, ChargingPlaces(evse_ids=(FAST.evse_id,)), "Accepted"),
        (1, ChargingPlaces(evse_ids=(FAST.evse_id,)), "NotAtThisLocation"),
        (1, ChargingPlaces(allows_ac=False), "NotAllowedTypeEVSE"),
        (3, ChargingPlaces(evse_ids=(FAST.evse_id,)), "NotAtThisLocation"),
    ],
)
def test_a_session_is_judged_by_its_own_evse(evse: int, places: ChargingPlaces, word: str) -> None:
    event = STARTED | TOKEN | {"evse": {"id": evse, "connectorId": 1}}
    said = say("2.0.1", "TransactionEvent", event, by=by(places))
    assert said.answer["idTokenInfo"]["status"] == word
    [started] = facts("2.0.1", "TransactionEvent", event, by=by(places))
    assert (started.model_dump()["token_status"], started.model_dump()["token_ref"]) == (word, "tok-1")


def test_an_evse_that_was_named_before_counts() -> None:
    session_id = session_id_v201(tenant="volt", station_id="NLVOLT0001", transaction_id="tx-1")
    heard = heard_in("2.0.1", running={1: Running(transaction_id="tx-1", session_id=session_id)})
    event = STARTED | TOKEN | {"eventType": "Updated"}
    said = say("2.0.1", "TransactionEvent", event, by=by(ChargingPlaces(evse_ids=(FAST.evse_id,))), heard=heard)
    assert said.answer["idTokenInfo"] == {"status": "NotAtThisLocation"}


@pytest.mark.parametrize(("kind", "trigger"), [("Updated", "StopAuthorized"), ("Ended", "StopAuthorized")])
def test_a_stop_is_judged_by_no_place(kind: str, trigger: str) -> None:
    event = STARTED | TOKEN | {"eventType": kind, "triggerReason": trigger, "evse": {"id": 1}}
    [fact] = facts("2.0.1", "TransactionEvent", event, by=by(ChargingPlaces(site_ids=(DEPOT,))))
    assert fact.model_dump()["token_status"] == "Accepted"


def test_1_6_says_invalid_and_the_fact_says_why() -> None:
    fast = by(ChargingPlaces(evse_ids=(FAST.evse_id,)))
    assert say("1.6", "Authorize", {"idTag": "CARD"}, by=fast).answer["idTagInfo"] == {"status": "Accepted"}
    nowhere = by(ChargingPlaces(site_ids=(DEPOT,)))
    assert say("1.6", "Authorize", {"idTag": "CARD"}, by=nowhere).answer["idTagInfo"] == {"status": "Invalid"}
    start = {"connectorId": 1, "idTag": "CARD", "meterStart": 0, "timestamp": AT}
    assert say("1.6", "StartTransaction", start, by=fast).answer["idTagInfo"] == {"status": "Invalid"}
    [started] = facts("1.6", "StartTransaction", start, by=fast)
    assert started.model_dump()["token_status"] == "NotAtThisLocation"
    second = say("1.6", "StartTransaction", start | {"connectorId": 2}, by=fast)
    assert second.answer["idTagInfo"] == {"status": "Accepted"}


def test_the_directory_knows_the_evses_and_the_places_of_a_token_and_of_its_group() -> None:
    directory = TablesDirectory()
    tables = {table.topic: table for table in directory.tables}
    plug = Connector(connector_number=1, standard="CCS", max_power_w=1, max_voltage_v=1, max_amperage_a=1, dc=True)
    station = StationSnapshot(
        station_id="NLVOLT0001",
        site_id=CAR_PARK,
        cpo_party_id="NL-VLT",
        vendor="V",
        model="M",
        evses=(Evse(evse_number=2, evse_id=FAST.evse_id, connectors=(plug,)),),
        retired=False,
        version=1,
    )
    depot, fast = ChargingPlaces(site_ids=(DEPOT,)), ChargingPlaces(allows_ac=False)
    token = TokenSnapshot(
        uid_hmac="aa",
        token_ref="tok-1",
        token_type="RFID",
        emsp_party_id="NL-VLT",
        tenant="volt",
        status=TokenStatus.VALID,
        version=1,
        group_id="G1",
        places=depot,
    )
    group = GroupSnapshot(group_id="G1", tenant="volt", is_master_pass=False, version=1, places=fast)
    for topic, key, record in (
        ("assets.station.snapshot.v1", "volt/NLVOLT0001", station),
        ("accounts.token.snapshot.v1", "_/aa", token),
        ("accounts.group.snapshot.v1", "volt/G1", group),
    ):
        tables[topic].put(key, record)
    assert directory.shape("volt", "NLVOLT0001").evses == (FAST,)
    assert directory.judge("aa", cpo_party_id="NL-VLT", at=NOON).places == (depot, fast)
