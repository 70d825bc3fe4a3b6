"""The composition root: sockets, desk, command API and what they share; its reactions stand in `reactions`."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from fastapi import FastAPI

from charger_gateway.adapters.cost_line import RATINGS, RUNNING_COSTS, CostLine, PricesAtEnd
from charger_gateway.adapters.directory import TablesDirectory
from charger_gateway.adapters.files import FileStore
from charger_gateway.adapters.film import Film
from charger_gateway.adapters.follower import Follower, Source
from charger_gateway.adapters.frame_blocks import FrameBlocks, FrameCipher
from charger_gateway.adapters.heartbeat import BEATS, Beats, Watch
from charger_gateway.adapters.http import DESK, Edge, create_files, create_http, own_session
from charger_gateway.adapters.journal import LogJournal
from charger_gateway.adapters.objects import open_objects
from charger_gateway.adapters.ocpp.desk_line import DeskLine
from charger_gateway.adapters.ocpp.dialects import Interpreter
from charger_gateway.adapters.ocpp.limits import Limits
from charger_gateway.adapters.ocpp.server import CONNECTIONS, Address, OcppServer
from charger_gateway.adapters.price_line import PriceLine
from charger_gateway.adapters.seal import DeskSeal
from charger_gateway.adapters.signed_values import RecordSeal
from charger_gateway.adapters.tails import DESK_EVENTS, Tails
from charger_gateway.adapters.trust.opening import open_authorities, open_revocations, open_tls, open_trust_store
from charger_gateway.domain.command_book import CommandBook
from charger_gateway.domain.desk import desk
from charger_gateway.domain.ids import token_key
from charger_gateway.domain.presence import Presence
from charger_gateway.pace import Pace
from charger_gateway.reactions import REACTIONS, reactions
from charger_gateway.settings import Settings
from charger_gateway.sockets import Sockets
from chassis.auth import Authenticator
from chassis.clock import Clock, new_id
from chassis.dead_letters.routes import repair_router
from chassis.decider import Deadline
from chassis.http import CommandClient
from chassis.log import Log
from chassis.runner import Entity, Env, HttpEdge, Service, Task, Wiring, wire
from chassis.settings import read_secret
from ev_contracts.authority import ACTS
from ev_contracts.catalogue import RECORDS, TOPICS
from ev_contracts.gateway import (
    DeskDeadlinePassed,
)

NAME = "charger-gateway"
REPLIES = "gateway.edge.reply.v1"
FILES_PART = 3
"""The file endpoint's place among the service's parts, by which its port is told."""

# How far back a replica looks at its start: connections to know who holds what, commands to show them.
_PAST_CONNECTIONS = 200_000
_PAST_COMMANDS = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class LinePorts:
    """What the desk's line adds to a command at the last moment: its secrets, and addresses of our own files."""

    seal: DeskSeal
    locate: Callable[[str, str], str]
    credential_key: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadPorts:
    """What the HTTP edge opens the log with, and how it knows its callers."""

    cipher: FrameCipher
    seal: DeskSeal
    commands: CommandClient
    authenticator: Authenticator | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesAt:
    """Where stations reach the file endpoint; known once it listens, unless the settings say it."""

    settings: Settings
    ports: list[Mapping[int, int]] = field(default_factory=list)

    def url(self) -> str:
        """Without a slash at its end."""
        settings = self.settings
        return settings.file_url.rstrip("/") or f"http://{settings.file_host}:{self.ports[0][FILES_PART]}"


