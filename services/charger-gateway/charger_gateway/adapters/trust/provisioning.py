"""Fetches vehicles' contract certificates from a provisioning service, as a pool of contract certificates offers them.

The service is asked by `POST` with OCPP's own words as JSON and answers `exiResponse` and, from 2.1 on,
`remainingContracts`. The EXI passes unread. A request is asked again under the same Idempotency-Key
while there is time.
"""

import asyncio
import hashlib
from collections.abc import Mapping
from typing import Any

import httpx2
import structlog

from charger_gateway.domain.certificates import ContractCertificate

_WITHIN_S = 20.0
_ONE_TRY_S = 8.0
_PAUSES_S = (0.5, 2.0)
"""Before the second and the third try, which is the last."""
_MOST_BYTES = 64 * 1024
_SERVER_ERROR = 500
_OK = 200

log = structlog.get_logger("charger_gateway.provisioning")


class _TryAgain(Exception):
    """The service may answer a moment later."""


class Provisioning:
    """One for all stations of the process."""

    def __init__(self, *, url: str, token: str | None = None) -> None:
        self._url = url
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        self._client = httpx2.AsyncClient(headers=headers, timeout=_ONE_TRY_S, follow_redirects=False, trust_env=False)

    async def fetch(self, request: Mapping[str, Any]) -> ContractCertificate | None:
        """By a Get15118EVCertificate request, within 20 s; None where there is none. Raises nothing."""
        try:
            async with asyncio.timeout(_WITHIN_S):
                return await self._tried(request)
        except TimeoutError:
            log.warning("provisioning.failed", why="no answer in time")
            return None

    async def _tried(self, request: Mapping[str, Any]) -> ContractCertificate | None:
        for pause_s in (*_PAUSES_S, None):
            try:
                return await self._once(request)
            except (_TryAgain, httpx2.TransportError) as error:
                log.warning("provisioning.failed", why=str(error) or type(error).__name__, again=pause_s is not None)
                if pause_s is not None:
                    await asyncio.sleep(pause_s)
        return None

    async def _once(self, request: Mapping[str, Any]) -> ContractCertificate | None:
        key = hashlib.sha256(request["exiRequest"].encode()).hexdigest()
        answer = await self._client.post(self._url, json=dict(request), headers={"Idempotency-Key": key})
        if answer.status_code >= _SERVER_ERROR:
            raise _TryAgain(f"status {answer.status_code}")
        if answer.status_code != _OK or len(answer.content) > _MOST_BYTES:
            log.warning("provisioning.refused", status=answer.status_code)
            return None
        return _read(answer)

    async def close(self) -> None:
        """Release the connections."""
        await self._client.aclose()


def _read(answer: httpx2.Response) -> ContractCertificate | None:
    try:
        said = answer.json()
    except ValueError:
        said = None
    exi = said.get("exiResponse") if isinstance(said, dict) else None
    if not isinstance(exi, str) or not exi:
        log.warning("provisioning.unreadable")
        return None
    remaining = said.get("remainingContracts")
    return ContractCertificate(exi_response=exi, remaining_contracts=remaining if isinstance(remaining, int) else None)
