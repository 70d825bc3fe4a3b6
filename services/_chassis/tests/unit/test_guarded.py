"""Where we call and where we do not: a real server on loopback, and names that resolve as the test says."""

import asyncio
import contextlib
import ipaddress
from collections.abc import AsyncIterator

import pytest

from chassis.http.guarded import Address, CallFailedError, CallRefusedError, GuardedHttp, Resolve

PUBLIC = "93.184.215.14"
AGREED = "ocpi.emo.example"


def resolving(*addresses: str) -> Resolve:
    """A resolver with one answer for all names."""

    async def resolve(_host: str, _port: int) -> list[Address]:
        return [ipaddress.ip_address(each) for each in addresses]

    return resolve


@contextlib.asynccontextmanager
async def calling(
    *, loopback: bool = False, plain: bool = False, resolve: Resolve | None = None
) -> AsyncIterator[GuardedHttp]:
    http = GuardedHttp(allow_loopback=loopback, allow_plain=plain, resolve=resolve)
    try:
        yield http
    finally:
        await http.close()


@contextlib.asynccontextmanager
async def answering(*parts: bytes, pause_s: float = 0) -> AsyncIterator[str]:
    """A server that answers every request with these bytes; its URL."""
    at_work: set[asyncio.Task[None]] = set()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            for part in parts:
                writer.write(part)
                await writer.drain()
                await asyncio.sleep(pause_s)
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        at_work.add(asyncio.create_task(answer(reader, writer)))

    server = await asyncio.start_server(accepted, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    finally:
        server.close()
        for task in at_work:
            task.cancel()
        await asyncio.gather(*at_work, return_exceptions=True)


async def refused(url: str, *addresses: str, hosts: tuple[str, ...] = (AGREED,), loopback: bool = False) -> str:
    async with calling(loopback=loopback, resolve=resolving(*addresses)) as http:
        with pytest.raises(CallRefusedError) as raised:
            await http.call("GET", url, allowed_hosts=hosts, headers={})
    return str(raised.value)


@pytest.mark.parametrize(
    "inside",
    [
        "127.0.0.1", "10.0.0.7", "172.16.3.4", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",  # noqa: S104
        "224.0.0.1", "::1", "fe80::1", "fc00::1", "::ffff:10.0.0.7", "::",
    ],
)  # fmt: skip
async def test_a_name_that_leads_into_our_own_network_is_not_called(inside: str) -> None:
    assert await refused(f"https://{AGREED}/versions", inside) == f"{AGREED} is not a public address"
    # One public address beside it does not help.
    assert await refused(f"https://{AGREED}/versions", PUBLIC, inside) == f"{AGREED} is not a public address"


@pytest.mark.parametrize(
    "url",
    [
        "https://elsewhere.example/", f"https://{AGREED}.evil.example/", f"https://{AGREED}:8443/",
        f"https://{AGREED}@elsewhere.example/", f"http://{AGREED}/", "file:///etc/passwd", "gopher://x/", "https:///x",
        "not a url", "https://[::1", f"ftp://{AGREED}/",
    ],
)  # fmt: skip
async def test_only_https_to_agreed_hosts_and_ports_is_called(url: str) -> None:
    assert await refused(url, PUBLIC)


async def test_plain_http_is_for_answers_that_prove_themselves_and_only_on_its_usual_port() -> None:
    async with calling(plain=True, resolve=resolving(PUBLIC)) as http:
        for url in (f"http://{AGREED}:8080/", "http://elsewhere.example/"):
            with pytest.raises(CallRefusedError, match="not an agreed host"):
                await http.call("GET", url, allowed_hosts=(AGREED,), headers={})
    async with calling(plain=True, resolve=resolving("10.0.0.7")) as http:
        with pytest.raises(CallRefusedError, match="not a public address"):
            await http.call("GET", f"http://{AGREED}/", allowed_hosts=(AGREED,), headers={})


async def test_loopback_is_for_the_lab_alone_and_only_to_agreed_hosts() -> None:
    assert (
        await refused("http://127.0.0.1:1/", "127.0.0.1", hosts=("127.0.0.1",)) == "127.0.0.1 is not a public address"
    )
    assert await refused("http://127.0.0.1:1/", "127.0.0.1", loopback=True) == "127.0.0.1:1 is not an agreed host"
    assert await refused("http://127.0.0.1:1/", PUBLIC, "127.0.0.1", loopback=True)


async def test_an_agreed_host_answers_and_hears_its_own_name() -> None:
    heard = asyncio.get_running_loop().create_future()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.set_result(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with calling(loopback=True, resolve=resolving("127.0.0.1")) as http:
        answered = await http.call("GET", f"http://{AGREED}:{port}/x", allowed_hosts=[f"{AGREED}:{port}"], headers={})
    server.close()
    assert (answered.status, answered.body) == (200, b"ok")
    assert f"host: {AGREED}:{port}\r\n".encode() in (await heard).lower()


async def test_redirects_floods_and_nonsense_are_no_answer() -> None:
    redirect = b"HTTP/1.1 302 Found\r\nLocation: http://10.0.0.1/\r\nContent-Length: 0\r\n\r\n"
    flood = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + b"x" * 100_000
    for answer, why in ((redirect, "redirected"), (flood, "larger than 64 KiB"), (b"hello\r\n\r\n", "Protocol")):
        async with answering(answer) as url, calling(loopback=True) as http:
            with pytest.raises(CallFailedError, match=why):
                await http.call("GET", url, allowed_hosts=["127.0.0.1"], headers={})


async def test_a_server_that_drips_is_left_after_five_seconds() -> None:
    drips = [b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n", *([b"x"] * 100)]
    async with answering(*drips, pause_s=0.2) as url, calling(loopback=True) as http:
        begun = asyncio.get_running_loop().time()
        with pytest.raises(CallFailedError):
            await http.call("GET", url, allowed_hosts=["127.0.0.1"], headers={})
        assert asyncio.get_running_loop().time() - begun < 7


async def test_nobody_there_is_no_answer() -> None:
    async with calling(loopback=True) as http:
        with pytest.raises(CallFailedError):
            await http.call("GET", "http://127.0.0.1:1/", allowed_hosts=["127.0.0.1"], headers={})
        with pytest.raises(CallFailedError, match="does not resolve"):
            await http.call("GET", "https://no-such-host.invalid/", allowed_hosts=["no-such-host.invalid"], headers={})
