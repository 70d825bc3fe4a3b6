"""The vault keeps what it is given, gives it back, and can forget one person for good."""

import asyncio
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from accounts.adapters.vault import SqliteVault, VaultMisfitError
from accounts.ports import Access, DriverEntry, TokenEntry

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
ANNA = DriverEntry(
    driver_ref="D-1", tenant="emo", emsp_party_id="NL-EMO", name="Anna de Vries", email="anna@example.nl"
)
CARD = TokenEntry(
    token_ref="T-1",
    uid_hmac="9f2c",
    tenant="emo",
    emsp_party_id="NL-EMO",
    token_type="RFID",
    driver_ref="D-1",
    uid="04A2B3C4D5E680",
)
PARTNERS = TokenEntry(
    token_ref="T-2",
    uid_hmac="77aa",
    tenant="emo",
    emsp_party_id="NL-EMO",
    token_type="RFID",
    driver_ref=None,
    uid="04FFFFFFFFFF01",
)
MASTER = b"a-master-key-of-the-test"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "vault.sqlite"


@pytest.fixture
def vault(file: Path) -> Iterator[SqliteVault]:
    kept = SqliteVault(file, MASTER)
    yield kept
    kept.close()


async def test_what_is_kept_comes_back(vault: SqliteVault) -> None:
    assert await vault.keep_driver(ANNA)
    assert await vault.keep_token(CARD) == (CARD, True)
    assert await vault.keep_token(PARTNERS) == (PARTNERS, True)
    assert await vault.driver("D-1") == ANNA
    assert await vault.token("T-1") == CARD
    assert await vault.token("T-2") == PARTNERS


async def test_a_kept_driver_is_not_overwritten(vault: SqliteVault) -> None:
    other = DriverEntry(driver_ref="D-1", tenant="zon", emsp_party_id="NL-ZON", name="Eve", email="eve@example.nl")
    await vault.keep_driver(ANNA)
    assert not await vault.keep_driver(other)
    assert await vault.driver("D-1") == ANNA


async def test_a_uid_keeps_its_first_reference(vault: SqliteVault) -> None:
    await vault.keep_token(PARTNERS)
    again = TokenEntry(
        token_ref="T-9",
        uid_hmac="77aa",
        tenant="zon",
        emsp_party_id="NL-ZON",
        token_type="RFID",
        driver_ref=None,
        uid="04FFFFFFFFFF01",
    )
    assert await vault.keep_token(again) == (PARTNERS, False)


async def test_nobody_is_kept_under_an_unknown_reference(vault: SqliteVault) -> None:
    assert await vault.driver("D-9") is None
    assert await vault.token("T-9") is None


async def test_a_forgotten_driver_takes_his_tokens_along_and_leaves_the_others(vault: SqliteVault) -> None:
    await vault.keep_driver(ANNA)
    await vault.keep_token(CARD)
    await vault.keep_token(PARTNERS)
    await vault.forget("D-1")
    await vault.forget("D-1")
    assert await vault.driver("D-1") is None
    assert await vault.token("T-1") is None
    assert await vault.token("T-2") == PARTNERS


def test_no_clear_word_stands_in_the_file(vault: SqliteVault, file: Path) -> None:
    asyncio.run(vault.keep_driver(ANNA))
    asyncio.run(vault.keep_token(CARD))
    vault.close()
    stored = b"".join(each.read_bytes() for each in file.parent.iterdir())
    assert not [word for word in (b"Anna", b"anna@example.nl", b"04A2B3C4D5E680") if word in stored]
    assert file.stat().st_mode & 0o077 == 0


def test_another_master_key_does_not_open_the_file(vault: SqliteVault, file: Path) -> None:
    vault.close()
    with pytest.raises(VaultMisfitError):
        SqliteVault(file, b"another-key")


async def test_a_new_process_reads_what_the_old_one_kept(vault: SqliteVault, file: Path) -> None:
    await vault.keep_driver(ANNA)
    vault.close()
    reopened = SqliteVault(file, MASTER)
    assert await reopened.driver("D-1") == ANNA
    reopened.close()


@pytest.mark.parametrize("statement", ["DELETE FROM access", "UPDATE access SET caller = 'nobody'"])
async def test_the_audit_only_grows(vault: SqliteVault, file: Path, statement: str) -> None:
    await vault.note(Access(at=NOON, caller="anna", act="know-driver", subject="D-1", outcome="read"))
    other = sqlite3.connect(file)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        other.execute(statement)
    assert other.execute("SELECT caller, outcome FROM access").fetchall() == [("anna", "read")]
    other.close()
