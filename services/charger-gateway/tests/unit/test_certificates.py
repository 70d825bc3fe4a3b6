"""Certificates of vehicles and stations: what is answered, and what is kept as evidence."""

from typing import Any

import pytest

from charger_gateway.domain.certificates import ContractCertificate, ContractJudged
from charger_gateway.domain.ids import token_key
from charger_gateway.domain.station import TokenVerdict
from ev_contracts.gateway import (
    CertificateHash,
    CertificateStatusRequested,
    ContractCertificateJudged,
    ContractCertificateRequested,
    OcspEvidence,
)

from .saying import KEY, SAID, KnowsCards, interpreter, say  # noqa: TID252 - tests are no package of the installation

V2 = ("2.0.1", "2.1")
QUESTION = {
    "hashAlgorithm": "SHA256",
    "issuerNameHash": "a1",
    "issuerKeyHash": "b2",
    "serialNumber": "c3",
    "responderURL": "http://ocsp.example/",
}


# ruff: noqa: ARG002 - a twin keeps the port's signatures
class Responder:
    """Authorities that answer for every certificate."""

    def __init__(self, status: str = "Accepted", outcome: str = "good") -> None:
        self._status = status
        self._outcome = outcome

    async def certificate_status(self, request: dict[str, Any]) -> OcspEvidence:
        answer = b"0\x82\x01" if self._outcome in {"good", "revoked"} else None
        return OcspEvidence(certificate=NAMED, outcome=self._outcome, answer=answer)

    async def contract_status(self, request: dict[str, Any]) -> ContractJudged:
        return ContractJudged(status=self._status, by_chain=False, policy="required")


NAMED = CertificateHash(hash_algorithm="SHA256", issuer_name_hash="a1", issuer_key_hash="b2", serial_number="c3")


@pytest.mark.parametrize("version", V2)
@pytest.mark.parametrize(
    ("outcome", "answer"),
    [
        (None, {"status": "Failed", "statusInfo": {"reasonCode": "NotAvailable"}}),
        ("unreachable", {"status": "Failed", "statusInfo": {"reasonCode": "Unreachable"}}),
        ("good", {"status": "Accepted", "ocspResult": "MIIB"}),
        ("revoked", {"status": "Accepted", "ocspResult": "MIIB"}),
    ],
)
def test_an_ocsp_answer_is_passed_on_whole_or_not_at_all(version: str, outcome: str | None, answer: Any) -> None:
    by = interpreter() if outcome is None else interpreter(authorities=Responder(outcome=outcome))
    said = say(version, "GetCertificateStatus", {"ocspRequestData": QUESTION}, by=by)
    assert said.answer == answer
    fact = said.facts[0].record
    assert isinstance(fact, CertificateStatusRequested)
    assert (fact.certificate, fact.responder_url) == (NAMED, "http://ocsp.example/")
    assert fact.answered is (answer["status"] == "Accepted")
    assert [one.outcome for one in fact.evidence] == ([] if outcome is None else [outcome])


CONTRACT = {"idToken": {"idToken": "CARD", "type": "eMAID"}, "iso15118CertificateHashData": [QUESTION]}


def test_a_contract_that_nobody_can_check_is_not_vouched_for() -> None:
    said = say("2.0.1", "Authorize", CONTRACT)
    assert said.answer == {"idTokenInfo": {"status": "Accepted"}, "certificateStatus": "NoCertificateAvailable"}
    assert said.facts == ()


@pytest.mark.parametrize(
    ("certificate", "token"),
    [
        ("Accepted", "Accepted"),
        ("CertificateRevoked", "Invalid"),
        ("CertificateExpired", "Expired"),
        ("SignatureError", "Invalid"),
    ],
)
def test_a_token_is_worth_no_more_than_its_certificate_and_the_verdict_is_kept(certificate: str, token: str) -> None:
    said = say("2.0.1", "Authorize", CONTRACT, by=interpreter(authorities=Responder(status=certificate)))
    assert said.answer == {"idTokenInfo": {"status": token}, "certificateStatus": certificate}
    assert said.facts[0].record == ContractCertificateJudged(
        **SAID, uid_hmac=token_key("CARD", KEY), status=certificate, by_chain=False, policy="required"
    )


def test_a_good_certificate_of_a_token_that_is_good_elsewhere_stays_good() -> None:
    elsewhere = TokenVerdict(status="NotAtThisLocation", token_ref="tok-1")
    by = interpreter(authorities=Responder(status="Accepted"), directory=KnowsCards(cards={"CARD": elsewhere}))
    said = say("2.0.1", "Authorize", CONTRACT, by=by)
    assert said.answer == {"idTokenInfo": {"status": "NotAtThisLocation"}, "certificateStatus": "Accepted"}


def test_a_good_certificate_of_a_token_that_is_not_good_is_a_contract_cancelled() -> None:
    stranger = {**CONTRACT, "idToken": {"idToken": "NOBODY", "type": "eMAID"}}
    said = say("2.0.1", "Authorize", stranger, by=interpreter(authorities=Responder(status="Accepted")))
    assert said.answer == {"idTokenInfo": {"status": "Invalid"}, "certificateStatus": "ContractCancelled"}
    assert said.facts[0].record == ContractCertificateJudged(
        **SAID,
        uid_hmac=token_key("NOBODY", KEY),
        status="ContractCancelled",
        why="token-not-accepted",
        by_chain=False,
        policy="required",
    )


# Contracts of vehicles.

WISH = {"iso15118SchemaVersion": "urn:iso:15118:2:2013:MsgDef", "action": "Install", "exiRequest": "gJgC"}


class Pool:
    """Authorities of which only the pool of contracts counts here."""

    def __init__(self, exi: str) -> None:
        self._exi = exi

    async def contract_certificate(self, _request: Any) -> ContractCertificate:
        return ContractCertificate(exi_response=self._exi, remaining_contracts=2)


@pytest.mark.parametrize(("version", "more"), [("2.0.1", {}), ("2.1", {"remainingContracts": 2})])
def test_how_many_contracts_remain_is_told_where_the_version_has_a_word_for_it(
    version: str, more: dict[str, int]
) -> None:
    said = say(version, "Get15118EVCertificate", WISH, by=interpreter(authorities=Pool("gJgD")))
    assert said.answer == {"status": "Accepted", "exiResponse": "gJgD", **more}


def test_what_no_message_can_carry_is_not_granted() -> None:
    said = say("2.0.1", "Get15118EVCertificate", WISH, by=interpreter(authorities=Pool("A" * 5_601)))
    assert (said.answer["status"], said.answer["statusInfo"]) == ("Failed", {"reasonCode": "TooLarge"})
    fact = said.facts[0].record
    assert isinstance(fact, ContractCertificateRequested)
    assert not fact.granted
