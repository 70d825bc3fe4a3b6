"""Files that stations fetch and bring: where they are kept, and addresses with credentials that work once."""

import hashlib
import hmac
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from urllib.parse import quote

from charger_gateway.domain.progress import OURS
from charger_gateway.ports import AlreadyThere, Objects
from chassis.clock import wall_now

GOOD_FOR_S = 86_400
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """What an address proves: one direction, one file, one command, until then."""

    direction: str
    file_id: str
    nonce: str
    expires: int
    signature: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A file that is kept."""

    key: str
    size: int


class FileStore:
    """Uploads are kept under `uploads`, firmware under `firmware`; a credential that did its work is remembered."""

    def __init__(self, *, objects: Objects, secret: bytes, base_url: Callable[[], str]) -> None:
        self._objects = objects
        self._key = hmac.digest(secret, b"file-credentials", hashlib.sha256)
        self._base_url = base_url

    def address(self, place: str, nonce: str) -> str:
        """The address of `ev-file:<direction>/<file id>`, with a credential of this command's own."""
        direction, _, file_id = place.removeprefix(OURS).partition("/")
        expires = int(wall_now().timestamp()) + GOOD_FOR_S
        signature = self._sign(direction, file_id, nonce, expires)
        return f"{self._base_url()}/v1/files/{direction}/{quote(file_id)}/{nonce}/{expires}/{signature}"

    def _sign(self, direction: str, file_id: str, nonce: str, expires: int) -> str:
        text = f"{direction}/{file_id}/{nonce}/{expires}"
        return hmac.digest(self._key, text.encode(), hashlib.sha256).hex()[:40]

    def proves(self, credential: Credential) -> bool:
        """Whether the credential is ours and still good."""
        wanted = self._sign(credential.direction, credential.file_id, credential.nonce, credential.expires)
        same = hmac.compare_digest(wanted, credential.signature)
        return same and credential.expires > wall_now().timestamp()

    async def keep(self, folder: str, file_id: str, chunks: AsyncIterator[bytes]) -> int:
        """Keep a file whole or not at all; its size. Raises AlreadyThere, StorageUnavailable."""
        return await self._objects.keep(_key(folder, file_id), chunks)

    async def found(self, folder: str, file_id: str) -> Found | None:
        """A file that is kept; None where there is none. Raises StorageUnavailable."""
        key = _key(folder, file_id)
        size = await self._objects.size(key)
        return None if size is None else Found(key=key, size=size)

    def read(self, found: Found) -> AsyncIterator[bytes]:
        """The file's bytes without holding it in memory."""
        return self._objects.read(found.key)

    async def fetched(self, found: Found, credential: Credential) -> AsyncIterator[bytes]:
        """The file's bytes; once the last one is taken, the credential is used. Raises AlreadyThere."""
        if await self.is_used(credential):
            raise AlreadyThere
        async for chunk in self.read(found):
            yield chunk
        await self._objects.keep(_key("used", credential.signature), _nothing())

    async def is_used(self, credential: Credential) -> bool:
        """Whether the credential has fetched its file."""
        return await self._objects.size(_key("used", credential.signature)) is not None


def _key(folder: str, file_id: str) -> str:
    # Ids are hexadecimal digests of ours: nothing that a caller writes becomes a path.
    return f"{folder}/{hashlib.sha256(file_id.encode()).hexdigest()}"


async def _nothing() -> AsyncIterator[bytes]:
    parts: tuple[bytes, ...] = ()
    for part in parts:
        yield part


def file_id_of(*parts: str) -> str:
    """The id of what these name; it tells nothing of them."""
    return hashlib.sha256("\x00".join(parts).encode()).hexdigest()[:40]


def upload_id(station_id: str, job_id: str) -> str:
    """The id of what a station brings for a job; it says whose it is."""
    return f"{station_id}.{file_id_of(station_id, job_id)}"


def station_of(upload: str) -> str:
    """The station of an upload's id."""
    return upload.rpartition(".")[0]


def is_name(name: str) -> bool:
    """Whether people may call a firmware so."""
    return _NAME.fullmatch(name) is not None
