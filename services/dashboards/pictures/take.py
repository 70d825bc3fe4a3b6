"""Takes the pictures beside it: of a running demo's pages, and of each page's loading, empty and failed states.

`make pictures` (needs a Chromium: CHROMIUM=/usr/bin/chromium by default, and for the first kind a running demo).
"""

import asyncio
import os
import secrets
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import uvicorn
from playwright.async_api import Browser, Page, async_playwright

from dashboards.app import build
from dashboards.panels import PAGES
from dashboards.ports import Unavailable, User
from dashboards.settings import Settings

HERE = Path(__file__).parent
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]
DESK, PHONE = {"width": 1100, "height": 620}, {"width": 390, "height": 780}
STATES = ("loading", "empty", "failed")
AS_OF = {"token": "t", "appended_at": "2026-11-20T12:00:00+00:00", "now": "2026-11-20T12:00:01+00:00"}


class Models:
    """Read models in one state: they never answer, have nothing, or are away."""

    def __init__(self, state: str) -> None:
        self._state = state

    async def read(self, _role: str, _path: str, _user: User, _query: Mapping[str, str]) -> Mapping[str, Any]:
        if self._state == "failed":
            raise Unavailable("ConnectError")
        if self._state == "loading":
            await asyncio.sleep(60)
        return {"as_of": AS_OF, "next": None, "items": []}

    @asynccontextmanager
    async def stream(self, _role: str, _path: str, _user: User) -> AsyncIterator[AsyncIterator[bytes]]:
        if self._state == "failed":
            raise Unavailable("ConnectError")

        async def quiet() -> AsyncIterator[bytes]:
            yield b"event: ping\ndata: {}\n\n"
            await asyncio.sleep(60)

        yield quiet()


class Issuer:
    """Lets one visitor in who has every role."""

    async def authorize_url(self, *, redirect_uri: str, state: str, nonce: str, challenge: str) -> str:
        del nonce, challenge
        return f"{redirect_uri}?code=c&state={state}"

    async def redeem(self, *, code: str, verifier: str, redirect_uri: str, nonce: str) -> User:
        del code, verifier, redirect_uri, nonce
        return User(name="Visitor", roles=tuple(PAGES), token="-", expires_at=4_000_000_000)  # noqa: S106 - none


@asynccontextmanager
async def serving(state: str) -> AsyncIterator[str]:
    """The pages over read models in that state; their root."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "page-token-key").write_bytes(secrets.token_bytes(32))
        app = build(Settings(secrets_dir=Path(folder)), models=Models(state), provider=Issuer())
        server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="critical", timeout_graceful_shutdown=0))
        task = asyncio.create_task(server.serve())
        while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.05)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
        server.should_exit = True
        await task


async def states(browser: Browser) -> None:
    """One picture a role and state."""
    for state in STATES:
        async with serving(state) as root:
            for role in PAGES:
                page = await browser.new_page(viewport={"width": 900, "height": 420})
                await page.goto(f"{root}/sign-in?to=/{role}")
                wanted = {"loading": ".loading", "empty": ".panel .empty", "failed": ".failed"}[state]
                await page.wait_for_selector(wanted, timeout=20_000)
                await page.screenshot(path=HERE / f"{role}-{state}.png")
                await page.close()


async def demo(browser: Browser, root: str) -> None:
    """The pages of a running demo."""
    for name, role, size in (
        ("cpo", "cpo", DESK),
        ("emsp-phone", "emsp", PHONE),
        ("owner", "owner", DESK),
        ("dso", "dso", DESK),
    ):
        context = await browser.new_context(viewport=size)  # type: ignore[arg-type]
        page = await context.new_page()
        await _sign_in(page, root, role)
        await page.wait_for_selector(".panel table, .panel .card", timeout=30_000)
        await page.wait_for_timeout(2_000)
        await page.screenshot(path=HERE / f"{name}.png")
        await context.close()


async def _sign_in(page: Page, root: str, role: str) -> None:
    await page.goto(f"{root}/sign-in?to=/{role}")
    await page.click(f'a[href$="login={role}"]')


async def main() -> None:
    """The states always, the demo's pages where its root is given."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        await states(browser)
        if len(sys.argv) > 1:
            await demo(browser, sys.argv[1])
        await browser.close()


asyncio.run(main())
