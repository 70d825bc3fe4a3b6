"""Errors as RFC 9457 problems, for every route of every service."""

from collections.abc import Mapping
from typing import Any

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from chassis.log.port import LogError

MEDIA_TYPE = "application/problem+json"


class Problem(Exception):
    """Raise it anywhere below a route; `code` is kebab-case and stable, `errors` name the fields."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str = "",
        *,
        errors: tuple[Mapping[str, str], ...] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{status} {code}: {detail}")
        self.status = status
        self.code = code
        self.detail = detail
        self.errors = errors
        self.headers = headers


def problem(
    status: int,
    code: str,
    detail: str = "",
    *,
    errors: tuple[Mapping[str, str], ...] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The response of a problem."""
    body: dict[str, Any] = {"type": f"urn:problem:{code}", "title": code, "status": status}
    if detail:
        body["detail"] = detail
    if errors:
        body["errors"] = list(errors)
    return Response(orjson.dumps(body), status, media_type=MEDIA_TYPE, headers=dict(headers or {}))


def add_problem_handlers(app: FastAPI) -> None:
    """Validation errors are 422 with field names, a log that does not answer is 503."""

    @app.exception_handler(Problem)
    async def _problem(_request: Request, error: Problem) -> Response:
        return problem(error.status, error.code, error.detail, errors=error.errors, headers=error.headers)

    @app.exception_handler(RequestValidationError)
    async def _invalid(_request: Request, error: RequestValidationError) -> Response:
        fields = tuple(
            {"field": ".".join(str(part) for part in each["loc"] if part != "body"), "message": each["msg"]}
            for each in error.errors()
        )
        not_json = any(each["type"] == "json_invalid" for each in error.errors())
        return problem(400 if not_json else 422, "invalid-json" if not_json else "invalid-request", errors=fields)

    @app.exception_handler(HTTPException)
    async def _http(_request: Request, error: HTTPException) -> Response:
        code = _CODES.get(error.status_code, "error")
        return problem(error.status_code, code, str(error.detail), headers=error.headers)

    @app.exception_handler(LogError)
    async def _log(_request: Request, _error: LogError) -> Response:
        return problem(503, "log-unavailable", "the log did not confirm; try again", headers={"Retry-After": "2"})


_CODES = {401: "unauthenticated", 403: "forbidden", 404: "not-found", 405: "method-not-allowed", 413: "too-large"}
