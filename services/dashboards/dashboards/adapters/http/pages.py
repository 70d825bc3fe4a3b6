"""The pages: one a role, and those of the objects on them; every figure comes from the role's read-model API."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import FastAPI, Path, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from fastapi.templating import Jinja2Templates

from dashboards.adapters.http.visitors import Visitors
from dashboards.film import KINDS, merged, page_of
from dashboards.panels import INVOICE_PATHS, PAGES, ROLES, SESSION_PATHS
from dashboards.ports import ENGINEER, GATEWAY, NotYours, ReadModels, SignInAgain, Unavailable, User

Role = Annotated[str, Path(pattern=f"^({'|'.join(PAGES)})$")]
Month = Annotated[str, Path(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")]
_MOST_DIGITS = 6
_MOST_SCENES = 2_000
"""Of a film, the newest; a session's has seldom so many."""
Id = Annotated[str, Path(pattern=r"^[A-Za-z0-9*_=+|@.:-]{1,64}$")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What every page is made with."""

    visitors: Visitors
    models: ReadModels
    templates: Jinja2Templates

    def show(self, request: Request, template: str, *, status: int = 200, **content: Any) -> HTMLResponse:
        """A rendered template; `roles` and `path` are always there."""
        shared = {"role_names": ROLES, "path": request.url.path}
        return self.templates.TemplateResponse(request, template, {**shared, **content}, status_code=status)

    def member(self, request: Request, role: str) -> User:
        """The user, if he has the role. Raises SignInAgain or NotYours."""
        user = self.visitors.user(request)
        if role not in user.roles:
            raise NotYours
        return user


def add_pages(app: FastAPI, desk: Desk) -> None:
    """The front page, the roles' pages, and the objects'."""

    @app.get("/", include_in_schema=False)
    async def front(request: Request) -> Response:
        try:
            user = desk.visitors.user(request)
        except SignInAgain:
            return desk.show(request, "front.html", user=None)
        own = [role for role in PAGES if role in user.roles]
        return RedirectResponse(f"/{own[0]}", 303) if len(own) == 1 else desk.show(request, "front.html", user=user)

    @app.get("/{role}", include_in_schema=False)
    async def role_page(request: Request, role: Role) -> Response:
        return desk.show(request, "role.html", user=desk.member(request, role), page=PAGES[role], query=_query(request))

    @app.get("/{role}/panels/{name}", include_in_schema=False)
    async def panel(request: Request, role: Role, name: str) -> Response:
        user, found = desk.member(request, role), PAGES[role].panel(name)
        if found is None:
            raise NotYours
        asked = {key: value for key, value in _query(request).items() if key in found.filters}
        try:
            answer = await desk.models.read(role, found.path, user, asked)
        except Unavailable as error:
            # 200: htmx swaps it in, so that the place where the figures would stand says why they do not.
            return desk.show(request, "panels/unavailable.html", panel=found, role=role, why=str(error), query=asked)
        return desk.show(
            request, found.template, panel=found, role=role, items=answer.get("items", ()), answer=answer, query=asked
        )

    _add_objects(app, desk)
    _add_films(app, desk)


def _add_objects(app: FastAPI, desk: Desk) -> None:
    async def shown(request: Request, role: str, path: str, template: str, **query: str) -> Response:
        user = desk.member(request, role)
        answer = await desk.models.read(role, path, user, query)
        return desk.show(request, template, user=user, role=role, answer=answer)

    @app.get("/cpo/stations/{station_id}", include_in_schema=False)
    async def station(request: Request, station_id: Id) -> Response:
        return await shown(request, "cpo", f"/v1/stations/{station_id}", "station.html")

    @app.get("/{role}/sessions/{session_id}", include_in_schema=False)
    async def session(request: Request, role: Role, session_id: Id) -> Response:
        return await shown(request, role, f"{_of(SESSION_PATHS, role)}/{session_id}", "session.html")

    @app.get("/{role}/invoices/{number}", include_in_schema=False)
    async def invoice(request: Request, role: Role, number: Id) -> Response:
        return await shown(request, role, f"{_of(INVOICE_PATHS, role)}/{number}", "invoice.html")

    @app.get("/owner/statements/{month}", include_in_schema=False)
    async def statement(request: Request, month: Month) -> Response:
        return await shown(request, "owner", f"/v1/statements/{month}", "statement.html", **_query(request, "page"))

    @app.get("/dso/feeders/{feeder_id}", include_in_schema=False)
    async def feeder(request: Request, feeder_id: Id) -> Response:
        return await shown(request, "dso", f"/v1/feeders/{feeder_id}", "feeder.html", **_query(request, "day"))


def _add_films(app: FastAPI, desk: Desk) -> None:
    async def shown(
        request: Request, station_id: str, of: Mapping[str, str], timeline: Sequence[Mapping[str, Any]], **more: Any
    ) -> Response:
        user = desk.member(request, ENGINEER)
        asked = {"limit": str(_MOST_SCENES), **of}
        answer = await desk.models.read(GATEWAY, f"/v1/stations/{station_id}/film", user, asked)
        kind = request.query_params.get("kind", "")
        film = page_of(merged(answer["film"], timeline), kind=kind, number=_page(request))
        return desk.show(
            request, "film.html", user=user, station_id=station_id, film=film, kinds=KINDS, kind=kind, **more
        )

    @app.get("/cpo/stations/{station_id}/film", include_in_schema=False)
    async def station_film(request: Request, station_id: Id) -> Response:
        return await shown(request, station_id, {}, ())

    @app.get("/cpo/sessions/{session_id}/film", include_in_schema=False)
    async def session_film(request: Request, session_id: Id) -> Response:
        user = desk.member(request, ENGINEER)
        answer = await desk.models.read("cpo", f"/v1/sessions/{session_id}", user, {})
        session = answer["session"]
        return await shown(
            request,
            session["station_id"],
            {"transaction_id": session["transaction_id"]},
            answer["timeline"],
            session_id=session_id,
            zone=session.get("time_zone"),
        )


def _page(request: Request) -> int | None:
    asked = request.query_params.get("page", "")
    return int(asked) if asked.isdecimal() and len(asked) <= _MOST_DIGITS else None


def _of(paths: Mapping[str, str], role: str) -> str:
    if role not in paths:
        raise NotYours
    return paths[role]


def _query(request: Request, *names: str) -> dict[str, str]:
    """What the address asks for; only these names where any are given."""
    return {key: value for key, value in request.query_params.items() if value and (not names or key in names)}


def add_failures(app: FastAPI, desk: Desk) -> None:
    """What a visitor sees when it goes wrong: what happened, and what to do."""

    @app.exception_handler(SignInAgain)
    async def sign_in(request: Request, _error: Exception) -> Response:
        if request.headers.get("hx-request") or request.url.path.startswith("/live/"):
            return Response(status_code=401, headers={"HX-Redirect": "/sign-in"})
        # No redirect from here: a provider that is away would make the browser go round in circles.
        return desk.show(request, "signed_out.html", user=None, status=401, to=request.url.path)

    @app.exception_handler(NotYours)
    async def not_yours(request: Request, _error: Exception) -> Response:
        return desk.show(request, "not_found.html", user=_perhaps(desk, request), status=404)

    @app.exception_handler(Unavailable)
    async def unavailable(request: Request, error: Exception) -> Response:
        return desk.show(request, "unavailable.html", user=_perhaps(desk, request), status=503, why=str(error))


def _perhaps(desk: Desk, request: Request) -> User | None:
    try:
        return desk.visitors.user(request)
    except SignInAgain:
        return None
