"""Contract certificates (ISO 15118) against the running gateway: which chains and responders it believes.

Each answer of a responder that must not count is made by a real one, over HTTP; the verdict stands on the log.
"""

import asyncio
import contextlib
import datetime as dt
from collections.abc import AsyncIterator
from typing import Literal

import pytest

from charger_gateway.adapters.trust.contracts import Contracts
from charger_gateway.adapters.trust.responders import Responders
from charger_gateway.adapters.trust.roots import Roots
from charger_gateway.domain.station import STATION_EVENTS
from chassis.clock import SystemClock
from chassis.http.guarded import GuardedHttp
from conformance.seeding import CONTRACT
from conformance.stand import Stand
from conformance.v201.charger import Charger, token
from conformance.vehicles import Holder, Operator, Wish, made
from ev_contracts.gateway import CertificateStatusRequested, ContractCertificateJudged, ContractCertificateRequested

_IN_TIME_S = 8.0


@contextlib.asynccontextmanager
async def station(stand: Stand) -> AsyncIterator[Charger]:
    """A station that has booted."""
    charger = Charger(stand)
    await charger.connect()
    await charger.boots()
    try:
        yield charger
    finally:
        await charger.disconnect()
        stand.operator.how = "honest"


async def judged(charger: Charger, chain: str) -> ContractCertificateJudged:
    """The verdict that stands on the log, which is what the station was told."""
    answer = await charger.says("Authorize", {"idToken": token(CONTRACT, "eMAID"), "certificate": chain})
    verdict = await charger.stand.fact(STATION_EVENTS, charger.station_id, ContractCertificateJudged)
    assert answer["certificateStatus"] == verdict.status
    assert (answer["idTokenInfo"]["status"] == "Accepted") is (verdict.status == "Accepted")
    return verdict


def shown(kind: str, operator: Operator) -> str:
    """A chain as a vehicle shows it."""
    good = operator.contract(CONTRACT)
    stranger = made(CONTRACT, operator.stranger, Wish(ocsp_url=operator.url))
    leaf_as_authority = made(CONTRACT, good, Wish(ocsp_url=operator.url))
    chains: dict[str, list[Holder]] = {
        "good": [good, operator.between],
        "good, hyphens and a check digit": [operator.contract("NL-EMO-C00000001-X"), operator.between],
        "expired": [operator.contract(CONTRACT, days=(-30, -1)), operator.between],
        "not yet valid": [operator.contract(CONTRACT, days=(1, 30)), operator.between],
        "another's": [operator.contract("NLEMOC00000002"), operator.between],
        "of an authority that nobody knows": [stranger, operator.stranger],
        "of an authority that only shares the name": [stranger, operator.between],
        "without the authority between": [good],
        "of a contract that plays authority": [leaf_as_authority, good, operator.between],
        "an authority itself": [operator.between],
    }
    return "no certificate" if kind == "unreadable" else "".join(one.pem for one in chains[kind])


@pytest.mark.parametrize(
    ("kind", "status", "why"),
    [
        ("good", "Accepted", None),
        ("good, hyphens and a check digit", "Accepted", None),
        ("expired", "CertificateExpired", "expired"),
        ("not yet valid", "CertChainError", "not-yet-valid"),
        ("another's", "NoCertificateAvailable", "another-contract"),
        ("of an authority that nobody knows", "CertChainError", "unknown-root"),
        ("of an authority that only shares the name", "SignatureError", "wrong-signature"),
        ("without the authority between", "CertChainError", "unknown-root"),
        ("of a contract that plays authority", "CertChainError", "unknown-root"),
        ("an authority itself", "CertChainError", "not-a-contract"),
        ("unreadable", "CertChainError", "unreadable"),
    ],
)
async def test_a_chain_is_believed_only_if_every_link_stands(
    stand: Stand, kind: str, status: str, why: str | None
) -> None:
    async with station(stand) as charger:
        verdict = await judged(charger, shown(kind, stand.operator))
    assert (verdict.status, verdict.why, verdict.by_chain) == (status, why, True)


@pytest.mark.parametrize(
    ("how", "outcome"),
    [
        ("honest", "good"),
        ("prepared", "good"),
        ("named", "good"),
        ("named-for-nothing", "untrusted"),
        ("named-long-ago", "untrusted"),
        ("forged", "untrusted"),
        ("other-nonce", "other-nonce"),
        ("other-certificate", "other-certificate"),
        ("stale", "stale"),
        ("of-tomorrow", "stale"),
        ("knows-nothing", "unknown"),
        ("try-later", "unanswered"),
        ("garbage", "unreadable"),
        ("broken", "unreachable"),
    ],
)
async def test_a_responder_is_believed_only_where_it_proves_its_word(stand: Stand, how: str, outcome: str) -> None:
    operator = stand.operator
    contract = operator.contract(CONTRACT)
    async with station(stand) as charger:
        operator.how = how
        verdict = await judged(charger, operator.chain(contract))
    evidence = verdict.evidence[0]
    assert evidence.outcome == outcome
    assert verdict.status == ("Accepted" if outcome == "good" else "NoCertificateAvailable")
    assert (evidence.answer is not None) is (outcome in {"good", "unknown", "stale"})


