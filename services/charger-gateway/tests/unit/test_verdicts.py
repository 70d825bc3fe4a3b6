"""Beside the essential: how long a station may keep a verdict, and what it seldom tells of a transaction."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from charger_gateway.adapters.ocpp.dialects import Interpreter
from charger_gateway.domain.station import SessionLimit, TokenVerdict

from .saying import AT, NOON, KnowsCards, facts, interpreter, say  # noqa: TID252 - tests are no package

TOMORROW = "2026-11-21T12:00:00.000Z"
ENDS = TokenVerdict(status="Accepted", token_ref="tok-1", valid_until=NOON + timedelta(days=1))
BY = interpreter(directory=KnowsCards(cards={"ENDS": ENDS, "CARD": TokenVerdict(status="Accepted", token_ref="tok-2")}))
START = {"connectorId": 1, "meterStart": 0, "timestamp": AT}
STARTED = {
    "eventType": "Started",
    "timestamp": AT,
    "triggerReason": "Authorized",
    "seqNo": 0,
    "transactionInfo": {"transactionId": "tx-1"},
}


@pytest.mark.parametrize(("tag", "more"), [("ENDS", {"expiryDate": TOMORROW}), ("CARD", {}), ("OTHER", {})])
def test_1_6_is_told_when_a_token_ends(tag: str, more: dict[str, str]) -> None:
    status = "Invalid" if tag == "OTHER" else "Accepted"
    told = {"status": status, **more}
    assert say("1.6", "Authorize", {"idTag": tag}, by=BY).answer == {"idTagInfo": told}
    assert say("1.6", "StartTransaction", START | {"idTag": tag}, by=BY).answer["idTagInfo"] == told


@pytest.mark.parametrize("version", ["2.0.1", "2.1"])
@pytest.mark.parametrize(("tag", "more"), [("ENDS", {"cacheExpiryDateTime": TOMORROW}), ("CARD", {})])
def test_2_x_is_told_how_long_the_verdict_may_be_kept(version: str, tag: str, more: dict[str, str]) -> None:
    token = {"idToken": {"idToken": tag, "type": "ISO14443"}}
    told = {"idTokenInfo": {"status": "Accepted", **more}}
    assert say(version, "Authorize", token, by=BY).answer == told
    assert say(version, "TransactionEvent", STARTED | token, by=BY).answer == told


FLEET = TokenVerdict(status="Accepted", token_ref="tok-3", group_id="G-FLEET")
MASTER = TokenVerdict(status="Accepted", token_ref="tok-4", group_id="G-MASTER", master_pass_of="volt")
OF_GROUPS = interpreter(directory=KnowsCards(cards={"FLEET": FLEET, "MASTER": MASTER}))
STOP = {"transactionId": 7, "meterStop": 0, "timestamp": AT}


def test_1_6_is_told_the_group_of_a_token() -> None:
    told = {"idTagInfo": {"status": "Accepted", "parentIdTag": "G-FLEET"}}
    assert say("1.6", "Authorize", {"idTag": "FLEET"}, by=OF_GROUPS).answer == told
    assert say("1.6", "StopTransaction", STOP | {"idTag": "FLEET"}, by=OF_GROUPS).answer == told
    started = say("1.6", "StartTransaction", START | {"idTag": "FLEET"}, by=OF_GROUPS).answer
    assert started["idTagInfo"] == told["idTagInfo"]


@pytest.mark.parametrize("version", ["2.0.1", "2.1"])
def test_2_x_is_told_the_group_of_a_token(version: str) -> None:
    token = {"idToken": {"idToken": "FLEET", "type": "ISO14443"}}
    told = {"idTokenInfo": {"status": "Accepted", "groupIdToken": {"idToken": "G-FLEET", "type": "Central"}}}
    assert say(version, "Authorize", token, by=OF_GROUPS).answer == told
    assert say(version, "TransactionEvent", STARTED | token, by=OF_GROUPS).answer == told


def test_1_6_knows_no_master_passes_and_may_not_start_with_one() -> None:
    assert say("1.6", "Authorize", {"idTag": "MASTER"}, by=OF_GROUPS).answer["idTagInfo"]["status"] == "Invalid"
    started = say("1.6", "StartTransaction", START | {"idTag": "MASTER"}, by=OF_GROUPS).answer
    assert started["idTagInfo"]["status"] == "Invalid"
    [ended] = facts("1.6", "StopTransaction", STOP | {"idTag": "MASTER"}, by=OF_GROUPS)
    assert ended.model_dump()["token_is_master_pass"]


def busy(*sessions: str) -> Interpreter:
    limit = SessionLimit(at_most=1, running=frozenset(sessions))
    return interpreter(directory=KnowsCards(cards={"FLEET": replace(FLEET, limits=(limit,))}))


@pytest.mark.parametrize(
    ("version", "action", "payload", "info"),
    [
        ("1.6", "StartTransaction", START | {"idTag": "FLEET"}, "idTagInfo"),
        ("2.0.1", "TransactionEvent", STARTED | {"idToken": {"idToken": "FLEET", "type": "ISO14443"}}, "idTokenInfo"),
    ],
)
def test_a_token_has_no_more_sessions_at_once_than_it_may(
    version: str, action: str, payload: dict[str, Any], info: str
) -> None:
    assert say(version, action, payload, by=busy()).answer[info]["status"] == "Accepted"
    assert say(version, action, payload, by=busy("another")).answer[info]["status"] == "ConcurrentTx"
    [started] = facts(version, action, payload, by=busy("another"))
    own = started.model_dump()["session_id"]
    assert say(version, action, payload, by=busy(own)).answer[info]["status"] == "Accepted"


def test_a_question_and_a_stop_are_not_held_up_by_the_sessions_that_run() -> None:
    by = busy("another")
    assert say("1.6", "Authorize", {"idTag": "FLEET"}, by=by).answer["idTagInfo"]["status"] == "Accepted"
    assert say("1.6", "StopTransaction", STOP | {"idTag": "FLEET"}, by=by).answer["idTagInfo"]["status"] == "Accepted"


@pytest.mark.parametrize(
    ("kind", "trigger", "word"),
    [
        ("Started", "Authorized", "Invalid"),
        ("Updated", "Authorized", "Invalid"),
        ("Updated", "StopAuthorized", "Accepted"),
        ("Ended", "StopAuthorized", "Accepted"),
    ],
)
def test_a_master_pass_is_good_for_a_stop_alone(kind: str, trigger: str, word: str) -> None:
    token = {"idToken": {"idToken": "MASTER", "type": "ISO14443"}}
    event = STARTED | {"eventType": kind, "triggerReason": trigger} | token
    said = say("2.0.1", "TransactionEvent", event, by=OF_GROUPS)
    assert said.answer["idTokenInfo"]["status"] == word


@pytest.mark.parametrize(
    ("version", "action", "payload"),
    [
        ("1.6", "StartTransaction", START | {"idTag": "CARD"}),
        ("2.0.1", "TransactionEvent", STARTED),
        ("2.1", "TransactionEvent", STARTED),
    ],
)
@pytest.mark.parametrize(("told", "kept"), [({"reservationId": 46}, "46"), ({}, None)])
def test_a_start_names_the_reservation_that_it_used(
    version: str, action: str, payload: dict[str, Any], told: dict[str, int], kept: str | None
) -> None:
    [started] = facts(version, action, payload | told, by=BY)
    assert started.model_dump()["reservation_id"] == kept
    assert started.model_dump()["ocpp_version"] == version


@pytest.mark.parametrize("kind", ["Started", "Updated", "Ended"])
def test_what_is_seldom_told_of_a_transaction_is_kept(kind: str) -> None:
    info = {"transactionId": "tx-1", "timeSpentCharging": 900, "operationMode": "CentralSetpoint"}
    told = {"eventType": kind, "transactionInfo": info, "cableMaxCurrent": 32, "numberOfPhasesUsed": 3}
    [fact] = facts("2.1", "TransactionEvent", STARTED | told)
    expected = {"cable_max_current_a": 32, "phases_used": 3, "charging_s": 900, "operation_mode": "CentralSetpoint"}
    assert {name: fact.model_dump()[name] for name in expected} == expected
