"""What one connection was answered last: a message that comes again gets the same answer, and no second effect."""

from dataclasses import dataclass, field

# One call stands at a time, so a repeat follows within a few; counters that wrap stay out of sight.
MOST_REMEMBERED = 16


@dataclass(frozen=True, slots=True)
class Reused:
    """The id was another message's: ids are unique (OCPP-J 1.6, 4.1.4; 2.0.1 part 4, 4.1.4)."""


@dataclass(frozen=True, slots=True)
class UnderWay:
    """The message waits for its answer, which comes once."""


@dataclass(slots=True)
class Answered:
    """The latest calls of one connection by message id, and what they were answered."""

    _answers: dict[str, tuple[int, bytes | UnderWay]] = field(default_factory=dict)

    def to(self, message_id: str, raw: bytes) -> bytes | UnderWay | Reused | None:
        """The answer that this very message was given; None where the id is new."""
        found = self._answers.get(message_id)
        if found is None:
            return None
        return found[1] if found[0] == hash(raw) else Reused()

    def remember(self, message_id: str, raw: bytes, answer: bytes | UnderWay) -> None:
        """Keep the answer, or that one is awaited; the eldest is forgotten."""
        self._answers[message_id] = (hash(raw), answer)
        if len(self._answers) > MOST_REMEMBERED:
            del self._answers[next(iter(self._answers))]
