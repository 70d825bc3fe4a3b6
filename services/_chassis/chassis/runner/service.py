"""A service: its parts, started together, stopped together, and stopped all when one of them fails."""

import asyncio
import contextlib
import gc
import signal
import socket
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import uvicorn
import uvloop

from chassis.clock import lasting
from chassis.health import Health, add_health
from chassis.log.port import LogError, TopicPartition
from chassis.runner.deciding import EntityWorker
from chassis.runner.facts import tables_of
from chassis.runner.lane import Lane, Worker
from chassis.runner.parts import Entity, Env, HttpEdge, Outbox, Part, Policy, Projection, Task, Transform
from chassis.runner.projecting import ProjectionWorker
from chassis.runner.reacting import ReactionWorker
from chassis.runner.registry import Registry
from chassis.runner.reprojecting import Reprojection
from chassis.runner.unit import EntityUnit
from chassis.tables import Follower
from chassis.telemetry import export_metrics

_DRAIN_S = 10
# Records live for milliseconds and hold no cycles: looking for cycles every 700 allocations costs a third of the work.
_ALLOCATIONS_BETWEEN_COLLECTIONS = 50_000
_MEASURE_EVERY_S = 5.0
_GATHER_S = 0.2
"""How old what people look at may be for the sake of fewer and larger reads; nobody waits for it to decide."""


