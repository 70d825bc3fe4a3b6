"""What every composition root puts together first: codec, log, clock, telemetry, appender, commands, guard."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chassis.auth import Authenticator, Authority, Condition, Guard, OidcAuthenticator, Row
from chassis.clock import Clock, clock_of
from chassis.codec import Codec, Shape, TopicEntry, WrongIds
from chassis.dead_letters import Letterbox, Unreadable
from chassis.http.commands import CommandClient, CommandDesk
from chassis.http.tokens import Seal
from chassis.log import Appender, KafkaLog, Log
from chassis.runner.parts import Env, Part
from chassis.runner.service import Service
from chassis.settings import BaseServiceSettings, MissingSecret, read_secret
from chassis.telemetry import Log as Lines
from chassis.telemetry import Metrics, Tracing, configure_logs, tracing_to


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiring:
    """The shared pieces of one process."""

    settings: BaseServiceSettings
    env: Env
    appender: Appender

    def commands(self, reply_topic: str) -> CommandClient:
        """The client of the context's reply topic; give it to an HttpEdge or a Task, which starts it."""
        return CommandClient(log=self.env.log, appender=self.appender, clock=self.env.clock, reply_topic=reply_topic)

    def desk(self, client: CommandClient) -> CommandDesk:
        """Answers and status links, sealed with the secret `page-token-key`."""
        return CommandDesk(client, self.seal("command-link"))

    def seal(self, purpose: str) -> Seal:
        """Opaque tokens for one purpose. Raises MissingSecret."""
        return Seal(read_secret(self.settings, "page-token-key"), purpose)

    def guard(
        self,
        table: Mapping[str, Sequence[Row]],
        *,
        conditions: Mapping[str, Condition] | None = None,
        authenticator: Authenticator | None = None,
    ) -> Guard:
        """The guard of this installation's issuer over the authority table."""
        known = authenticator or OidcAuthenticator(self.settings.oidc_issuer, self.settings.oidc_audience)
        return Guard(known, Authority(table, conditions=conditions))

    def service(self, parts: Sequence[Part]) -> Service:
        """The service of these parts."""
        return Service(
            env=self.env, parts=parts, registry=self.settings.registry, otlp_endpoint=self.settings.otlp_endpoint
        )


def wire(
    name: str,
    settings: BaseServiceSettings,
    *,
    records: Mapping[str, Shape],
    topics: Mapping[str, TopicEntry],
    clock: Clock | None = None,
    log: Log | None = None,
    tracing: Tracing | None = None,
) -> Wiring:
    """Without `log` it is Kafka, and the ids file must be there. Opens nothing yet. Raises WrongIds."""
    configure_logs(settings.log_level)
    if log is None and settings.schema_ids is None:
        raise WrongIds("EV_SCHEMA_IDS must name the file of registry ids that the release of the contracts wrote")
    ids = None if settings.schema_ids is None else json.loads(settings.schema_ids.read_text(encoding="utf-8"))
    known_log = log or KafkaLog(
        settings.kafka,
        namespace=settings.namespace,
        session_timeout_ms=settings.session_timeout_ms,
        instance_id=settings.instance_id,
    )
    codec = Codec(records=records, topics=topics, ids=ids)
    lines, metrics = Lines(service=name), Metrics()
    env = Env(
        service=name,
        log=known_log,
        codec=codec,
        clock=clock or clock_of(settings.clock),
        lines=lines,
        metrics=metrics,
        unreadable=Unreadable(metrics, lines),
        tracing=tracing or tracing_to(name, settings.otlp_endpoint, one_in=settings.traces_one_in),
        letterbox=_letterbox(settings, lines),
    )
    appender = Appender(log=known_log, codec=codec, clock=env.clock, service=name, tracing=env.tracing)
    return Wiring(settings=settings, env=env, appender=appender)


def _letterbox(settings: BaseServiceSettings, lines: Lines) -> Letterbox:
    try:
        return Letterbox(read_secret(settings, "dead-letter-key"))
    except MissingSecret as error:
        lines.warning("dead-letters.unsealed", error=str(error))
        return Letterbox()