def build(
    settings: Settings,
    *,
    clock: Clock | None = None,
    log: Log | None = None,
    authenticator: Authenticator | None = None,
) -> Service:
    """The whole service. Raises MissingSecret, WrongIds."""
    wiring = wire(NAME, settings, records=RECORDS, topics=TOPICS, clock=clock, log=log)
    directory = TablesDirectory()
    cipher = FrameCipher(read_secret(settings, "frame-key"))
    seal = DeskSeal(read_secret(settings, "frame-key"))
    files_at = FilesAt(settings=settings)
    store = FileStore(objects=open_objects(settings), secret=read_secret(settings, "frame-key"), base_url=files_at.url)
    line = LinePorts(seal=seal, locate=store.address, credential_key=read_secret(settings, "credential-key"))
    sockets = _sockets(settings, wiring, directory, cipher, line)
    directory.credentials.listener = sockets.server.evictions.credential_changed
    commands = wiring.commands(REPLIES)
    edge = _edge(
        settings,
        wiring,
        sockets,
        directory,
        ReadPorts(cipher=cipher, seal=seal, commands=commands, authenticator=authenticator),
    )
    http = HttpEdge(
        app=_http_app(edge, wiring.env),
        host=settings.http_host,
        port=settings.http_port,
        commands=commands,
        tables=directory.tables,
    )
    task = Task(name="sockets", run=sockets.run, tables=directory.tables)
    parts = (Entity(name=DESK, decider=desk, deadline=_deadline_passed), http, task)
    service = wiring.service([*parts, _files(settings, edge, store, directory, sockets), *reactions(settings, wiring)])
    files_at.ports.append(service.ports)
    service.health.add(lambda: [] if sockets.server.listens else ["stations cannot connect yet"])
    return service


def _edge(settings: Settings, wiring: Wiring, sockets: Sockets, directory: TablesDirectory, ports: ReadPorts) -> Edge:
    uid_key = read_secret(settings, "token-key")
    env = wiring.env
    trust_store = open_trust_store(settings)
    return Edge(
        guard=wiring.guard(ACTS, conditions={"own-session": own_session}, authenticator=ports.authenticator),
        desk=wiring.desk(ports.commands),
        book=sockets.book,
        stations=directory,
        tails=Tails(env=env, cipher=ports.cipher),
        film=Film(env=env),
        seal=ports.seal,
        token_key_of=lambda uid: token_key(uid, uid_key),
        version_of=sockets.version_of,
        trusted_roots=None if trust_store is None else trust_store.roots,
        revocations=open_revocations(settings, sockets.journal, env.clock),
        clock=env.clock,
        business_seconds=Pace(clock=env.clock).business_seconds,
        wait_s=settings.command_wait_s,
    )


def _files(settings: Settings, edge: Edge, store: FileStore, directory: TablesDirectory, sockets: Sockets) -> HttpEdge:
    return HttpEdge(
        app=create_files(
            store,
            edge.guard,
            directory.station,
            arrived=sockets.line.file_arrived,
            most_bytes=settings.most_file_bytes,
        ),
        host=settings.file_host,
        port=settings.file_port,
        tables=directory.tables,
    )


def _http_app(edge: Edge, env: Env) -> FastAPI:
    app = create_http(edge)
    app.include_router(
        repair_router(
            log=env.log,
            entities=(DESK,),
            guard=edge.guard,
            act="repair-parked",
            reactions=REACTIONS,
            unreadable=env.unreadable,
        )
    )
    return app


def _deadline_passed(_key: str, deadline: Deadline) -> DeskDeadlinePassed:
    return DeskDeadlinePassed(at=deadline.due_at, name=deadline.name, due_at=deadline.due_at)


def _sockets(
    settings: Settings, wiring: Wiring, directory: TablesDirectory, cipher: FrameCipher, ports: "LinePorts"
) -> Sockets:
    clock = wiring.env.clock
    replica_id = f"gw-{new_id().replace('-', '')[:12]}"
    journal = LogJournal(wiring.appender)
    frames = FrameBlocks(replica_id=replica_id, cipher=cipher, journal=journal)
    prices = PricesAtEnd(directory.displays, wait_s=settings.cost_display_end_wait_s)
    presence, caught_up = Presence(), asyncio.Event()
    server = OcppServer(
        replica_id=replica_id,
        address=_address(settings, clock),
        limits=_limits(settings),
        credential_key=read_secret(settings, "credential-key"),
        clock=clock,
        directory=directory,
        interpreter=_interpreter(
            settings, directory, wiring.env, PriceLine(directory, journal=journal, seal=ports.seal, clock=clock)
        ),
        journal=journal,
        frames=frames,
        costs=prices,
        presence=presence,
    )
    sources: dict[str, Source] = {}
    sockets = Sockets(
        server=server,
        journal=journal,
        frames=frames,
        beats=Beats(replica_id=replica_id, journal=journal, clock=clock, held=server),
        watch=Watch(replica_id=replica_id, presence=presence, journal=journal, clock=clock),
        follower=_follower(wiring, sources, caught_up),
        line=_line(server, journal, ports),
        costs=_costs(settings, server, directory, prices, journal),
        presence=presence,
        book=CommandBook(),
        caught_up=caught_up,
    )
    sources.update({source.topic: source for source in _sources(sockets, directory)})
    return sockets


