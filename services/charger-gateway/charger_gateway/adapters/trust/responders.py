"""Asks OCSP responders over HTTP, keeps what they signed for as long as it holds, and names every way they fail."""

import asyncio
import secrets
from collections import OrderedDict
from collections.abc import Collection

import structlog

from charger_gateway.adapters.trust.ocsp import Question, weighed
from charger_gateway.adapters.trust.roots import Roots
from chassis.clock import Clock
from chassis.http.guarded import CallFailedError, CallRefusedError, GuardedHttp
from ev_contracts.gateway import OcspEvidence

_MOST_KEPT = 20_000
_MOST_AT_ONCE = 32
_WITHIN_S = 6.0
_NONCE_BYTES = 16
_OK = 200
_HEADERS = {"Content-Type": "application/ocsp-request", "Accept": "application/ocsp-response"}

log = structlog.get_logger("charger_gateway.ocsp")


class Responders:
    """One for all stations of the process. The addresses come from stations: only agreed hosts are called."""

    def __init__(self, *, http: GuardedHttp, hosts: Collection[str], roots: Roots, clock: Clock) -> None:
        self._http = http
        self._hosts = hosts
        self._roots = roots
        self._clock = clock
        self._kept: OrderedDict[Question, OcspEvidence] = OrderedDict()
        self._at_once = asyncio.Semaphore(_MOST_AT_ONCE)

    async def ask(self, question: Question) -> OcspEvidence:
        """What is known of the certificate, within 6 s; raises nothing."""
        kept = self._kept.get(question)
        if kept is not None and kept.next_update_at is not None and self._clock.now() < kept.next_update_at:
            return kept
        evidence = await self._asked(question)
        if evidence.outcome in {"good", "revoked"} and evidence.next_update_at is not None:
            self._keep(question, evidence)
        elif evidence.answer is None:
            log.warning("ocsp.unanswered", why=evidence.outcome, responder=question.responder_url)
        return evidence

    def _keep(self, question: Question, evidence: OcspEvidence) -> None:
        self._kept[question] = evidence
        self._kept.move_to_end(question)
        while len(self._kept) > _MOST_KEPT:
            self._kept.popitem(last=False)

    async def _asked(self, question: Question) -> OcspEvidence:
        if question.responder_url is None:
            return question.without_answer("no-responder")
        nonce = secrets.token_bytes(_NONCE_BYTES)
        try:
            async with asyncio.timeout(_WITHIN_S), self._at_once:
                answer = await self._http.call(
                    "POST",
                    question.responder_url,
                    allowed_hosts=self._hosts,
                    headers=_HEADERS,
                    body=question.encoded(nonce),
                )
        except CallRefusedError:
            return question.without_answer("not-agreed")
        except (CallFailedError, TimeoutError):
            return question.without_answer("unreachable")
        if answer.status != _OK:
            return question.without_answer("unreachable")
        return weighed(answer.body, question, nonce=nonce, trusted=self._roots.trusted(), at=self._clock.now())

    async def close(self) -> None:
        """Release the connections."""
        await self._http.close()
