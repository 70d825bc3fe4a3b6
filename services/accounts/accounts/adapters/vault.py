"""The vault in one SQLite file: each subject's data is sealed by its own key, which a master key wraps."""

import asyncio
import json
import os
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from accounts.ports import Access, DriverEntry, TokenEntry

T = TypeVar("T")

_NONCE_BYTES = 12
_UID_COLUMNS = "token_ref, uid_hmac, tenant, emsp_party_id, token_type, driver_ref, sealed"
_TABLES = """
CREATE TABLE IF NOT EXISTS subject_key (subject TEXT PRIMARY KEY, wrapped BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS driver (
    driver_ref TEXT PRIMARY KEY, tenant TEXT NOT NULL, emsp_party_id TEXT NOT NULL, sealed BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS token (
    uid_hmac TEXT PRIMARY KEY, token_ref TEXT NOT NULL UNIQUE, tenant TEXT NOT NULL, emsp_party_id TEXT NOT NULL,
    token_type TEXT NOT NULL, driver_ref TEXT, sealed BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS access (
    number INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, caller TEXT NOT NULL, act TEXT NOT NULL,
    subject TEXT NOT NULL, outcome TEXT NOT NULL
);
CREATE TRIGGER IF NOT EXISTS access_is_not_changed BEFORE UPDATE ON access
    BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
CREATE TRIGGER IF NOT EXISTS access_is_not_deleted BEFORE DELETE ON access
    BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
"""


class VaultMisfitError(RuntimeError):
    """The vault's file was sealed under another master key: the service must not start."""


