"""A roaming partner: an EMSP's OCPI 2.2.1 platform that registers with us and takes CDRs and Sessions."""

import base64
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import FastAPI, Header, Request
from fastapi.responses import JSONResponse
from httpx2 import AsyncClient

VERSION = "2.2.1"


def authorization(token: str) -> dict[str, str]:
    """OCPI's header: the token in Base64 (2.2.1, transport and format)."""
    return {"Authorization": f"Token {base64.b64encode(token.encode()).decode()}"}


@dataclass(slots=True, kw_only=True)
class Partner:
    """One partner: `url` is where it is reached, without a trailing slash."""

    url: str
    country_code: str
    party_id: str
    token_b: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    token_c: str = ""
    endpoints: dict[tuple[str, str], str] = field(default_factory=dict)
    cdrs: dict[str, dict[str, Any]] = field(default_factory=dict)
    posts: list[str] = field(default_factory=list)
    sessions: dict[str, dict[str, Any]] = field(default_factory=dict)
    """As the last PUT of each left it."""
    puts: list[dict[str, Any]] = field(default_factory=list)
    """Every Session that came, in order."""
    takes_sessions: bool = True
    """Whether its versions name a receiver of Sessions."""
    refuse_with: int | None = None
    """An OCPI status code to refuse every CDR and Session with."""
    fail_http: int | None = None
    """An HTTP status to answer every CDR and Session with, as a platform in trouble does."""

    def credentials(self) -> dict[str, Any]:
        """What the partner says of itself."""
        role = {
            "role": "EMSP",
            "party_id": self.party_id,
            "country_code": self.country_code,
            "business_details": {"name": f"Partner {self.party_id}"},
        }
        return {"token": self.token_b, "url": f"{self.url}/ocpi/versions", "roles": [role]}

    async def register(self, client: AsyncClient, versions_url: str, token_a: str) -> dict[str, Any]:
        """The sender's side of the handshake; our platform's credentials. Raises AssertionError where it goes wrong."""
        headers = authorization(token_a)
        listed = (await client.get(versions_url, headers=headers)).json()
        ours = {entry["version"]: entry["url"] for entry in listed["data"]}
        details = (await client.get(ours[VERSION], headers=headers)).json()
        self.endpoints = {(one["identifier"], one["role"]): one["url"] for one in details["data"]["endpoints"]}
        url = next(url for (identifier, _), url in self.endpoints.items() if identifier == "credentials")
        answer = (await client.post(url, headers=headers, json=self.credentials())).json()
        if answer["status_code"] != 1000:
            raise AssertionError(answer)
        credentials: dict[str, Any] = answer["data"]
        self.token_c = credentials["token"]
        return credentials


def create_app(partner: Partner) -> FastAPI:
    """The partner's receiver interface."""
    app = FastAPI(title=f"Partner {partner.party_id}", docs_url=None, redoc_url=None)
    _add_versions(app, partner)
    _add_cdrs(app, partner)
    _add_sessions(app, partner)

    @app.get("/health/live")
    def live() -> dict[str, int]:
        return {"cdrs": len(partner.cdrs)}

    return app


def _known(partner: Partner, header: str) -> bool:
    return header == authorization(partner.token_b)["Authorization"]


def _add_versions(app: FastAPI, partner: Partner) -> None:
    @app.get("/ocpi/versions")
    def versions(authorization: Annotated[str, Header()] = "") -> JSONResponse:
        if not _known(partner, authorization):
            return _no()
        return _yes([{"version": VERSION, "url": f"{partner.url}/ocpi/{VERSION}"}])

    @app.get(f"/ocpi/{VERSION}")
    def details(authorization: Annotated[str, Header()] = "") -> JSONResponse:
        if not _known(partner, authorization):
            return _no()
        modules = [("credentials", "SENDER"), ("cdrs", "RECEIVER")]
        if partner.takes_sessions:
            modules.append(("sessions", "RECEIVER"))
        endpoints = [
            {"identifier": name, "role": role, "url": f"{partner.url}/ocpi/{VERSION}/{name}"} for name, role in modules
        ]
        return _yes({"version": VERSION, "endpoints": endpoints})


def _add_cdrs(app: FastAPI, partner: Partner) -> None:
    @app.post(f"/ocpi/{VERSION}/cdrs")
    async def take(request: Request, authorization: Annotated[str, Header()] = "") -> JSONResponse:
        if not _known(partner, authorization):
            return _no()
        if partner.fail_http is not None:
            return JSONResponse({}, status_code=partner.fail_http)
        cdr = await request.json()
        partner.posts.append(cdr["id"])
        if partner.refuse_with is not None:
            return _envelope(None, partner.refuse_with, "refused by the partner")
        partner.cdrs[cdr["id"]] = cdr
        return _yes(None, {"Location": f"{partner.url}/ocpi/{VERSION}/cdrs/{cdr['id']}"}, status=201)


def _add_sessions(app: FastAPI, partner: Partner) -> None:
    @app.put(f"/ocpi/{VERSION}/sessions/{{country_code}}/{{party_id}}/{{session_id}}")
    async def take(
        request: Request,
        country_code: str,
        party_id: str,
        session_id: str,
        authorization: Annotated[str, Header()] = "",
    ) -> JSONResponse:
        if not _known(partner, authorization):
            return _no()
        if partner.fail_http is not None:
            return JSONResponse({}, status_code=partner.fail_http)
        session = await request.json()
        if (session["country_code"], session["party_id"], session["id"]) != (country_code, party_id, session_id):
            return _envelope(None, 2001, "the URL names another object")
        partner.puts.append(session)
        if partner.refuse_with is not None:
            return _envelope(None, partner.refuse_with, "refused by the partner")
        partner.sessions[session_id] = session
        return _yes(None)


def _yes(data: Any, headers: dict[str, str] | None = None, status: int = 200) -> JSONResponse:
    answer = _envelope(data, 1000, "Success")
    answer.status_code = status
    answer.headers.update(headers or {})
    return answer


def _no() -> JSONResponse:
    answer = _envelope(None, 2001, "unknown token")
    answer.status_code = 401
    return answer


def _envelope(data: Any, code: int, message: str) -> JSONResponse:
    moment = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return JSONResponse({"data": data, "status_code": code, "status_message": message, "timestamp": moment})
