"""The HTTP edge: every command of every OCPP version, raw calls, what became of them, a station's frames."""

from fastapi import FastAPI

from charger_gateway.adapters.http import actions, desired, films, jobs, raw, reads, revocations, sessions
from charger_gateway.adapters.http.edge import DESK, Edge, own_session
from charger_gateway.adapters.http.files import create_files
from chassis.http import create_app

__all__ = ["DESK", "Edge", "create_files", "create_http", "own_session"]


def create_http(edge: Edge) -> FastAPI:
    """All routes of the gateway's HTTP edge."""
    app = create_app("EV Assets Manager: charger-gateway")
    sessions.add_routes(app, edge)
    raw.add_routes(app, edge)
    actions.add_routes(app, edge)
    jobs.add_routes(app, edge)
    desired.add_routes(app, edge)
    revocations.add_routes(app, edge)
    reads.add_routes(app, edge)
    films.add_routes(app, edge)
    app.include_router(edge.desk.router(edge.guard))
    return app
