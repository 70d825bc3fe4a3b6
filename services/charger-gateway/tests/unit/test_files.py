"""Addresses of files prove one direction, one file, one command, for a day; what is kept is kept whole and once."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from charger_gateway.adapters.files import Credential, FileStore, file_id_of, is_name
from charger_gateway.adapters.objects import DirectoryObjects
from charger_gateway.ports import AlreadyThere

FILE = file_id_of("NLVOLT0001", "j1")


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(
        objects=DirectoryObjects(tmp_path), secret=b"s" * 32, base_url=lambda: "https://files.volt.example"
    )


def credential(address: str, **other: object) -> Credential:
    *_, direction, file_id, nonce, expires, signature = address.split("/")
    found: dict[str, object] = {
        "direction": direction,
        "file_id": file_id,
        "nonce": nonce,
        "expires": int(expires),
        "signature": signature,
    }
    return Credential(**found | other)  # type: ignore[arg-type]  # as the address has them


async def chunks(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def read(found: AsyncIterator[bytes]) -> bytes:
    return b"".join([part async for part in found])


def test_an_address_proves_what_it_says_and_nothing_else(store: FileStore) -> None:
    address = store.address(f"ev-file:upload/{FILE}", "c1")
    assert address.startswith(f"https://files.volt.example/v1/files/upload/{FILE}/c1/")
    assert store.proves(credential(address))
    for other in ({"direction": "download"}, {"file_id": "x"}, {"nonce": "c2"}, {"expires": 2_000_000_000}):
        assert not store.proves(credential(address, **other))
    assert not store.proves(credential(address, signature="0" * 40))


def test_an_address_of_another_installation_proves_nothing(store: FileStore, tmp_path: Path) -> None:
    other = FileStore(objects=DirectoryObjects(tmp_path), secret=b"t" * 32, base_url=lambda: "https://x")
    assert not store.proves(credential(other.address(f"ev-file:upload/{FILE}", "c1")))


async def test_a_credential_fetches_once_but_may_try_again_until_then(store: FileStore) -> None:
    await store.keep("firmware", FILE, chunks(b"image"))
    found = await store.found("firmware", FILE)
    assert found is not None
    one = credential(store.address(f"ev-file:download/{FILE}", "c1"))
    two = credential(store.address(f"ev-file:download/{FILE}", "c2"))
    begun = store.fetched(found, one)
    assert await anext(begun) == b"image"
    assert not await store.is_used(one)
    assert await read(store.fetched(found, one)) == b"image"
    assert await store.is_used(one)
    with pytest.raises(AlreadyThere):
        await read(store.fetched(found, one))
    assert await read(store.fetched(found, two)) == b"image"


@pytest.mark.parametrize(
    ("name", "good"), [("fw-3.1.bin", True), ("../fw", False), (".hidden", False), ("a/b", False), ("", False)]
)
def test_names_of_firmware(name: str, *, good: bool) -> None:
    assert is_name(name) is good
