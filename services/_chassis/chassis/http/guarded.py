"""Calls to addresses that others told us: only to hosts we agreed on, never into our own network, never redirected.

The name is resolved here and the connection goes to the very address that was checked, so a name that changes its
address between the check and the call (DNS rebinding) gains nothing.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass

import httpx2

_TIMEOUT_S = 5.0
_LARGEST_ANSWER = 64 * 1024


Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Awaitable[list[Address]]]
"""From a name to its addresses. Raises CallFailedError."""


class CallRefusedError(Exception):
    """We will not call this address: not agreed on, not HTTPS, or inside our own network."""


class CallFailedError(Exception):
    """No usable answer: nobody answered in time, or too much, or not HTTP. Whether it took effect is unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class GuardedHttp:
    """One client for all partners. `allow_loopback` is for the lab alone: it also permits plain HTTP, to loopback.

    `allow_plain` is for answers that prove themselves, as those of OCSP responders do.
    """

    def __init__(
        self, *, allow_loopback: bool = False, allow_plain: bool = False, resolve: Resolve | None = None
    ) -> None:
        self._allow_loopback = allow_loopback
        self._allow_plain = allow_plain
        self._resolve = resolve or _resolve
        self._client = httpx2.AsyncClient(follow_redirects=False, timeout=_TIMEOUT_S, trust_env=False)

    async def close(self) -> None:
        """Release the connections."""
        await self._client.aclose()

    async def call(
        self,
        method: str,
        url: str,
        *,
        allowed_hosts: Collection[str],
        headers: Mapping[str, str],
        body: bytes | None = None,
    ) -> Answer:
        """The answer within 5 s and 64 KiB. Raises CallRefusedError, CallFailedError."""
        try:
            async with asyncio.timeout(_TIMEOUT_S):
                target, host = await self._checked(url, allowed_hosts)
                request = self._client.build_request(
                    method,
                    target,
                    content=body,
                    headers={**headers, "Host": host, "Accept-Encoding": "identity"},
                    # TLS asks for and verifies the name, although the connection goes to the address.
                    extensions={"sni_hostname": httpx2.URL(url).host},
                )
                return await self._answer(request)
        except (httpx2.HTTPError, TimeoutError) as error:
            raise CallFailedError(type(error).__name__) from error

    async def _answer(self, request: httpx2.Request) -> Answer:
        response = await self._client.send(request, stream=True)
        try:
            if response.is_redirect:
                raise CallFailedError(f"redirected ({response.status_code})")
            body = bytearray()
            async for chunk in response.aiter_raw():
                body += chunk
                if len(body) > _LARGEST_ANSWER:
                    raise CallFailedError("the answer is larger than 64 KiB")
            return Answer(status=response.status_code, headers=dict(response.headers), body=bytes(body))
        finally:
            await response.aclose()

    async def _checked(self, url: str, allowed_hosts: Collection[str]) -> tuple[httpx2.URL, str]:
        """The URL with the address in place of the name, and the Host header to send."""
        try:
            parsed = httpx2.URL(url)
        except httpx2.InvalidURL as error:
            raise CallRefusedError("not a URL") from error
        if parsed.scheme not in {"https", "http"} or not parsed.host or parsed.userinfo:
            raise CallRefusedError("not a plain https address")
        port = parsed.port or (443 if parsed.scheme == "https" else 80)
        addresses = await self._resolve(parsed.host, port)
        loopback = self._allow_loopback and all(address.is_loopback for address in addresses)
        if not loopback and not all(_is_public(address) for address in addresses):
            raise CallRefusedError(f"{parsed.host} is not a public address")
        if not (loopback or self._allow_plain) and parsed.scheme != "https":
            raise CallRefusedError("not https")
        usual = port == (443 if parsed.scheme == "https" else 80)
        if not _is_agreed(parsed.host, port, allowed_hosts, any_port=loopback or usual):
            raise CallRefusedError(f"{parsed.host}:{port} is not an agreed host")
        return parsed.copy_with(host=str(addresses[0])), parsed.netloc.decode("ascii")


async def _resolve(host: str, port: int) -> list[Address]:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise CallFailedError(f"{host} does not resolve") from error
    return [ipaddress.ip_address(entry[4][0]) for entry in found]


def _is_public(address: Address) -> bool:
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    seen = mapped or address
    return seen.is_global and not seen.is_multicast


def _is_agreed(host: str, port: int, allowed_hosts: Collection[str], *, any_port: bool) -> bool:
    """An entry `host` means the usual port of its scheme (in the lab any); `host:port` means exactly that port."""
    agreed = {entry.lower() for entry in allowed_hosts}
    return f"{host}:{port}".lower() in agreed or (any_port and host.lower() in agreed)
