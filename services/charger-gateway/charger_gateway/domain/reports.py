"""Reports that come in several messages: the parts, and whether all of them came."""

from dataclasses import dataclass, field

from charger_gateway.domain.station import STATION_EVENTS, Fact, Heard, Part, Translated, noticed, told
from charger_gateway.domain.values import Payload, instant, long, maybe, whole
from ev_contracts.gateway import (
    CustomerInformationReported,
    DisplayMessagesReported,
    ReportCompleted,
    StationDisplayMessage,
)

MOST_OPEN = 16
MOST_PARTS = 10_000
_MOST_MISSING = 100


@dataclass(slots=True)
class Reports:
    """The open reports of one connection, bounded; parts are facts of their own, so nothing is lost with it."""

    so_far: dict[tuple[str, int], int] = field(default_factory=dict)
    """How many parts of each open report came."""
    _numbers: dict[tuple[str, int], set[int]] = field(default_factory=dict)

    def take(self, part: Part, heard: Heard) -> Fact | None:
        """After a part: the report's end, once its last part came."""
        key = (part.report, part.request_id)
        numbers = self._numbers.setdefault(key, set())
        if len(numbers) < MOST_PARTS:
            numbers.add(part.number)
        self.so_far[key] = len(numbers)
        if not part.last:
            if len(self._numbers) > MOST_OPEN:
                self._forget(next(iter(self._numbers)))
            return None
        self._forget(key)
        missing = [number for number in range(min(part.number, MOST_PARTS)) if number not in numbers]
        completed = ReportCompleted(
            **noticed(heard),
            report=part.report,
            request_id=part.request_id,
            parts=len(numbers),
            whole=not missing and part.number < MOST_PARTS,
            missing=tuple(missing[:_MOST_MISSING]),
        )
        return Fact(topic=STATION_EVENTS, record=completed)

    def _forget(self, key: tuple[str, int]) -> None:
        del self._numbers[key]
        del self.so_far[key]


def numbered_part(report: str, payload: Payload) -> Part:
    """The part of a message that says its own number."""
    number, last = whole(payload, "seqNo"), not payload.get("tbc", False)
    return Part(report=report, request_id=long(payload, "requestId"), number=number, last=last)


def counted_part(report: str, payload: Payload, heard: Heard) -> Part:
    """The part of a message that does not number its parts: they are counted as they come."""
    request_id = long(payload, "requestId")
    number = heard.parts_so_far.get((report, request_id), 0)
    return Part(report=report, request_id=request_id, number=number, last=not payload.get("tbc", False))


def customer_information(payload: Payload, heard: Heard) -> Translated:
    """What a station holds of a customer is his alone: it stays in the frame, for 30 days and for those who may."""
    part = numbered_part("CustomerInformationReported", payload)
    reported = CustomerInformationReported(
        **noticed(heard),
        request_id=part.request_id,
        part=part.number,
        last=part.last,
        generated_at=instant(payload, "generatedAt"),
        characters=len(payload["data"]),
    )
    return told(reported, part=part)


def display_messages(payload: Payload, heard: Heard) -> Translated:
    """One part; the message does not number its parts."""
    part = counted_part("DisplayMessagesReported", payload, heard)
    reported = DisplayMessagesReported(
        **noticed(heard),
        request_id=part.request_id,
        part=part.number,
        last=part.last,
        messages=tuple(_message(one) for one in payload.get("messageInfo", ())),
    )
    return told(reported, part=part)


def _message(payload: Payload) -> StationDisplayMessage:
    shown = payload["message"]
    return StationDisplayMessage(
        message_id=long(payload, "id"),
        priority=payload["priority"],
        state=payload.get("state"),
        starts_at=maybe(instant, payload, "startDateTime"),
        ends_at=maybe(instant, payload, "endDateTime"),
        transaction_id=payload.get("transactionId"),
        format=shown["format"],
        language=shown.get("language"),
        content=shown["content"],
    )
