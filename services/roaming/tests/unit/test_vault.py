"""Asking the vault for a uid as a service, over real HTTP."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from chassis.outbox import Retry
from roaming.adapters.vault import AccountsVault
from roaming.domain.cdr_json import CdrToken
from roaming.ports import TokenUnknownError

KNOWN = (
    b'{"token_ref": "token-1", "tenant": "emo", "emsp_party_id": "NL-EMO", "token_type": "RFID", "driver_ref": null,'
    b' "uid": "04A1B2C3"}'
)


class Accounts:
    """An issuer and a vault in one: counts the tokens it gave and answers the vault's door as told."""

    def __init__(self) -> None:
        self.url = ""
        self.granted = 0
        self.vault_answer: tuple[int, bytes] = (200, KNOWN)
        self.bearers: list[str] = []

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        status, body = self._answered(head)
        writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body)
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    def _answered(self, head: str) -> tuple[int, bytes]:
        path = head.split(" ", 2)[1]
        if path == "/.well-known/openid-configuration":
            return 200, f'{{"token_endpoint": "{self.url}/token"}}'.encode()
        if path == "/token":
            self.granted += 1
            return 200, b'{"access_token": "bearer-%d", "expires_in": 3600}' % self.granted
        self.bearers.extend(
            line[22:] for line in head.split("\r\n") if line.lower().startswith("authorization: bearer ")
        )
        return self.vault_answer if path == "/v1/vault/tokens/token-1" else (404, b"{}")


@pytest.fixture
async def accounts() -> AsyncIterator[Accounts]:
    it = Accounts()
    server = await asyncio.start_server(it.answer, "127.0.0.1", 0)
    it.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield it
    server.close()


@pytest.fixture
async def vault(accounts: Accounts) -> AsyncIterator[AccountsVault]:
    it = AccountsVault(url=accounts.url, issuer=accounts.url, client_id="service", client_secret="s")
    yield it
    await it.close()


async def test_the_uid_is_read_with_our_own_credentials_fetched_once(accounts: Accounts, vault: AccountsVault) -> None:
    for _ in range(2):
        assert await vault.token("token-1") == CdrToken(uid="04A1B2C3", type="RFID", contract_id="token-1")
    assert (accounts.granted, accounts.bearers) == (1, ["bearer-1", "bearer-1"])


async def test_a_token_that_is_gone_is_not_asked_for_again(vault: AccountsVault) -> None:
    with pytest.raises(TokenUnknownError):
        await vault.token("token-2")


@pytest.mark.parametrize("answer", [(503, b"{}"), (200, b"<html>"), (200, b"{}"), (403, b"{}")])
async def test_a_vault_in_trouble_is_asked_again_later(
    accounts: Accounts, vault: AccountsVault, answer: tuple[int, bytes]
) -> None:
    accounts.vault_answer = answer
    with pytest.raises(Retry):
        await vault.token("token-1")


async def test_no_vault_is_asked_again_later() -> None:
    vault = AccountsVault(url="http://127.0.0.1:1", issuer="http://127.0.0.1:1", client_id="service", client_secret="")
    with pytest.raises(Retry):
        await vault.token("token-1")
    await vault.close()
