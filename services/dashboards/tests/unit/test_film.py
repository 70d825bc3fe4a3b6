"""The film's page: one order, whole, escaped, in pages, and for engineers only."""

from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from dashboards.app import VENDOR, build
from dashboards.film import PAGE, merged, page_of
from dashboards.ports import User
from dashboards.settings import Settings

from .test_pages import FAR, SESSION, Issuer, Models, signed_in  # noqa: TID252 - tests are no package

HOSTILE = '[2,"m1","</pre><script>alert(1)</script>",{}]'


def scene(second: int, kind: str, name: str, **body: Any) -> dict[str, Any]:
    return {"at": f"2026-11-20T12:00:{second:02}+00:00", "kind": kind, "name": name, "body": body}


def frame(second: int, text: str | None, *, from_station: bool = True) -> dict[str, Any]:
    return scene(second, "frame", "Frame", text=text, from_station=from_station)


FILM = [
    frame(1, '[2,"m1","StartTransaction",{}]'),
    scene(2, "event", "TransactionStarted", transaction_id="7"),
    frame(3, '[3,"m1",{}]', from_station=False),
    scene(4, "command", "ResetStation"),
    scene(5, "decision", "CommandRequested"),
    frame(7, HOSTILE),
    frame(8, None),
    frame(9, "not json"),
]
TIMELINE = [
    {"at": "2026-11-20T12:00:06.5Z", "type": "SessionRated", "facts": {"gross": "9.36"}},
    {"at": "2026-11-20T12:00:02.5Z", "type": "SessionStarted", "facts": {}},
]


def names(moments: Any) -> list[str]:
    return [moment.name for moment in moments]


def test_what_was_heard_asked_and_decided_stands_in_one_order() -> None:
    assert names(merged(FILM, TIMELINE)) == [
        "StartTransaction, from the station",
        "TransactionStarted",
        "SessionStarted",
        "answer, to the station",
        "ResetStation",
        "CommandRequested",
        "SessionRated",
        "</pre><script>alert(1)</script>, from the station",
        "sealed under another day's key, from the station",
        "broken frame, from the station",
    ]


def test_a_long_film_is_shown_in_pages_of_which_the_last_comes_first() -> None:
    moments = merged([scene(0, "event", str(number)) for number in range(PAGE + 1)])
    last = page_of(moments)
    assert (last.number, last.pages, names(last.moments)) == (2, 2, [str(PAGE)])
    first = page_of(moments, number=1)
    assert names(first.moments) == [str(number) for number in range(PAGE)]
    assert page_of(moments, number=99).number == 2
    assert page_of([]).pages == 1


def test_a_film_can_be_cut_down_to_one_kind() -> None:
    events = page_of(merged(FILM, TIMELINE), kind="event")
    assert (names(events.moments), events.counts["frame"]) == (["TransactionStarted"], 5)


class Engineers(Issuer):
    """Lets in a user of these roles."""

    def __init__(self, *roles: str) -> None:
        self.user = User(name="Enno", roles=roles, token="token-of-enno", expires_at=FAR)


def pages(folder: Path, *roles: str) -> tuple[TestClient, Models]:
    (folder / "page-token-key").write_bytes(b"k" * 32)
    for name in VENDOR.values():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("// vendor")
    models = Models()
    models.answers["/v1/stations/NLVLT00001/film"] = {"film": FILM}
    session = {**SESSION, "transaction_id": "7"}
    models.answers["/v1/sessions/s-1"] = {"session": session, "timeline": TIMELINE, "readings": []}
    settings = Settings(secrets_dir=folder, assets_dir=folder, oidc_issuer="http://issuer")
    app = build(settings, models=models, provider=Engineers(*roles))
    return signed_in(TestClient(app, follow_redirects=False)), models


def test_a_sessions_film_holds_the_ledgers_and_the_prices_word_and_no_script(tmp_path: Path) -> None:
    client, models = pages(tmp_path, "cpo", "cpo-engineer")
    shown = client.get("/cpo/sessions/s-1/film")
    assert shown.status_code == 200
    for told in ("TransactionStarted", "CommandRequested", "SessionRated", "StartTransaction, from the station"):
        assert told in shown.text
    assert "<script>alert" not in shown.text
    assert ("charger-gateway", "/v1/stations/NLVLT00001/film", "token-of-enno") in models.asked


def test_a_stations_film_is_reached_from_its_page(tmp_path: Path) -> None:
    client, _ = pages(tmp_path, "cpo", "cpo-engineer")
    assert 'href="/cpo/stations/NLVLT00001/film"' in client.get("/cpo/stations/NLVLT00001").text
    assert 'href="/cpo/sessions/s-1/film"' in client.get("/cpo/sessions/s-1").text
    shown = client.get("/cpo/stations/NLVLT00001/film", params={"kind": "command"})
    assert "ResetStation" in shown.text
    assert "TransactionStarted" not in shown.text


@pytest.mark.parametrize("path", ["/cpo/stations/NLVLT00001/film", "/cpo/sessions/s-1/film"])
def test_frames_are_for_engineers(tmp_path: Path, path: str) -> None:
    client, models = pages(tmp_path, "cpo")
    assert client.get(path).status_code == 404
    assert models.asked == []
    assert "/film" not in client.get("/cpo/stations/NLVLT00001").text
