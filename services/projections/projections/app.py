"""The composition root: settings in, one role's read model out."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from chassis.auth import Authenticator, Guard
from chassis.cassandra import Cassandra, Rows, StoreUnavailable
from chassis.clock import Clock
from chassis.dead_letters.routes import repair_router
from chassis.http import create_app, problem
from chassis.log import Log
from chassis.runner import Env, HttpEdge, Progress, Projection, Service, Transform, wire
from chassis.runner.parts import Part
from ev_contracts.authority import ACTS
from ev_contracts.catalogue import RECORDS, TOPICS
from projections.answering import ReadDesk
from projections.cpo import role as cpo_role
from projections.driver import role as driver_role
from projections.dso import role as dso_role
from projections.emsp import role as emsp_role
from projections.live import Live
from projections.owner import role as owner_role
from projections.reading import reader_of
from projections.role import Role
from projections.settings import RoleName, Settings

HERE = Path(__file__).parent
ROLES: Mapping[RoleName, Callable[[Settings], Role]] = {
    RoleName.CPO: cpo_role.role,
    RoleName.EMSP: emsp_role.role,
    RoleName.OWNER: owner_role.role,
    RoleName.DSO: dso_role.role,
    RoleName.DRIVER: driver_role.role,
}


def build(
    settings: Settings,
    *,
    clock: Clock | None = None,
    log: Log | None = None,
    store: Cassandra | Rows | None = None,
    authenticator: Authenticator | None = None,
) -> Service:
    """Opens nothing yet. Raises MissingSecret and WrongIds."""
    role = ROLES[settings.role](settings)
    wiring = wire("projections", settings, records=RECORDS, topics=TOPICS, clock=clock, log=log)
    kept = store or store_of(settings)
    progress, live = Progress(), Live(role.project, role.streamed)
    desk = ReadDesk(
        guard=wiring.guard(ACTS, conditions=role.conditions, authenticator=authenticator),
        reader=reader_of(kept),
        clock=wiring.env.clock,
        progress=progress,
        live=live,
        pages=wiring.seal("page"),
        instants=wiring.seal("as-of"),
    )
    app = create_app(f"projections-{settings.role.value}")
    for away in StoreUnavailable:
        app.add_exception_handler(away, _store_is_away)
    role.add_routes(app, desk)
    projection = Projection(
        name=settings.model_name,
        sources=role.sources,
        project=role.project,
        store=kept,
        progress=progress,
        applied=live.applied,
    )
    more = role.more_parts(wiring)
    app.include_router(_repairs(wiring.env, desk.guard, more))
    edge = HttpEdge(app=app, host=settings.http_host, port=settings.http_port, tables=role.tables)
    return wiring.service([projection, edge, *more])


def _repairs(env: Env, guard: Guard, parts: Sequence[Part]) -> APIRouter:
    """What the rows and the tables lack, for who may repair: a start that can read it is the repair."""
    return repair_router(
        log=env.log,
        entities=(),
        guard=guard,
        act="repair-parked",
        reactions=[each.name for each in parts if isinstance(each, Transform)],
        unreadable=env.unreadable,
    )


async def _store_is_away(_request: Request, _error: Exception) -> Response:
    """The rows are safe in the log; only reading them has to wait."""
    return problem(503, "store-unavailable", "the read store does not answer; try again", headers={"Retry-After": "5"})


def store_of(settings: Settings) -> Cassandra:
    """The role's keyspace, with its tables made where they are missing."""
    prefix = f"{settings.namespace}_" if settings.namespace else ""
    return Cassandra(
        settings.cassandra_hosts,
        port=settings.cassandra_port,
        datacenter=settings.cassandra_datacenter,
        keyspace=f"{prefix}{settings.model_name}".replace("-", "_"),
        tables_cql=HERE / settings.role.value / "tables.cql",
    )
