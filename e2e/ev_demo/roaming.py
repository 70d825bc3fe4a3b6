"""The demo's roaming partner: served in this process, and registered with the platform once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import orjson
import uvicorn

from ev_actors.partner import Partner, create_app
from ev_seed.client import Declined, Platform
from ev_seed.network import Names

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerHome:
    """Where the partner is reached, and the file with its tokens, which outlive the process."""

    port: int
    file: Path
    names: Names

    @property
    def url(self) -> str:
        """The partner's root."""
        return f"http://{HOST}:{self.port}"

    def remembered(self) -> Partner:
        """The partner as it was; a new one where there is no file."""
        country, _, party = self.names.emsp.partition("-")
        partner = Partner(url=self.url, country_code=country, party_id=party)
        if self.file.exists():
            partner.token_b, partner.token_c = orjson.loads(self.file.read_bytes())
        return partner

    def remember(self, partner: Partner) -> None:
        """Keep the tokens, for the owner's eyes only."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self.file.touch(mode=0o600)
        self.file.write_bytes(orjson.dumps([partner.token_b, partner.token_c]))


@asynccontextmanager
async def serving(partner: Partner, port: int) -> AsyncIterator[Partner]:
    """The partner answers while the block runs."""
    config = uvicorn.Config(create_app(partner), host=HOST, port=port, log_level="warning", lifespan="off")
    server = uvicorn.Server(config)
    task = asyncio.create_task(server._serve())  # noqa: SLF001 - serve() would take over the process's signals
    async with asyncio.timeout(10):
        while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.02)
    try:
        yield partner
    finally:
        server.should_exit = True
        await task


async def invite(platform: Platform, user: str, home: PartnerHome) -> dict[str, Any]:
    """Ask the platform for a token A for this partner. Raises Declined."""
    invitation = {
        "party_id": home.names.emsp,
        "our_party_id": home.names.cpo,
        "allowed_hosts": [f"{HOST}:{home.port}"],
    }
    told: dict[str, Any] = await platform.post(user, "roaming", "/v1/partners", invitation)
    return told


async def register(platform: Platform, user: str, home: PartnerHome, partner: Partner) -> bool:
    """Make the handshake unless it was made before; whether it was made now."""
    if partner.token_c:
        return False
    told = await invite(platform, user, home)
    if "token_a" not in told:
        raise Declined("invitation", 409, "the platform knows this partner, but its tokens were lost: make clean")
    async with httpx2.AsyncClient(timeout=10) as client:
        await partner.register(client, told["versions_url"], told["token_a"])
    home.remember(partner)
    return True
