"""What pricing is made of: tariffs, ratings, their reactions, the running cost and the sellers' API."""

from functools import partial

from chassis.auth import Authenticator
from chassis.clock import Clock
from chassis.dead_letters.routes import repair_router
from chassis.decider import Deadline
from chassis.log import Log
from chassis.runner import Entity, HttpEdge, Policy, Service, Transform, wire
from chassis.runner.facts import tables_in
from ev_contracts.authority import ACTS
from ev_contracts.catalogue import RECORDS, TOPICS
from ev_contracts.pricing import AllowanceWanted, RatingDeadlinePassed, RatingWanted, RerateWanted
from ev_contracts.sessions import NoShowFound, SessionClosed, SessionCorrected
from pricing.adapters.edge import Edge
from pricing.adapters.http import pricing_app
from pricing.adapters.places import Places
from pricing.adapters.running_costs import RunningCosts
from pricing.adapters.tariff_book import SnapshotTariffs
from pricing.domain.allowance import allowance
from pricing.domain.feed import feed
from pricing.domain.plan import plan
from pricing.domain.rated import rating
from pricing.domain.tariff import tariff
from pricing.no_shows import on_reservation
from pricing.policies import latest_energy, on_allowance_drawn, on_allowance_wanted, on_energy, on_rating, on_session
from pricing.settings import Settings

_SESSIONS = "sessions.session.event.v1"
_RATING = "pricing.rating"
_RATED = "pricing.rating.event.v1"
_ALLOWANCE = "pricing.allowance"


def build(
    settings: Settings,
    *,
    clock: Clock | None = None,
    log: Log | None = None,
    authenticator: Authenticator | None = None,
) -> Service:
    """The composition root. Opens nothing yet. Raises MissingSecret and WrongIds."""
    wiring = wire("pricing", settings, records=RECORDS, topics=TOPICS, clock=clock, log=log)
    tariffs, places = SnapshotTariffs(), Places()
    client = wiring.commands("pricing.edge.reply.v1")
    edge = Edge(
        guard=wiring.guard(ACTS, authenticator=authenticator),
        desk=wiring.desk(client),
        clock=wiring.env.clock,
        tariffs=tariffs,
        places=places,
    )
    entities, reactions = _entities(), _reactions(tariffs)
    app = pricing_app(edge)
    app.include_router(
        repair_router(
            log=wiring.env.log,
            entities=[each.name for each in entities],
            guard=edge.guard,
            act="repair-parked",
            reactions=[each.name for each in reactions],
            unreadable=wiring.env.unreadable,
        )
    )
    tables = (*tables_in(tariffs), *tables_in(places))
    http = HttpEdge(app=app, host=settings.http_host, port=settings.http_port, commands=client, tables=tables)
    return wiring.service([*entities, *reactions, http])


def _entities() -> tuple[Entity, ...]:
    return (
        Entity(name="pricing.tariff", decider=tariff),
        Entity(name="pricing.price-feed", decider=feed),
        Entity(name="pricing.plan", decider=plan),
        Entity(name=_ALLOWANCE, decider=allowance),
        Entity(name=_RATING, decider=rating, deadline=_passed),
    )


def _reactions(tariffs: SnapshotTariffs) -> tuple[Policy | Transform, ...]:
    running = RunningCosts(tariffs)
    return (
        Policy(
            name="pricing.session-policy",
            source=_SESSIONS,
            target=_RATING,
            of=(SessionClosed, SessionCorrected),
            react=on_session,
            facts=tariffs,
            gathers=True,
        ),
        Policy(
            name="pricing.no-show-policy",
            source="sessions.reservation.event.v1",
            target=_RATING,
            of=(NoShowFound,),
            react=on_reservation,
            facts=tariffs,
        ),
        Policy(
            name="pricing.rating-policy",
            source=_RATED,
            target=_RATING,
            of=(RatingWanted, RerateWanted),
            react=on_rating,
            facts=tariffs,
        ),
        *_drawing(),
        Transform(
            name="pricing.running-cost",
            source=_SESSIONS,
            target_topic="pricing.running-cost.sample.v1",
            react=on_energy,
            facts=running,
            lasting=partial(latest_energy, running=running),
            memory=running,
        ),
    )


def _drawing() -> tuple[Policy, ...]:
    """A rating's question to its plan's month, and the answer."""
    return (
        Policy(
            name="pricing.drawing-policy",
            source=_RATED,
            target=_ALLOWANCE,
            of=(AllowanceWanted,),
            react=on_allowance_wanted,
        ),
        Policy(
            name="pricing.drawn-policy",
            source="pricing.allowance.event.v1",
            target=_RATING,
            react=on_allowance_drawn,
        ),
    )


def _passed(_key: str, deadline: Deadline) -> RatingDeadlinePassed:
    return RatingDeadlinePassed(at=deadline.due_at, name=deadline.name, due_at=deadline.due_at)
