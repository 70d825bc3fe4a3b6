"""The provider's HTTP edge: discovery, keys, authorization code with PKCE, and tokens for scripts."""

import base64
import hashlib
import hmac
import html
import secrets
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode, urlsplit

from fastapi import FastAPI, Form, Query
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from ev_lab.issuer.tokens import LIFETIME_S, Signer
from ev_lab.issuer.users import NoSuchUser, User, UserBook

MOST_CODES = 1_000
LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Grant:
    user: User
    client_id: str
    redirect_uri: str
    challenge: str
    nonce: str | None


class _Codes:
    """Authorization codes that wait to be redeemed, once; the oldest give way when too many wait."""

    def __init__(self) -> None:
        self._grants: dict[str, _Grant] = {}

    def issue(self, grant: _Grant) -> str:
        while len(self._grants) >= MOST_CODES:
            self._grants.pop(next(iter(self._grants)))
        code = secrets.token_urlsafe(32)
        self._grants[code] = grant
        return code

    def redeem(self, code: str) -> _Grant | None:
        return self._grants.pop(code, None)


def _error(code: str, description: str, status: int = 400) -> JSONResponse:
    return JSONResponse({"error": code, "error_description": description}, status_code=status)


def create_app(signer: Signer, users: UserBook) -> FastAPI:
    """The provider of one lab. It answers redirects to loopback only: it is no provider for anything else."""
    app = FastAPI(title="Lab issuer", docs_url=None, redoc_url=None)
    codes = _Codes()
    _add_metadata(app, signer)
    _add_authorize(app, users, codes)
    _add_token(app, signer, users, codes)
    return app


def _add_metadata(app: FastAPI, signer: Signer) -> None:
    @app.get("/.well-known/openid-configuration")
    def discovery() -> dict[str, object]:
        return {
            "issuer": signer.issuer,
            "authorization_endpoint": f"{signer.issuer}/authorize",
            "token_endpoint": f"{signer.issuer}/token",
            "jwks_uri": f"{signer.issuer}/jwks.json",
            "response_types_supported": ["code"],
            "grant_types_supported": ["authorization_code", "client_credentials", "password"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["none"],
        }

    @app.get("/jwks.json")
    def keys() -> dict[str, object]:
        return signer.jwks()

    @app.get("/health/live")
    def live() -> dict[str, str]:
        return {"status": "ok"}


def _add_authorize(app: FastAPI, users: UserBook, codes: _Codes) -> None:
    @app.get("/authorize")
    def choose(
        *,
        client_id: str,
        redirect_uri: str,
        code_challenge: str,
        state: str = "",
        nonce: str | None = None,
        response_type: str = "code",
        code_challenge_method: str = "S256",
        login: Annotated[str | None, Query(description="the chosen demo user")] = None,
    ) -> Response:
        if response_type != "code" or code_challenge_method != "S256":
            return _error("invalid_request", "only response_type=code with code_challenge_method=S256")
        if urlsplit(redirect_uri).hostname not in LOOPBACK:
            return _error("invalid_request", "this issuer redirects to the local machine only")
        asked = {
            "client_id": client_id,
            "redirect_uri": redirect_uri,
            "code_challenge": code_challenge,
            "state": state,
            **({"nonce": nonce} if nonce else {}),
        }
        if login is None:
            return _page(users, asked)
        try:
            user = users.named(login)
        except NoSuchUser as error:
            return _error("access_denied", str(error), 403)
        code = codes.issue(
            _Grant(
                user=user,
                client_id=client_id,
                redirect_uri=redirect_uri,
                challenge=code_challenge,
                nonce=nonce,
            )
        )
        joint = "&" if urlsplit(redirect_uri).query else "?"
        return RedirectResponse(f"{redirect_uri}{joint}{urlencode({'code': code, 'state': state})}", status_code=303)


def _add_token(app: FastAPI, signer: Signer, users: UserBook, codes: _Codes) -> None:
    @app.post("/token")
    def token(
        *,
        grant_type: Annotated[str, Form()],
        code: Annotated[str, Form()] = "",
        code_verifier: Annotated[str, Form()] = "",
        redirect_uri: Annotated[str, Form()] = "",
        username: Annotated[str, Form()] = "",
        client_id: Annotated[str, Form()] = "",
    ) -> Response:
        if grant_type == "client_credentials":  # services of the lab; their secret is not looked at, as no one's is
            return _service_answer(signer, users, client_id)
        if grant_type == "password":  # scripts of the lab: the user's name is enough, as on the page
            try:
                return _answer(signer, users.named(username), None)
            except NoSuchUser as error:
                return _error("invalid_grant", str(error))
        if grant_type != "authorization_code":
            return _error("unsupported_grant_type", "authorization_code, client_credentials or password")
        grant = codes.redeem(code)
        if grant is None or grant.redirect_uri != redirect_uri or not _proves(code_verifier, grant.challenge):
            return _error("invalid_grant", "the code is unknown, used, or not this client's")
        return _answer(signer, grant.user, grant)


def _service_answer(signer: Signer, users: UserBook, client_id: str) -> Response:
    try:
        user = users.named(client_id)
    except NoSuchUser as error:
        return _error("invalid_client", str(error), 401)
    if "service" not in user.roles:
        return _error("unauthorized_client", "only services have credentials of their own")
    return _answer(signer, user, None)


def _answer(signer: Signer, user: User, grant: _Grant | None) -> JSONResponse:
    body: dict[str, object] = {
        "access_token": signer.access_token(user),
        "token_type": "Bearer",
        "expires_in": LIFETIME_S,
    }
    if grant is not None:
        body["id_token"] = signer.id_token(user, client_id=grant.client_id, nonce=grant.nonce)
    return JSONResponse(body, headers={"Cache-Control": "no-store"})


def _proves(verifier: str, challenge: str) -> bool:
    digest = hashlib.sha256(verifier.encode()).digest()
    return hmac.compare_digest(base64.urlsafe_b64encode(digest).rstrip(b"=").decode(), challenge)


def _page(users: UserBook, asked: dict[str, str]) -> HTMLResponse:
    links = "\n".join(
        f'<li><a href="/authorize?{html.escape(urlencode({**asked, "login": user.username}))}">'
        f"<strong>{html.escape(user.name)}</strong> <small>{html.escape(', '.join(user.roles))}"
        f"{html.escape(f' · {user.party_id}' if user.party_id else '')}</small></a></li>"
        for user in users.all()
    )
    return HTMLResponse(
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><title>Sign in to the lab</title></head>'
        "<body><main><h1>Sign in to the lab</h1><p>Choose a demo user. There are no passwords here: this issuer "
        f"runs on your machine only.</p><ul>\n{links}\n</ul></main></body></html>",
        headers={"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'", "Cache-Control": "no-store"},
    )
