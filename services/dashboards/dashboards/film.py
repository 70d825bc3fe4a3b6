"""A film: what was on a station's wire, what became true, was asked and was decided, in one order and in pages."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

PAGE = 100
KINDS: Mapping[str, str] = {
    "frame": "Frames",
    "event": "Events",
    "command": "Commands",
    "decision": "Decisions of the desk",
    "business": "Ledger, prices and books",
}
"""Kind -> what its filter is called; the last are of the read model, the others of the gateway."""
_ANSWERS = {3: "answer", 4: "refusal", 5: "refusal of an answer"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One thing at one time; `text` is what was on the wire, `facts` all else."""

    at: str
    kind: str
    name: str
    text: str | None = None
    facts: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FilmPage:
    """A page, oldest first; pages count from 1. `counts` are of the whole film, by kind."""

    moments: Sequence[Moment]
    number: int
    pages: int
    counts: Mapping[str, int]


def merged(film: Iterable[Mapping[str, Any]], timeline: Iterable[Mapping[str, Any]] = ()) -> Sequence[Moment]:
    """The gateway's film and a session's timeline in one order."""
    decided = (Moment(at=one["at"], kind="business", name=one["type"], facts=one["facts"]) for one in timeline)
    return sorted([*map(_moment, film), *decided], key=lambda moment: datetime.fromisoformat(moment.at))


def page_of(moments: Sequence[Moment], *, kind: str = "", number: int | None = None) -> FilmPage:
    """Of one kind or of all; the last page where none is asked for or there is no such page."""
    shown = [moment for moment in moments if kind in {"", moment.kind}]
    pages = max(1, -(-len(shown) // PAGE))
    at = number if number is not None and 1 <= number <= pages else pages
    counts = Counter(moment.kind for moment in moments)
    return FilmPage(moments=shown[(at - 1) * PAGE : at * PAGE], number=at, pages=pages, counts=counts)


def _moment(scene: Mapping[str, Any]) -> Moment:
    body = scene["body"]
    if scene["kind"] != "frame":
        return Moment(at=scene["at"], kind=scene["kind"], name=scene["name"], facts=body)
    way = "from the station" if body["from_station"] else "to the station"
    text = body["text"]
    said = "sealed under another day's key" if text is None else _said(text)
    return Moment(at=scene["at"], kind="frame", name=f"{said}, {way}", text=text)


def _said(text: str) -> str:
    """The action of a call, or what kind of answer it is; broken frames are on film too."""
    try:
        frame = json.loads(text)
    except (ValueError, RecursionError):
        return "broken frame"
    if not isinstance(frame, list) or len(frame) < 3 or not isinstance(frame[0], int):
        return "broken frame"
    return _ANSWERS.get(frame[0]) or str(frame[2])[:64]
