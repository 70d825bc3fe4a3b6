"""An entity with everything about it that is worked out once: topics, partition counts, how its state is kept."""

from typing import Any

from chassis.dead_letters import dead_letter_topic
from chassis.log.keys import partition_of
from chassis.log.port import LogError, TopicPartition
from chassis.runner.aggregates import AggregateCodec, Live
from chassis.runner.parts import Entity, Env


class EntityUnit:
    """Built before the loop starts; raises where topics and deciders do not fit together."""

    def __init__(self, entity: Entity, env: Env, group: str) -> None:
        self.entity = entity
        self.env = env
        self.group = group
        self.command_topic = f"{entity.name}.command.v1"
        self.event_topic = f"{entity.name}.event.v1"
        self.state_topic = f"{entity.name}.state.v1"
        self.dead_letter_topic = dead_letter_topic(entity.name)
        replies = f"{entity.name.partition('.')[0]}.edge.reply.v1"
        self.reply_topics = frozenset({replies} & set(env.codec.topics))
        self.codec = AggregateCodec(entity.decider)
        self.unknown = Live(0, entity.decider.initial, {}, ())
        self.direct = entity.direct
        self._counts: dict[str, int] = {}

    async def check(self) -> None:
        """Raises LogError where its topics, that of a direct input among them, differ in partitions."""
        counts = {topic: await self.env.log.partitions(topic) for topic in self._own()}
        if len(set(counts.values())) != 1:
            raise LogError(f"partition counts differ: {counts}")
        self._counts.update(counts)
        for topic in [*self._others(), *self.reply_topics]:
            self._counts[topic] = await self.env.log.partitions(topic)

    def _own(self) -> tuple[str, ...]:
        second = () if self.direct is None else (self.direct.source,)
        return (self.command_topic, self.event_topic, self.state_topic, *second)

    def _others(self) -> list[str]:
        context = self.entity.name.partition(".")[0]
        snapshots = [
            name
            for name, topic in self.env.codec.topics.items()
            if topic.kind == "snapshot" and name.startswith(f"{context}.")
        ]
        return [*snapshots, self.dead_letter_topic]

    def partition_on(self, topic: str, key: str) -> int:
        """Where a key stands on one of the topics this entity writes to besides its own."""
        return partition_of(key.encode(), self._counts[topic])

    def may_reply_to(self, topic: str, partition: str) -> bool:
        """Whether a requester's address is one: our own context's reply topic, and a partition it has."""
        return topic in self.reply_topics and partition.isdecimal() and int(partition) < self._counts[topic]

    def command_at(self, partition: int) -> TopicPartition:
        """Its partition of the command topic."""
        return TopicPartition(self.command_topic, partition)

    def deadline_command(self, key: str, deadline: Any) -> Any:
        """The command of a deadline that is due."""
        if self.entity.deadline is None:
            raise TypeError(f"{self.entity.name} has deadlines but no command for them")
        return self.entity.deadline(key, deadline)