class SqliteVault:
    """Implements `Vault`. One writer, one process; work is done in threads, so the event loop never waits for disk."""

    def __init__(self, path: Path, master_key: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"accounts-vault-wrap").derive(master_key)
        self._wrap = AESGCM(derived)
        self._lock = threading.Lock()
        self._file = sqlite3.connect(path, check_same_thread=False)
        self._file.execute("PRAGMA journal_mode=WAL")
        self._file.execute("PRAGMA synchronous=FULL")
        self._file.execute("PRAGMA secure_delete=ON")
        self._file.executescript(_TABLES)
        self._refuse_another_master_key()

    def close(self) -> None:
        """Release the file."""
        with self._lock:
            self._file.close()

    async def keep_driver(self, entry: DriverEntry) -> bool:
        """True if new; see `Vault`."""
        return await self._on_thread(lambda: self._keep_driver(entry))

    async def keep_token(self, entry: TokenEntry) -> tuple[TokenEntry, bool]:
        """The entry kept under this uid's HMAC; see `Vault`."""
        return await self._on_thread(lambda: self._keep_token(entry))

    async def driver(self, driver_ref: str) -> DriverEntry | None:
        """The person; see `Vault`."""
        return await self._on_thread(lambda: self._driver(driver_ref))

    async def token(self, token_ref: str) -> TokenEntry | None:
        """The uid; see `Vault`."""
        return await self._on_thread(lambda: self._token("token_ref", token_ref))

    async def forget(self, subject: str) -> None:
        """Destroy a subject's key and what it sealed; see `Vault`."""
        await self._on_thread(lambda: self._forget(subject))

    async def note(self, access: Access) -> None:
        """Append to the audit; see `Vault`."""
        row = (access.at.isoformat(), access.caller, access.act, access.subject, access.outcome)
        await self._on_thread(
            lambda: self._file.execute(
                "INSERT INTO access (at, caller, act, subject, outcome) VALUES (?, ?, ?, ?, ?)", row
            )
        )

    async def _on_thread(self, work: Callable[[], T]) -> T:
        def locked() -> T:
            with self._lock, self._file:
                return work()

        return await asyncio.to_thread(locked)

    def _keep_driver(self, entry: DriverEntry) -> bool:
        if self._row("SELECT 1 FROM driver WHERE driver_ref = ?", entry.driver_ref):
            return False
        sealed = self._seal(entry.driver_ref, {"name": entry.name, "email": entry.email})
        self._file.execute(
            "INSERT INTO driver VALUES (?, ?, ?, ?)", (entry.driver_ref, entry.tenant, entry.emsp_party_id, sealed)
        )
        return True

    def _keep_token(self, entry: TokenEntry) -> tuple[TokenEntry, bool]:
        kept = self._token("uid_hmac", entry.uid_hmac)
        if kept is not None:
            return kept, False
        sealed = self._seal(entry.driver_ref or entry.token_ref, {"uid": entry.uid})
        self._file.execute(
            "INSERT INTO token VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                entry.uid_hmac,
                entry.token_ref,
                entry.tenant,
                entry.emsp_party_id,
                entry.token_type,
                entry.driver_ref,
                sealed,
            ),
        )
        return entry, True

    def _driver(self, driver_ref: str) -> DriverEntry | None:
        row = self._row("SELECT tenant, emsp_party_id, sealed FROM driver WHERE driver_ref = ?", driver_ref)
        if row is None:
            return None
        return DriverEntry(driver_ref=driver_ref, tenant=row[0], emsp_party_id=row[1], **self._open(driver_ref, row[2]))

    def _token(self, column: str, value: str) -> TokenEntry | None:
        row = self._row(
            f"SELECT {_UID_COLUMNS} FROM token WHERE {column} = ?",  # noqa: S608 - one of this module's literals
            value,
        )
        if row is None:
            return None
        token_ref, uid_hmac, tenant, emsp_party_id, token_type, driver_ref, sealed = row
        return TokenEntry(
            token_ref=token_ref,
            uid_hmac=uid_hmac,
            tenant=tenant,
            emsp_party_id=emsp_party_id,
            token_type=token_type,
            driver_ref=driver_ref,
            **self._open(driver_ref or token_ref, sealed),
        )

    def _forget(self, subject: str) -> None:
        self._file.execute("DELETE FROM driver WHERE driver_ref = ?", (subject,))
        self._file.execute("DELETE FROM token WHERE driver_ref = ? OR token_ref = ?", (subject, subject))
        self._file.execute("DELETE FROM subject_key WHERE subject = ?", (subject,))

    def _seal(self, subject: str, person: dict[str, str]) -> bytes:
        clear = json.dumps(person, ensure_ascii=False).encode()
        return _encrypt(AESGCM(self._key_of(subject, make=True)), clear, about=subject)

    def _open(self, subject: str, sealed: bytes) -> dict[str, str]:
        opened: dict[str, str] = json.loads(_decrypt(AESGCM(self._key_of(subject)), sealed, about=subject))
        return opened

    def _key_of(self, subject: str, *, make: bool = False) -> bytes:
        row = self._row("SELECT wrapped FROM subject_key WHERE subject = ?", subject)
        if row is not None:
            return _decrypt(self._wrap, row[0], about=subject)
        if not make:
            raise VaultMisfitError(f"no key for {subject}, though something is sealed under it")
        key = AESGCM.generate_key(bit_length=256)
        self._file.execute("INSERT INTO subject_key VALUES (?, ?)", (subject, _encrypt(self._wrap, key, about=subject)))
        return key

    def _row(self, query: str, value: str) -> tuple[Any, ...] | None:
        with closing(self._file.execute(query, (value,))) as cursor:
            row: tuple[Any, ...] | None = cursor.fetchone()
        return row

    def _refuse_another_master_key(self) -> None:
        probe = "vault"
        with self._lock, self._file:
            try:
                self._key_of(probe, make=True)
            except InvalidTag as error:
                raise VaultMisfitError("the vault's file was sealed under another master key") from error


def _encrypt(key: AESGCM, clear: bytes, *, about: str) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + key.encrypt(nonce, clear, about.encode())


def _decrypt(key: AESGCM, sealed: bytes, *, about: str) -> bytes:
    return key.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], about.encode())
