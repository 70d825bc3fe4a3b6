"""Live changes: the role's own stream, passed on to the browser as it comes."""

from collections.abc import AsyncIterator

from fastapi import FastAPI, Request
from starlette.responses import StreamingResponse

from dashboards.adapters.http.pages import Desk, Role
from dashboards.panels import PAGES
from dashboards.ports import Unavailable

HEADERS = {"X-Accel-Buffering": "no"}


def add_live(app: FastAPI, desk: Desk) -> None:
    """/live/{role}: server-sent events for as long as the page is open."""

    @app.get("/live/{role}", include_in_schema=False)
    async def live(request: Request, role: Role) -> StreamingResponse:
        user = desk.member(request, role)

        async def events() -> AsyncIterator[bytes]:
            try:
                async with desk.models.stream(role, PAGES[role].stream, user) as lines:
                    async for line in lines:
                        yield line
            except Unavailable:
                return  # the browser sees the end of the stream, says so, and comes back

        return StreamingResponse(events(), media_type="text/event-stream", headers=HEADERS)
