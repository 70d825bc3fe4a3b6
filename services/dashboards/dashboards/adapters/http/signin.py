"""Signing in and out: authorization code with PKCE, state and nonce kept in a sealed cookie."""

import base64
import hashlib
import secrets

from fastapi import FastAPI, Request
from fastapi.responses import RedirectResponse, Response

from dashboards.adapters.http.visitors import Visitors
from dashboards.panels import ROLES
from dashboards.ports import Provider, SignInAgain


def add_sign_in(app: FastAPI, visitors: Visitors, provider: Provider, public_url: str) -> None:
    """/sign-in, /callback, /sign-out."""

    def callback(request: Request) -> str:
        return f"{public_url.rstrip('/') or str(request.base_url).rstrip('/')}/callback"

    @app.get("/sign-in", include_in_schema=False)
    async def sign_in(request: Request, to: str = "/") -> Response:
        attempt = {
            "state": secrets.token_urlsafe(24),
            "nonce": secrets.token_urlsafe(24),
            "verifier": secrets.token_urlsafe(48),
            "to": to if is_ours(to) else "/",
        }
        digest = hashlib.sha256(attempt["verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        url = await provider.authorize_url(
            redirect_uri=callback(request), state=attempt["state"], nonce=attempt["nonce"], challenge=challenge
        )
        response = RedirectResponse(url, status_code=303)
        visitors.begin(response, attempt)
        return response

    @app.get("/callback", include_in_schema=False)
    async def redeem(request: Request, code: str = "", state: str = "") -> Response:
        attempt = visitors.attempt(request)
        if not code or not secrets.compare_digest(state, attempt["state"]):
            raise SignInAgain
        user = await provider.redeem(
            code=code, verifier=attempt["verifier"], redirect_uri=callback(request), nonce=attempt["nonce"]
        )
        home = next((f"/{role}" for role in ROLES if role in user.roles), "/")
        response = RedirectResponse(attempt["to"] if attempt["to"] != "/" else home, status_code=303)
        visitors.remember(response, user)
        return response

    @app.post("/sign-out", include_in_schema=False)
    async def sign_out() -> Response:
        response = RedirectResponse("/", status_code=303)
        visitors.forget(response)
        return response


def is_ours(path: str) -> bool:
    """A path on this site: nobody is sent elsewhere after signing in."""
    return path.startswith("/") and not path.startswith(("//", "/\\"))