async def test_an_answer_is_asked_for_once_while_it_holds(stand: Stand) -> None:
    operator = stand.operator
    chain = operator.chain(operator.contract(CONTRACT))
    async with station(stand) as charger:
        first = await judged(charger, chain)
        asked = operator.asked
        await judged(charger, chain)
    assert operator.asked == asked
    assert all(one.next_update_at is not None for one in first.evidence)


async def test_a_responder_that_never_answers_holds_nobody_up_for_long(stand: Stand) -> None:
    operator = stand.operator
    contract = operator.contract(CONTRACT)
    async with station(stand) as charger:
        operator.how = "silent"
        async with asyncio.timeout(_IN_TIME_S):
            verdict = await judged(charger, operator.chain(contract))
    assert (verdict.status, verdict.evidence[0].outcome) == ("NoCertificateAvailable", "unreachable")


async def test_an_address_that_nobody_agreed_to_is_not_called(stand: Stand) -> None:
    operator = stand.operator
    question = {**operator.hash_of(operator.between, operator.root), "responderURL": "http://169.254.169.254/latest"}
    async with station(stand) as charger:
        asked = operator.asked
        answer = await charger.says("GetCertificateStatus", {"ocspRequestData": question})
        assert (answer["status"], answer["statusInfo"]["reasonCode"]) == ("Failed", "NotAgreed")
        fact = await stand.fact(STATION_EVENTS, charger.station_id, CertificateStatusRequested)
    assert ([one.outcome for one in fact.evidence], operator.asked) == (["not-agreed"], asked)


@pytest.mark.parametrize(("policy", "status"), [("required", "NoCertificateAvailable"), ("soft", "Accepted")])
async def test_without_a_responders_word_the_operators_policy_decides(
    stand: Stand, policy: Literal["required", "soft"], status: str
) -> None:
    operator, clock = stand.operator, SystemClock()
    contract = made(CONTRACT, operator.between, Wish())
    roots = Roots(stand.home / "contract-roots.pem")
    responders = Responders(http=GuardedHttp(allow_loopback=True), hosts=["127.0.0.1"], roots=roots, clock=clock)
    judge = Contracts(roots=roots, responders=responders, clock=clock, policy=policy)
    verdict = await judge.judge({"idToken": token(CONTRACT, "eMAID"), "certificate": operator.chain(contract)})
    await responders.close()
    assert (verdict.status, verdict.policy) == (status, policy)
    assert [one.outcome for one in verdict.evidence] == ["no-responder", "good"]


# The pool of contracts.

_WISH = {"iso15118SchemaVersion": "urn:iso:15118:2:2013:MsgDef", "action": "Install"}


async def test_a_pool_that_stumbles_is_asked_again_with_the_same_key(stand: Stand) -> None:
    pool = stand.pool
    async with station(stand) as charger:
        pool.fails, pool.keys = 2, []
        answer = await charger.says("Get15118EVCertificate", {**_WISH, "exiRequest": "AAAA"})
        fact = await stand.fact(STATION_EVENTS, charger.station_id, ContractCertificateRequested)
    assert (answer["status"], fact.granted) == ("Accepted", True)
    assert (len(pool.keys), len(set(pool.keys))) == (3, 1)


async def test_a_vehicle_that_the_pool_does_not_know_is_told_failed(stand: Stand) -> None:
    async with station(stand) as charger:
        answer = await charger.says("Get15118EVCertificate", {**_WISH, "exiRequest": "UNKNOWN"})
        fact = await stand.fact(STATION_EVENTS, charger.station_id, ContractCertificateRequested)
    assert (answer["status"], fact.granted) == ("Failed", False)


async def test_a_pool_that_stays_down_is_left_before_the_station_gives_up(stand: Stand) -> None:
    pool = stand.pool
    async with station(stand) as charger:
        pool.fails, pool.keys = 10, []
        begun = dt.datetime.now(dt.UTC)
        answer = await charger.says("Get15118EVCertificate", {**_WISH, "exiRequest": "BBBB"})
        pool.fails = 0
    assert (answer["status"], len(pool.keys)) == ("Failed", 3)
    assert dt.datetime.now(dt.UTC) - begun < dt.timedelta(seconds=_IN_TIME_S)
