"""`python -m conformance.replay FRAMES`: a station's recorded frames are said again, each answer compared with the old.

FRAMES is what the gateway's film of a station shows, as JSON. Without EV_REPLAY_URL (ws://host:port/ocpp)
and EV_REPLAY_SECRET a gateway of its own takes the frames, which knows the station but none of its cards.
"""

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from conformance.seeding import SECRET
from conformance.stand import standing
from conformance.station import basic

ANSWER_WITHIN_S = 10.0
_CALL, _ANSWERS = 2, (3, 4)
# What is another at each time: clocks, and the numbers that a gateway of another secret gives.
_VOLATILE = frozenset({"currentTime", "transactionId"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """One frame as it was."""

    epoch: int
    from_station: bool
    text: str


@dataclass(slots=True, kw_only=True)
class Report:
    """What came of it: how many frames were said again, which answers differ, and what cannot be said again."""

    said: int = 0
    same: int = 0
    differences: list[str] = field(default_factory=list)
    not_repeated: int = 0

    def lines(self) -> Iterator[str]:
        """For people."""
        yield f"{self.said} frames said again: {self.same} answers as recorded, {len(self.differences)} differ"
        if self.not_repeated:
            yield f"{self.not_repeated} answers to commands were not repeated: nobody commands the station now"
        yield from self.differences


def recorded_in(shown: Mapping[str, Any]) -> tuple[Recorded, ...]:
    """The frames of a film or of a frame trace, in their order; those that could not be opened are left out."""
    frames = shown.get("frames") or [one["body"] for one in shown.get("film", ()) if one["kind"] == "frame"]
    return tuple(
        Recorded(epoch=one["epoch"], from_station=one["from_station"], text=one["text"])
        for one in frames
        if one["text"] is not None
    )


def version_of(frames: Sequence[Recorded], shown: Mapping[str, Any]) -> str:
    """The version that the film names, else what the messages look like."""
    for entry in shown.get("film", ()):
        if entry["name"] == "StationConnected":
            return str(entry["body"]["ocpp_version"])
    text = "".join(frame.text for frame in frames)
    return "2.0.1" if any(word in text for word in ('"TransactionEvent"', '"chargingStation"', '"evseId"')) else "1.6"


def as_recorded(answer: Any, was: Any) -> bool:
    """Whether an answer is the recorded one, but for what is another at each time."""
    return bool(_steady(answer) == _steady(was))


def _steady(frame: Any) -> Any:
    if isinstance(frame, dict):
        return {name: "..." if name in _VOLATILE else _steady(value) for name, value in frame.items()}
    return [_steady(one) for one in frame] if isinstance(frame, list) else frame


class Replay:
    """Says a station's frames again on sockets of one gateway."""

    def __init__(self, url: str, secret: str, version: str) -> None:
        self._url = url
        self._secret = secret
        self._version = version
        self._numbers: dict[int, int] = {}
        self.report = Report()

    async def run(self, frames: Sequence[Recorded]) -> None:
        """A socket for each connection that was recorded."""
        for epoch in dict.fromkeys(frame.epoch for frame in frames):
            await self._connection([frame for frame in frames if frame.epoch == epoch])

    async def _connection(self, frames: Sequence[Recorded]) -> None:
        answers = _answers(frames)
        async with connect(
            self._url,
            subprotocols=[Subprotocol(f"ocpp{self._version}")],
            additional_headers=basic(self._url.rpartition("/")[2], self._secret),
            proxy=None,
        ) as socket:
            for frame in frames:
                if frame.from_station and not await self._say(socket, frame, answers):
                    return

    async def _say(self, socket: ClientConnection, frame: Recorded, answers: dict[str, list[Any]]) -> bool:
        message = _parsed(frame.text)
        if isinstance(message, list) and message and message[0] in _ANSWERS:
            self.report.not_repeated += 1
            return True
        known = isinstance(message, list) and len(message) > 1 and isinstance(message[1], str)
        waiting = answers.get(message[1] if known else "-1", [])
        self.report.said += 1
        await socket.send(self._renumbered(frame.text, message))
        if not waiting:
            return True
        return await self._compare(socket, frame, waiting.pop(0))

    async def _compare(self, socket: ClientConnection, frame: Recorded, was: Any) -> bool:
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                answer = _parsed(str(await socket.recv(decode=True)))
        except (ConnectionClosed, TimeoutError) as error:
            self.report.differences.append(f"{frame.text[:200]}\n  was answered {was}\n  now {type(error).__name__}")
            return False
        if as_recorded(answer, was):
            self.report.same += 1
        else:
            self.report.differences.append(f"{frame.text[:200]}\n  was answered {was}\n  now          {answer}")
        self._learn(answer, was)
        return True

    def _learn(self, answer: Any, was: Any) -> None:
        """A transaction's number may be another now; what names the old one must name the new one."""
        old, new = _number_in(was), _number_in(answer)
        if old is not None and new is not None:
            self._numbers[old] = new

    def _renumbered(self, text: str, message: Any) -> str:
        if not (isinstance(message, list) and len(message) == 4 and isinstance(message[3], dict)):
            return text
        number = message[3].get("transactionId")
        if number not in self._numbers:
            return text
        return json.dumps([*message[:3], message[3] | {"transactionId": self._numbers[number]}])


def _number_in(answer: Any) -> int | None:
    named = answer[2].get("transactionId") if isinstance(answer, list) and isinstance(answer[2], dict) else None
    return named if isinstance(named, int) else None


def _answers(frames: Sequence[Recorded]) -> dict[str, list[Any]]:
    """What was answered, by the message's id, in order."""
    found: dict[str, list[Any]] = {}
    for frame in frames:
        message = None if frame.from_station else _parsed(frame.text)
        if isinstance(message, list) and len(message) > 1 and message[0] in _ANSWERS:
            found.setdefault(message[1], []).append(message)
    return found


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


async def replayed(shown: Mapping[str, Any], *, url: str, secret: str) -> Report:
    """The whole of it against a gateway; `url` ends with the station's id."""
    frames = recorded_in(shown)
    replay = Replay(url, secret, version_of(frames, shown))
    await replay.run(frames)
    return replay.report


async def _main(shown: Mapping[str, Any]) -> Report:
    station_id = shown.get("station_id", "")
    if url := os.environ.get("EV_REPLAY_URL"):
        return await replayed(shown, url=f"{url.rstrip('/')}/{station_id}", secret=os.environ["EV_REPLAY_SECRET"])
    with tempfile.TemporaryDirectory() as folder:
        async with standing(Path(folder), stations=(station_id,)) as stand:
            return await replayed(shown, url=stand.url(station_id), secret=SECRET)


def main() -> int:
    """Say what came of it; 1 where an answer differs."""
    if len(sys.argv) != 2:
        print("python -m conformance.replay FRAMES (a file of JSON)", file=sys.stderr)
        return 2
    report = asyncio.run(_main(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))))
    print("\n".join(report.lines()))
    return int(bool(report.differences))


if __name__ == "__main__":
    sys.exit(main())