def _line(server: OcppServer, journal: LogJournal, ports: LinePorts) -> DeskLine:
    return DeskLine(
        sockets=server,
        journal=journal,
        seal=ports.seal,
        clock=server.clock,
        pace=Pace(clock=server.clock),
        metrics=server.interpreter.metrics,
        locate=ports.locate,
        credential_key=ports.credential_key,
    )


def _costs(
    settings: Settings, server: OcppServer, directory: TablesDirectory, prices: PricesAtEnd, journal: LogJournal
) -> CostLine:
    return CostLine(
        sockets=server,
        displays=directory.displays,
        prices=prices,
        journal=journal,
        clock=server.clock,
        number_key=read_secret(settings, "transaction-key"),
        every_s=settings.cost_display_every_s,
    )


def _address(settings: Settings, clock: Clock) -> Address:
    return Address(
        host=settings.ocpp_host,
        port=settings.ocpp_port if settings.ocpp_port >= 0 else None,
        path=settings.ocpp_path,
        tls_port=settings.ocpp_tls_port,
        tls=open_tls(settings, clock),
        organisation=settings.station_organisation,
    )


def _limits(settings: Settings) -> Limits:
    return Limits(
        most_connections=settings.most_connections,
        log_timeout_s=settings.log_timeout_s,
        ping_interval_s=settings.ping_interval_s,
        probe_timeout_s=settings.probe_timeout_s,
        messages_per_s=settings.messages_per_s,
        messages_burst=settings.messages_burst,
        connections_per_minute=settings.connections_per_minute,
        wrong_credentials_per_minute=settings.wrong_credentials_per_minute,
        wrong_credentials_per_peer=settings.wrong_credentials_per_peer,
        handshakes_per_s=settings.handshakes_per_s,
        handshakes_burst=settings.handshakes_burst,
        give_way_s=settings.give_way_s,
        most_handshakes=settings.most_handshakes,
        most_handshakes_of_a_peer=settings.most_handshakes_of_a_peer,
        drain_percent_per_s=settings.drain_percent_per_s,
    )


def _interpreter(settings: Settings, directory: TablesDirectory, env: Env, prices: PriceLine) -> Interpreter:
    return Interpreter(
        directory=directory,
        token_key=read_secret(settings, "token-key"),
        number_key=read_secret(settings, "transaction-key"),
        heartbeat_interval_s=settings.heartbeat_interval_s,
        pending_interval_s=settings.pending_interval_s,
        rejected_interval_s=settings.rejected_interval_s,
        authorities=open_authorities(settings, env.clock),
        metrics=env.metrics,
        seal=RecordSeal(read_secret(settings, "signed-value-key")),
        prices=prices,
    )


def _follower(wiring: Wiring, sources: Mapping[str, Source], caught_up: asyncio.Event) -> Follower:
    return Follower(env=wiring.env, sources=sources, caught_up=caught_up.set)


def _sources(sockets: Sockets, directory: TablesDirectory) -> Sequence[Source]:
    return (
        Source(topic=CONNECTIONS, past=_PAST_CONNECTIONS, on_record=sockets.on_connection),
        Source(topic=DESK_EVENTS, past=_PAST_COMMANDS, on_record=sockets.on_desk),
        Source(topic=BEATS, past=0, on_record=sockets.on_replica),
        Source(topic=RUNNING_COSTS, past=0, on_record=sockets.costs.on_cost, wanted=directory.displays.any),
        Source(topic=RATINGS, past=0, on_record=sockets.costs.on_rating, wanted=directory.displays.any),
    )
