"""The FastAPI app every edge starts from: problems, request ids, a limit on bodies, health."""

import re

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.clock import new_id
from chassis.http.problems import add_problem_handlers, problem

MAX_BODY_BYTES = 1024 * 1024
_REQUEST_ID = re.compile(rb"^[A-Za-z0-9._:-]{1,128}$")


class Bounds:
    """Limits the body before anything reads it, and gives every request an id that its response carries."""

    def __init__(self, app: ASGIApp, max_body_bytes: int) -> None:
        self._app = app
        self._max = max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        given = headers.get(b"x-request-id", b"")
        request_id = given if _REQUEST_ID.match(given) else new_id().encode()
        scope.setdefault("state", {})["request_id"] = request_id.decode()

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), (b"x-request-id", request_id)]
            await send(message)

        length = headers.get(b"content-length", b"0")
        if not length.isdigit() or int(length) > self._max:
            await problem(413, "too-large", f"at most {self._max} bytes")(scope, receive, send_with_id)
            return
        await self._app(scope, self._counted(receive), send_with_id)

    def _counted(self, receive: Receive) -> Receive:
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self._max:
                # Whatever Content-Length had said; this kind of exception passes through FastAPI's own parsing.
                raise HTTPException(413, f"at most {self._max} bytes")
            return message

        return counted


def create_app(title: str, *, version: str = "1", max_body_bytes: int = MAX_BODY_BYTES) -> FastAPI:
    """An app with OpenAPI at /openapi.json; health and metrics are added when the service runs it."""
    app = FastAPI(title=title, version=version, docs_url=None, redoc_url=None)
    add_problem_handlers(app)
    app.add_middleware(Bounds, max_body_bytes=max_body_bytes)
    return app
