"""What we ask of a partner: its versions, its endpoints, and to take what we push."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

from pydantic import BaseModel, ValidationError

from chassis.http.guarded import Answer, CallFailedError, CallRefusedError
from roaming.adapters.ocpi.objects import Endpoint, Envelope, Version, VersionDetails
from roaming.adapters.ocpi.wire import OcpiError, authorization, raw_authorization, request_headers
from roaming.domain.ocpi import VERSION, Status

M = TypeVar("M", bound=BaseModel)

_UNAUTHORIZED = 401


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """How we reach a partner."""

    token: str
    allowed_hosts: Collection[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where and how an object is pushed."""

    method: str
    url: str


class Http(Protocol):
    """`GuardedHttp`, or what a test puts in its place."""

    async def call(
        self,
        method: str,
        url: str,
        *,
        allowed_hosts: Collection[str],
        headers: Mapping[str, str],
        body: bytes | None = None,
    ) -> Answer:
        """The answer. Raises CallRefusedError, CallFailedError."""
        ...


class Peer:
    """The partner's side of OCPI."""

    def __init__(self, http: Http) -> None:
        self._http = http

    async def endpoints(self, versions_url: str, access: Access) -> list[Endpoint]:
        """The partner's modules in 2.2.1. Raises OcpiError with what the handshake must answer: 3001, 3002, 3003."""
        versions = await self._get(versions_url, access, Envelope[list[Version]])
        common = [each for each in versions.data or [] if each.version == VERSION]
        if not common:
            raise OcpiError(Status.UNSUPPORTED_VERSION, f"we speak {VERSION}, which your versions do not list")
        details = await self._get(common[0].url, access, Envelope[VersionDetails])
        endpoints = details.data.endpoints if details.data else []
        if not any(each.identifier == "cdrs" and each.role.upper() == "RECEIVER" for each in endpoints):
            raise OcpiError(Status.MISSING_ENDPOINTS, "we need your cdrs module as RECEIVER")
        return endpoints

    async def push(self, to: Target, access: Access, body: bytes, headers: dict[str, str]) -> Answer:
        """The raw answer to an object of ours. Raises CallRefusedError, CallFailedError."""
        return await self._call(to.method, to.url, access, {**headers, "Content-Type": "application/json"}, body)

    async def _get(self, url: str, access: Access, shape: type[M]) -> M:
        try:
            answer = await self._call("GET", url, access, {}, None)
        except (CallRefusedError, CallFailedError) as error:
            raise OcpiError(Status.UNUSABLE_API, f"we cannot use your API: {error}") from error
        if answer.status >= 400:
            raise OcpiError(Status.UNUSABLE_API, f"your API answered HTTP {answer.status}")
        try:
            parsed = shape.model_validate_json(answer.body)
        except ValidationError as error:
            raise OcpiError(Status.UNUSABLE_API, "your API's answer is not OCPI") from error
        code = getattr(parsed, "status_code", 0)
        if not 1000 <= code < 2000:
            raise OcpiError(Status.UNUSABLE_API, f"your API answered status_code {code}")
        return parsed

    async def _call(self, method: str, url: str, access: Access, headers: dict[str, str], body: bytes | None) -> Answer:
        """Base64 as 2.2.1 says; a peer that knows nobody by it is asked again with the token as it is."""

        async def with_header(header: str) -> Answer:
            sent = {**request_headers(), **headers, "Authorization": header}
            return await self._http.call(method, url, allowed_hosts=access.allowed_hosts, headers=sent, body=body)

        answer = await with_header(authorization(access.token))
        return await with_header(raw_authorization(access.token)) if answer.status == _UNAUTHORIZED else answer
