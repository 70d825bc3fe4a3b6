"""Where files of stations lie: a local directory, or a bucket of S3-compatible storage; one port for both."""

import asyncio
import hashlib
import os
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import httpx2

from charger_gateway.adapters.sigv4 import S3Key, signed
from charger_gateway.ports import AlreadyThere, Objects, StorageUnavailable
from charger_gateway.settings import Settings
from chassis.clock import wall_now
from chassis.settings import read_secret

S3_KEY = "s3-key"
"""The secret: `access key:secret key`."""
CHUNK_BYTES = 64 * 1024
_IN_MEMORY_BYTES = 1024 * 1024
_CONNECT_S, _PART_S = 5.0, 60.0
_NOTHING = hashlib.sha256(b"").hexdigest()
_OK, _NOT_FOUND = 200, 404
_THERE = frozenset({409, 412})


@dataclass(frozen=True, slots=True)
class DirectoryObjects:
    """Satisfies Objects: a file an object, below one folder."""

    root: Path

    async def keep(self, key: str, chunks: AsyncIterator[bytes]) -> int:
        """See Objects."""
        path = self.root / key
        if path.exists():
            raise AlreadyThere
        await asyncio.to_thread(path.parent.mkdir, parents=True, exist_ok=True)
        part = path.with_suffix(f".{os.urandom(6).hex()}")
        try:
            with await asyncio.to_thread(part.open, "xb") as file:
                size, _ = await _written(file, chunks)
            await asyncio.to_thread(os.link, part, path)
        except FileExistsError as error:
            raise AlreadyThere from error
        finally:
            part.unlink(missing_ok=True)
        return size

    async def size(self, key: str) -> int | None:
        """See Objects."""
        path = self.root / key
        return path.stat().st_size if path.is_file() else None

    async def read(self, key: str) -> AsyncIterator[bytes]:
        """See Objects."""
        with await asyncio.to_thread((self.root / key).open, "rb") as file:
            while chunk := await asyncio.to_thread(file.read, CHUNK_BYTES):
                yield chunk


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Objects:
    """Satisfies Objects: a bucket, addressed by its path; what is brought is held here first, for its hash."""

    endpoint: str
    bucket: str
    key: S3Key

    async def keep(self, key: str, chunks: AsyncIterator[bytes]) -> int:
        """See Objects. Of two who bring one object the storage lets one (`If-None-Match`)."""
        with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES) as spool:
            size, sha256 = await _written(spool, chunks)
            await asyncio.to_thread(spool.seek, 0)
            once = {"if-none-match": "*", "content-length": str(size)}
            headers = self._headers("PUT", key, sha256, once)
            answer = await self._sent("PUT", key, headers, _read_from(spool))
        if answer.status_code in _THERE:
            raise AlreadyThere
        if answer.status_code != _OK:
            raise StorageUnavailable(f"status {answer.status_code}")
        return size

    async def size(self, key: str) -> int | None:
        """See Objects."""
        answer = await self._sent("HEAD", key, self._headers("HEAD", key, _NOTHING, {}), None)
        if answer.status_code == _NOT_FOUND:
            return None
        if answer.status_code != _OK:
            raise StorageUnavailable(f"status {answer.status_code}")
        return int(answer.headers["content-length"])

    async def read(self, key: str) -> AsyncIterator[bytes]:
        """See Objects."""
        headers = self._headers("GET", key, _NOTHING, {"accept-encoding": "identity"})
        try:
            async with self._client() as client, client.stream("GET", self._url(key), headers=headers) as answer:
                if answer.status_code != _OK:
                    raise StorageUnavailable(f"status {answer.status_code}")
                async for chunk in answer.aiter_bytes(CHUNK_BYTES):
                    yield chunk
        except httpx2.TransportError as error:
            raise StorageUnavailable(type(error).__name__) from error

    async def _sent(
        self, method: str, key: str, headers: dict[str, str], body: AsyncIterator[bytes] | None
    ) -> httpx2.Response:
        try:
            async with self._client() as client:
                return await client.request(method, self._url(key), headers=headers, content=body)
        except httpx2.TransportError as error:
            raise StorageUnavailable(type(error).__name__) from error

    def _client(self) -> httpx2.AsyncClient:
        timeout = httpx2.Timeout(_PART_S, connect=_CONNECT_S)
        return httpx2.AsyncClient(timeout=timeout, follow_redirects=False, trust_env=False)

    def _url(self, key: str) -> str:
        return f"{self.endpoint.rstrip('/')}/{self.bucket}/{key}"

    def _headers(self, method: str, key: str, sha256: str, more: dict[str, str]) -> dict[str, str]:
        return signed(self.key, method, self._url(key), body_sha256=sha256, at=wall_now(), headers=more)


def open_objects(settings: Settings) -> Objects:
    """The bucket, where one is named; else the directory. Raises MissingSecret."""
    if not settings.file_bucket:
        return DirectoryObjects(settings.file_dir)
    access_key, _, secret_key = read_secret(settings, S3_KEY).decode().partition(":")
    key = S3Key(access_key=access_key, secret_key=secret_key, region=settings.file_bucket_region)
    return S3Objects(endpoint=settings.file_bucket_endpoint, bucket=settings.file_bucket, key=key)


async def _written(file: IO[bytes], chunks: AsyncIterator[bytes]) -> tuple[int, str]:
    """How much was written, and its SHA-256."""
    size, digest = 0, hashlib.sha256()
    async for chunk in chunks:
        size += len(chunk)
        digest.update(chunk)
        await asyncio.to_thread(file.write, chunk)
    return size, digest.hexdigest()


async def _read_from(file: IO[bytes]) -> AsyncIterator[bytes]:
    while chunk := await asyncio.to_thread(file.read, CHUNK_BYTES):
        yield chunk
