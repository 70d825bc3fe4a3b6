"""What every storage of files must do: the directory, and a bucket behind HTTP that checks each signature."""

import asyncio
import contextlib
import hashlib
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from charger_gateway.adapters.objects import DirectoryObjects, S3Objects
from charger_gateway.adapters.sigv4 import S3Key, signed
from charger_gateway.ports import AlreadyThere, Objects, StorageUnavailable

KEY = S3Key(access_key="volt", secret_key="volt-secret", region="eu-central-1")
BIG = b"x" * 3_000_000


@dataclass
class Bucket:
    """S3 as far as the port needs it: conditional PUT, HEAD, GET; whoever signs with another key is told 403."""

    kept: dict[str, bytes] = field(default_factory=dict)
    down: bool = False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            first, *lines = head.strip().split("\r\n")
            method, path, _ = first.split(" ")
            headers = dict(_field(line) for line in lines)
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            status, said = self._answer(method, path, headers, body)
            length = len(self.kept.get(path, b"")) if method == "HEAD" else len(said)
            writer.write(f"HTTP/1.1 {status} -\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n".encode())
            writer.write(b"" if method == "HEAD" else said)
            await writer.drain()
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    def _answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        if self.down:
            return 503, b""
        if not _is_proven(method, path, headers, body):
            return 403, b""
        if method == "PUT":
            if headers.get("if-none-match") == "*" and path in self.kept:
                return 412, b""
            self.kept[path] = body
            return 200, b""
        return (200, self.kept[path]) if path in self.kept else (404, b"")


def _field(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name.strip().lower(), value.strip()


def _is_proven(method: str, path: str, headers: dict[str, str], body: bytes) -> bool:
    at = datetime.strptime(headers["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    found = re.search(r"SignedHeaders=([^,]+)", headers["authorization"])
    assert found is not None
    names = set(found[1].split(";")) - {"host", "x-amz-date", "x-amz-content-sha256"}
    expected = signed(
        KEY,
        method,
        f"http://{headers['host']}{path}",
        body_sha256=hashlib.sha256(body).hexdigest(),
        at=at,
        headers={name: headers[name] for name in names},
    )
    return expected["authorization"] == headers["authorization"]


@contextlib.asynccontextmanager
async def bucket_at(bucket: Bucket) -> AsyncIterator[str]:
    server = await asyncio.start_server(bucket.serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        await server.wait_closed()


@pytest.fixture(params=["directory", "bucket"])
async def objects(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Objects]:
    if request.param == "directory":
        yield DirectoryObjects(tmp_path)
        return
    async with bucket_at(Bucket()) as endpoint:
        yield S3Objects(endpoint=endpoint, bucket="files", key=KEY)


async def chunks(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def read(found: AsyncIterator[bytes]) -> bytes:
    return b"".join([part async for part in found])


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def test_an_object_is_kept_whole_and_read_again(objects: Objects) -> None:
    assert await objects.keep("uploads/a", chunks(b"ab", BIG)) == len(BIG) + 2
    assert await objects.size("uploads/a") == len(BIG) + 2
    assert await read(objects.read("uploads/a")) == b"ab" + BIG


async def test_an_object_is_kept_once(objects: Objects) -> None:
    await objects.keep("uploads/a", chunks(b"first"))
    with pytest.raises(AlreadyThere):
        await objects.keep("uploads/a", chunks(b"second"))
    assert await read(objects.read("uploads/a")) == b"first"


async def test_of_two_who_bring_one_object_one_does(objects: Objects) -> None:
    both = await asyncio.gather(
        objects.keep("uploads/a", chunks(b"one")), objects.keep("uploads/a", chunks(b"two")), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in both) == ["AlreadyThere", "int"]


async def test_nothing_is_something_too(objects: Objects) -> None:
    assert await objects.size("used/a") is None
    assert await objects.keep("used/a", chunks()) == 0
    assert await objects.size("used/a") == 0


async def test_what_breaks_off_is_not_there(objects: Objects, tmp_path: Path) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"ab"
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await objects.keep("uploads/a", broken())
    assert await objects.size("uploads/a") is None
    assert files_in(tmp_path) == []


async def test_a_bucket_that_does_not_serve_us_is_unavailable() -> None:
    bucket = Bucket()
    other = S3Key(access_key="volt", secret_key="another", region="eu-central-1")
    async with bucket_at(bucket) as endpoint:
        for key in (KEY, other):
            bucket.down = key is KEY
            storage = S3Objects(endpoint=endpoint, bucket="files", key=key)
            with pytest.raises(StorageUnavailable):
                await storage.keep("uploads/a", chunks(b"a"))
            with pytest.raises(StorageUnavailable):
                await storage.size("uploads/a")
            with pytest.raises(StorageUnavailable):
                await read(storage.read("uploads/a"))
    nobody = S3Objects(endpoint="http://127.0.0.1:1", bucket="files", key=KEY)
    with pytest.raises(StorageUnavailable):
        await nobody.size("uploads/a")
