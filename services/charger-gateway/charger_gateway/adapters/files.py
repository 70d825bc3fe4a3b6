"""Files that stations fetch and bring: a local directory, and addresses with credentials that work once."""

import asyncio
import hashlib
import hmac
import os
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

from chassis.clock import wall_now

PLACE = "ev-file:"
"""What a command says in place of an address: the credential is added when the call is put on the wire."""
GOOD_FOR_S = 86_400
_CHUNK_BYTES = 64 * 1024
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """What an address proves: one direction, one file, one command, until then."""

    direction: str
    file_id: str
    nonce: str
    expires: int
    signature: str


class AlreadyUsed(Exception):
    """The file is there, or the credential has fetched it."""


class FileStore:
    """Uploads are kept under `uploads`, firmware under `firmware`; a credential that did its work is remembered."""

    def __init__(self, *, root: Path, secret: bytes, base_url: Callable[[], str]) -> None:
        self._root = root
        self._key = hmac.digest(secret, b"file-credentials", hashlib.sha256)
        self._base_url = base_url

    def address(self, place: str, nonce: str) -> str:
        """The address of `ev-file:<direction>/<file id>`, with a credential of this command's own."""
        direction, _, file_id = place.removeprefix(PLACE).partition("/")
        expires = int(wall_now().timestamp()) + GOOD_FOR_S
        signature = self._sign(direction, file_id, nonce, expires)
        return f"{self._base_url()}/v1/files/{direction}/{file_id}/{nonce}/{expires}/{signature}"

    def _sign(self, direction: str, file_id: str, nonce: str, expires: int) -> str:
        text = f"{direction}/{file_id}/{nonce}/{expires}"
        return hmac.digest(self._key, text.encode(), hashlib.sha256).hex()[:40]

    def proves(self, credential: Credential) -> bool:
        """Whether the credential is ours and still good."""
        wanted = self._sign(credential.direction, credential.file_id, credential.nonce, credential.expires)
        same = hmac.compare_digest(wanted, credential.signature)
        return same and credential.expires > wall_now().timestamp()

    async def keep(self, folder: str, file_id: str, chunks: AsyncIterator[bytes]) -> int:
        """Write a file whole or not at all; its size. Raises AlreadyUsed where it is there."""
        path = self._path(folder, file_id)
        if path.exists():
            raise AlreadyUsed
        await asyncio.to_thread(path.parent.mkdir, parents=True, exist_ok=True)
        part = path.with_suffix(f".{os.urandom(6).hex()}")
        size = 0
        try:
            with await asyncio.to_thread(part.open, "xb") as file:
                async for chunk in chunks:
                    size += len(chunk)
                    await asyncio.to_thread(file.write, chunk)
            await asyncio.to_thread(os.link, part, path)
        except FileExistsError as error:
            raise AlreadyUsed from error
        finally:
            part.unlink(missing_ok=True)
        return size

    def found(self, folder: str, file_id: str) -> Path | None:
        """Where a file is; None where there is none."""
        path = self._path(folder, file_id)
        return path if path.is_file() else None

    async def fetched(self, path: Path, credential: Credential) -> AsyncIterator[bytes]:
        """The file's bytes; once the last one is taken, the credential is used. Raises AlreadyUsed."""
        used = self._path("used", credential.signature)
        if used.exists():
            raise AlreadyUsed
        async for chunk in read_chunks(path):
            yield chunk
        await asyncio.to_thread(used.parent.mkdir, parents=True, exist_ok=True)
        await asyncio.to_thread(used.touch)

    def is_used(self, credential: Credential) -> bool:
        """Whether the credential has fetched its file."""
        return self._path("used", credential.signature).exists()

    def _path(self, folder: str, file_id: str) -> Path:
        # Ids are hexadecimal digests of ours: nothing that a caller writes becomes a path.
        return self._root / folder / hashlib.sha256(file_id.encode()).hexdigest()


async def read_chunks(path: Path) -> AsyncIterator[bytes]:
    """A file's bytes without holding it in memory."""
    with await asyncio.to_thread(path.open, "rb") as file:
        while chunk := await asyncio.to_thread(file.read, _CHUNK_BYTES):
            yield chunk


def file_id_of(*parts: str) -> str:
    """The id of what these name; it tells nothing of them."""
    return hashlib.sha256("\x00".join(parts).encode()).hexdigest()[:40]


def is_name(name: str) -> bool:
    """Whether people may call a firmware so."""
    return _NAME.fullmatch(name) is not None