class Service:
    """`await service.run()` until stop() or a failure; what fails is raised, and a restart is cheap."""

    def __init__(self, *, env: Env, parts: Sequence[Part], registry: str = "", otlp_endpoint: str = "") -> None:
        self.env = env
        self.parts = tuple(parts)
        self.health = Health()
        self.ports: dict[int, int] = {}
        """Index of an HttpEdge among the parts -> the port it listens on."""
        self._registry = Registry(registry, env.codec, env.lines)
        self._tables = list(tables_of(parts))
        self._otlp_endpoint = otlp_endpoint
        self._follower = Follower(
            self._tables,
            log=env.log,
            codec=env.codec,
            lines=env.lines,
            learn=self._registry.learn,
            tracing=env.tracing,
            unreadable=env.unreadable,
        )
        self._lanes: list[Lane] = []
        self._reprojections: list[Reprojection] = []
        self._reacts_directly = any(isinstance(part, Entity) and part.direct is not None for part in parts)
        self._stopping = asyncio.Event()
        self.started = False
        self._servers: list[_Server] = []
        self.health.add(lambda: [] if self._follower.ready.is_set() else ["tables are not read to their end"])
        self.health.add(lambda: [] if all(s.started for s in self._servers) else ["http does not listen yet"])
        self.health.add(lambda: [reason for lane in self._lanes for reason in lane.not_ready()])

    def stop(self) -> None:
        """Ask it to end; run() returns after the batches in flight."""
        self._stopping.set()

    async def run(self) -> None:
        """Raises what a part raised."""
        env = self.env
        await env.log.start()
        exported = export_metrics(env.service, self._otlp_endpoint, env.metrics)
        try:
            await self._registry.check()
            await self._build_lanes()
            stores = {id(part.store): part.store for part in self.parts if isinstance(part, Projection)}
            async with contextlib.AsyncExitStack() as stack:
                for store in stores.values():
                    await store.start()
                    stack.push_async_callback(store.stop)
                await self._run_all()
        finally:
            await env.log.stop()
            env.tracing.shutdown()
            if exported is not None:
                exported.shutdown()
            env.lines.info("service.stopped")

    async def _run_all(self) -> None:
        async with asyncio.TaskGroup() as group:

            def start(name: str, run: Callable[[], Awaitable[None]]) -> asyncio.Task[None]:
                return group.create_task(lasting(name, run))

            tasks = [start("tables", self._follower.run), start("measurements", self._measure)]
            for lane in self._lanes:
                at_once = lane.group == self.env.service and not self._reacts_directly
                tasks.append(start(lane.group, lane.run if at_once else partial(self._after_tables, lane.run)))
            tasks += [start("reprojection", each.run) for each in self._reprojections]
            clients = {
                id(client): client for part in self.parts if (client := getattr(part, "commands", None)) is not None
            }
            tasks += [start("commands", client.run) for client in clients.values()]
            for index, part in enumerate(self.parts):
                if isinstance(part, HttpEdge):
                    tasks.append(start(f"http {index}", partial(self._serve, index, part)))
                elif isinstance(part, Task):
                    tasks.append(start(part.name, partial(self._after_tables, part.run)))
            self.started = True
            self.env.lines.info("service.started", parts=len(self.parts))
            await self._stopping.wait()
            for server in self._servers:
                server.should_exit = True
            await self._drained()
            for task in tasks:
                task.cancel()

    async def _drained(self) -> None:
        deadline = asyncio.get_running_loop().time() + _DRAIN_S
        while any(server.running for server in self._servers) and asyncio.get_running_loop().time() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(0.05)

    async def _after_tables(self, work: Callable[[], Awaitable[None]]) -> None:
        """Facts are read to their end before anybody relies on them."""
        await self._follower.ready.wait()
        await work()

    async def _measure(self) -> None:
        """Lag in records, and how old the tables are: a few questions to the log every five seconds."""
        while True:
            await asyncio.sleep(_MEASURE_EVERY_S)
            for table in self._tables:
                self.env.metrics.put("table_staleness_seconds", table.staleness_s, table.topic)
            # The log being away is told by those who work with it.
            with contextlib.suppress(LogError):
                for lane in self._lanes:
                    await lane.measure()

    async def _serve(self, index: int, edge: HttpEdge) -> None:
        add_health(edge.app, self.health, self.env.metrics)
        listening = socket.create_server((edge.host, edge.port), backlog=1024)
        # asyncio does this only for sockets that name their protocol; without it each answer waits 40 ms for an ACK.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.ports[index] = listening.getsockname()[1]
        await self._follower.ready.wait()
        config = uvicorn.Config(
            edge.app, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=5
        )
        server = _Server(config)
        self._servers.append(server)
        await server.until_exit(listening)

    async def _build_lanes(self) -> None:
        env = self.env
        entities = [part for part in self.parts if isinstance(part, Entity)]
        makers: dict[str, Any] = {}
        for entity in entities:
            unit = EntityUnit(entity, env, env.service)
            await unit.check()
            makers[unit.command_topic] = _entity_maker(unit)
        if makers:
            beside = {f"{each.name}.command.v1": each.direct.source for each in entities if each.direct is not None}
            self._lanes.append(self._lane(env.service, makers, beside=beside))
        for part in self.parts:
            match part:
                case Policy() | Transform():
                    makers = {part.source: _reaction_maker(part, env)}
                    gather_s = _GATHER_S if isinstance(part, Transform) or part.gathers else 0.0
                    self._lanes.append(self._lane(f"{env.service}.{part.name}", makers, gather_s))
                case Outbox():
                    self._lanes.append(
                        self._lane(f"{env.service}.{part.name}", {part.source: _outbox_maker(part, env)})
                    )
                case Projection():
                    self._lanes.append(self._projection_lane(part))
                    self._reprojections.append(Reprojection(part, env, self._registry.learn))
                case _:
                    pass

    def _lane(
        self, group: str, makers: dict[str, Any], gather_s: float = 0.0, beside: Mapping[str, str] | None = None
    ) -> Lane:
        env = self.env
        return Lane(
            group=group,
            makers=makers,
            log=env.log,
            lines=env.lines,
            metrics=env.metrics,
            learn=self._registry.learn,
            beside=beside,
            gather_s=gather_s,
        )

    def _projection_lane(self, part: Projection) -> Lane:
        lanes: list[Lane] = []

        async def consumer() -> Any:
            return await lanes[0].consumer()

        def maker(topic: str) -> Any:
            return lambda partition: ProjectionWorker(
                part, TopicPartition(topic, partition), env=self.env, consumer=consumer
            )

        # The group is the role's alone, so that a rebuild under another name starts from the oldest record.
        makers = {topic: maker(topic) for topic in part.sources}
        lanes.append(self._lane(f"{self.env.service}.{part.name}", makers, _GATHER_S))
        return lanes[0]


def _entity_maker(unit: EntityUnit) -> Any:
    def make(partition: int) -> Worker:
        return EntityWorker(unit, partition)

    return make


def _reaction_maker(part: Policy | Transform, env: Env) -> Any:
    def make(partition: int) -> Worker:
        return ReactionWorker(part, partition, env)

    return make


def _outbox_maker(part: Outbox, env: Env) -> Any:
    from chassis.outbox import OutboxWorker  # noqa: PLC0415 - only a service with an outbox loads what acts outside

    def make(partition: int) -> Worker:
        return OutboxWorker(part, partition, env)

    return make


class _Server(uvicorn.Server):
    """uvicorn without its own signal handling: the service decides when to end."""

    running = True

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def until_exit(self, listening: socket.socket) -> None:
        try:
            await self.serve(sockets=[listening])
        finally:
            self.running = False


def collect_rarely() -> None:
    """What is there by now stays, and cycles of garbage are looked for after many allocations; of the whole process."""
    gc.freeze()
    gc.set_threshold(_ALLOCATIONS_BETWEEN_COLLECTIONS)


def run_service(service: Service) -> None:
    """The end of every `__main__`: run until SIGTERM or SIGINT; a failure ends the process with a trace."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, service.stop)
        await service.run()

    collect_rarely()
    uvloop.run(main())
