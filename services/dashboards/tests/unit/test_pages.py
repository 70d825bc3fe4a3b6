"""The pages as a browser gets them: signed in or not, full, empty, without a read model, with hostile names."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from dashboards.app import VENDOR, AssetsMissing, build
from dashboards.panels import INVOICE_PATHS, PAGES, SESSION_PATHS
from dashboards.ports import NotYours, SignInAgain, Unavailable, User
from dashboards.settings import Settings

AS_OF = {"token": "t", "appended_at": "2026-11-20T12:00:00+00:00", "now": "2026-11-20T12:00:01+00:00"}
FAR = 4_000_000_000
SITE = {"name": "Parkhuis Damrak", "address": "Damrak 1", "city": "Amsterdam", "time_zone": "Europe/Amsterdam"}
SESSION = {
    "session_id": "s-1", "started_at": "2026-11-20T11:00:00+00:00", "time_zone": "Europe/Amsterdam", "site": SITE,
    "evse_id": "NL*VLT*E00001*1", "station_id": "NLVLT00001", "status": "closed", "energy_wh": 12_345,
    "charging_s": 3_660, "parking_s": 59, "gross_minor": 512, "net_minor": 423, "currency": "EUR",
    "invoice_number": "NL-VLT-2026-000001",
    "sale_gross_minor": 812, "sale_currency": "EUR", "purchase_gross_minor": 512, "purchase_currency": "EUR",
    "price_gross_minor": 812, "price_currency": "EUR", "receipt_number": "NL-EMO-2026-000001",
}  # fmt: skip
STATION = {
    "station_id": "NLVLT00001", "model": "Virtual 22", "vendor": "EVAM", "connected": True, "site": SITE,
    "connectors": [{"evse_number": 1, "connector_number": 1, "state": "CHARGING"}], "ocpp_version": "1.6",
}  # fmt: skip
LINE = {
    "description": "Energy: 0.35 per kWh", "quantity": "12.345", "unit": "kWh", "unit_price": "0.35", "net_minor": 432,
    "vat_minor": 91,
}  # fmt: skip
INVOICE = {
    "invoice_number": "NL-VLT-2026-000001", "seller": {"legal_name": "Volt Charging B.V.", "country": "NL"},
    "buyer": {"legal_name": "Emobi B.V.", "country": "NL"}, "issued_at": "2026-11-20T12:00:00+00:00",
    "started_at": "2026-11-20T11:00:00+00:00", "ended_at": "2026-11-20T12:00:00+00:00", "session_id": "s-1",
    "currency": "EUR", "lines": [LINE], "vat_totals": [{"vat_permille": 210, "net_minor": 432, "vat_minor": 91}],
    "net_minor": 432, "gross_minor": 523, "evse_id": "NL*VLT*E00001*1", "meter_start_wh": 0, "meter_stop_wh": 12_345,
    "tariff_id": "wholesale", "tariff_version": 1,
}  # fmt: skip
BILLED = {"revision": 0, "tariff_version": 1, "gross_minor": 523, "energy_wh": 12_345}
NOTE = {
    **{name: value for name, value in INVOICE.items() if name not in {"vat_totals", "tariff_version"}},
    "note_number": "NL-VLT-N-2026-000001", "kind": "CREDIT_NOTE", "correction": {"cause": "SESSION_CORRECTED"},
    "before": BILLED, "after": {**BILLED, "revision": 1, "gross_minor": 423}, "net_minor": -83, "gross_minor": -100,
    "tax_totals": [
        {"name": "GST", "percent": "5.00000000", "net_minor": -83, "tax_minor": -6},
        {"name": "QST", "percent": "9.97500000", "net_minor": -83, "tax_minor": -11},
    ],
}  # fmt: skip
TOTAL = {
    "cpo_party_id": "NL-VLT",
    "currency": "EUR",
    "sessions": 2,
    "energy_wh": 9_000,
    "net_minor": 400,
    "owner_share_minor": 160,
}
STATEMENT_LINE = {
    "started_at": "2026-11-20T11:00:00+00:00", "site": SITE, "evse_id": "NL*VLT*E00001*1", "meter_start_wh": 0,
    "meter_stop_wh": 9_000, "energy_wh": 9_000, "net_minor": 400, "currency": "EUR", "owner_share_permille": 400,
    "owner_share_minor": 160, "tariff_id": "wholesale", "tariff_version": 1, "ownership_contract_id": "c",
    "ownership_contract_version": 1,
}  # fmt: skip
WINDOW = {"window_start_at": "2026-11-20T11:00:00+00:00", "energy_wh": 5_000, "mean_power_w": 20_000, "evses": 2}
LISTED_INVOICE = {**INVOICE, "seller_name": "Volt Charging B.V.", "buyer_name": "Emobi B.V.", "vat_minor": 91}
FULL: Mapping[str, Mapping[str, Any]] = {
    "/v1/stations": {"items": [STATION]},
    "/v1/sessions": {"items": [SESSION]},
    "/v1/invoices": {"items": [LISTED_INVOICE]},
    "/v1/statements": {"items": [{"month": "2026-11", "totals": [TOTAL]}]},
    "/v1/feeders": {
        "items": [{"feeder_id": "volt-feeder-1", "connections": [{"connection_id": "c-1", "city": "Amsterdam"}]}]
    },
    "/v1/me/sessions": {"items": [SESSION]},
    "/v1/me/receipts": {"items": [LISTED_INVOICE]},
    "/v1/stations/NLVLT00001": {
        "station": STATION,
        "timeline": [{"at": AS_OF["now"], "type": "StationBooted", "facts": {"a": 1}}],
        "commands": [],
    },
    "/v1/sessions/s-1": {
        "session": SESSION,
        "timeline": [],
        "readings": [{"measured_at": AS_OF["now"], "power_w": 11_000, "energy_wh": 5, "register_wh": 9}],
    },
    "/v1/me/sessions/s-1": {"session": SESSION},
    "/v1/invoices/NL-VLT-2026-000001": {"invoice": INVOICE},
    "/v1/invoices/NL-VLT-N-2026-000001": {"invoice": NOTE},
    "/v1/me/receipts/NL-VLT-N-2026-000001": {"invoice": NOTE},
    "/v1/me/receipts/NL-VLT-2026-000001": {"invoice": INVOICE},
    "/v1/statements/2026-11": {"month": "2026-11", "totals": [TOTAL], "items": [STATEMENT_LINE]},
    "/v1/feeders/volt-feeder-1": {
        "feeder_id": "volt-feeder-1",
        "day": "2026-11-20",
        "windows": [WINDOW],
        "connections": [],
    },
}
OBJECTS = [
    ("cpo", "/cpo/stations/NLVLT00001", "Virtual 22"),
    *((role, f"/{role}/sessions/s-1", "12.345 kWh") for role in SESSION_PATHS),
    *((role, f"/{role}/invoices/NL-VLT-2026-000001", "5.23 EUR") for role in INVOICE_PATHS),
    *((role, f"/{role}/invoices/NL-VLT-N-2026-000001", "Credit note NL-VLT-N-2026-000001") for role in INVOICE_PATHS),
    ("cpo", "/cpo/invoices/NL-VLT-N-2026-000001", "QST 9.975 % on -0.83 EUR"),
    ("driver", "/driver/invoices/NL-VLT-N-2026-000001", "5.23 EUR"),
    ("owner", "/owner/statements/2026-11", "1.60 EUR"),
    ("dso", "/dso/feeders/volt-feeder-1", "20.0 kW"),
]


class Models:
    """Read models that answer what the test gives them."""

    def __init__(self) -> None:
        self.answers: dict[str, Mapping[str, Any]] = dict(FULL)
        self.failure: Exception | None = None
        self.asked: list[tuple[str, str, str]] = []

    async def read(self, role: str, path: str, user: User, query: Mapping[str, str]) -> Mapping[str, Any]:
        del query
        self.asked.append((role, path, user.token))
        if self.failure is not None:
            raise self.failure
        if path not in self.answers:
            raise NotYours
        return {"as_of": AS_OF, "next": None, "items": [], **self.answers[path]}

    @asynccontextmanager
    async def stream(self, role: str, path: str, user: User) -> AsyncIterator[AsyncIterator[bytes]]:
        if self.failure is not None:
            raise self.failure

        async def lines() -> AsyncIterator[bytes]:
            yield f"event: ping\ndata: {role} {path} {user.token}\n\n".encode()

        yield lines()


class Issuer:
    """A provider that knows one user by the code `good`."""

    user = User(name="Carla", roles=tuple(PAGES), token="token-of-carla", expires_at=FAR)
    away = False

    async def authorize_url(self, *, redirect_uri: str, state: str, nonce: str, challenge: str) -> str:
        if self.away:
            raise Unavailable("the sign-in service does not answer")
        return f"http://issuer/authorize?state={state}&redirect_uri={redirect_uri}&nonce={nonce}&c={challenge}"

    async def redeem(self, *, code: str, verifier: str, redirect_uri: str, nonce: str) -> User:
        if code != "good" or not verifier or not nonce or not redirect_uri.endswith("/callback"):
            raise SignInAgain
        return self.user


@pytest.fixture
def models() -> Models:
    return Models()


@pytest.fixture
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "page-token-key").write_bytes(b"k" * 32)
    for name in VENDOR.values():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("// vendor")
    return Settings(secrets_dir=tmp_path, assets_dir=tmp_path, oidc_issuer="http://issuer")


@pytest.fixture
def visitor(settings: Settings, models: Models, issuer: Issuer) -> TestClient:
    return TestClient(build(settings, models=models, provider=issuer), follow_redirects=False)


@pytest.fixture
def client(visitor: TestClient) -> TestClient:
    return signed_in(visitor)


def signed_in(visitor: TestClient, to: str = "/") -> TestClient:
    asked = visitor.get("/sign-in", params={"to": to})
    state = re.search(r"state=([^&]+)", asked.headers["location"])
    assert state is not None
    done = visitor.get("/callback", params={"code": "good", "state": state[1]})
    assert done.status_code == 303
    return visitor


@pytest.mark.parametrize("role", PAGES)
def test_a_role_page_says_that_its_panels_are_loading(client: TestClient, role: str) -> None:
    page = client.get(f"/{role}")
    assert page.status_code == 200
    for panel in PAGES[role].panels:
        assert f"Loading {panel.title.lower()}" in page.text
        assert f'hx-get="/{role}/panels/{panel.name}"' in page.text
    assert f'data-live="/live/{role}"' in page.text


PANELS = [(role, panel) for role, page in PAGES.items() for panel in page.panels]


@pytest.mark.parametrize(("role", "panel"), PANELS, ids=lambda each: getattr(each, "name", each))
def test_a_full_panel_shows_its_rows_and_as_of_when(client: TestClient, role: str, panel: Any) -> None:
    shown = client.get(f"/{role}/panels/{panel.name}")
    assert shown.status_code == 200
    assert "As of" in shown.text
    assert "12:00:00" in shown.text
    assert panel.empty not in shown.text


@pytest.mark.parametrize(("role", "panel"), PANELS, ids=lambda each: getattr(each, "name", each))
def test_an_empty_panel_says_what_to_do(client: TestClient, models: Models, role: str, panel: Any) -> None:
    models.answers[panel.path] = {"items": []}
    shown = client.get(f"/{role}/panels/{panel.name}").text
    assert re.sub(r"\s+", " ", panel.empty.replace("'", "&#39;")) in shown


@pytest.mark.parametrize(("role", "panel"), PANELS, ids=lambda each: getattr(each, "name", each))
def test_a_panel_whose_read_model_is_away_says_so_in_its_place(
    client: TestClient, models: Models, role: str, panel: Any
) -> None:
    models.failure = Unavailable("HTTP 503")
    shown = client.get(f"/{role}/panels/{panel.name}")
    assert shown.status_code == 200
    assert f"{panel.title} cannot be shown right now" in shown.text
    assert "HTTP 503" in shown.text


@pytest.mark.parametrize(("role", "path", "figure"), OBJECTS)
def test_an_object_has_a_page(client: TestClient, models: Models, role: str, path: str, figure: str) -> None:
    page = client.get(path)
    assert page.status_code == 200
    assert figure in page.text
    assert models.asked[-1][0] == role
    assert models.asked[-1][2] == "token-of-carla"


@pytest.mark.parametrize(("_role", "path", "_figure"), OBJECTS)
def test_an_object_that_is_not_ours_is_not_found(
    client: TestClient, models: Models, _role: str, path: str, _figure: str
) -> None:
    models.failure = NotYours()
    page = client.get(path)
    assert page.status_code == 404
    assert "no such thing for you" in page.text


@pytest.mark.parametrize("path", ["/owner/sessions/s-1", "/dso/invoices/1", "/advertiser", "/cpo/panels/secrets"])
def test_a_role_has_only_its_own_pages(client: TestClient, path: str) -> None:
    assert client.get(path).status_code in {404, 422}


def test_a_user_sees_the_pages_of_his_roles_only(visitor: TestClient, issuer: Issuer) -> None:
    issuer.user = User(name="Otto", roles=("owner",), token="t", expires_at=FAR)
    signed_in(visitor)
    assert visitor.get("/").headers["location"] == "/owner"
    assert visitor.get("/owner").status_code == 200
    for role in set(PAGES) - {"owner"}:
        assert visitor.get(f"/{role}").status_code == 404
        assert visitor.get(f"/live/{role}").status_code == 404


@pytest.mark.parametrize("path", ["/cpo", "/cpo/panels/stations", "/cpo/sessions/s-1", "/live/cpo"])
def test_nothing_is_shown_to_a_stranger(visitor: TestClient, models: Models, path: str) -> None:
    assert visitor.get(path).status_code == 401
    assert models.asked == []


def test_a_read_model_that_refuses_the_token_asks_to_sign_in_again(client: TestClient, models: Models) -> None:
    models.failure = SignInAgain()
    assert "Please sign in" in client.get("/cpo/sessions/s-1").text
    answer = client.get("/cpo/panels/stations", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["hx-redirect"]) == (401, "/sign-in")


def test_a_token_that_ran_out_signs_out(visitor: TestClient, issuer: Issuer) -> None:
    issuer.user = User(name="Otto", roles=("owner",), token="t", expires_at=1)
    signed_in(visitor)
    assert visitor.get("/owner").status_code == 401


def test_signing_in_leads_back_to_where_one_was(visitor: TestClient) -> None:
    state = re.search(r"state=([^&]+)", visitor.get("/sign-in?to=/cpo/sessions/s-1").headers["location"])
    assert state is not None
    done = visitor.get("/callback", params={"code": "good", "state": state[1]})
    assert done.headers["location"] == "/cpo/sessions/s-1"


@pytest.mark.parametrize("to", ["https://evil.example/", "//evil.example", "/\\evil.example"])
def test_nobody_is_sent_elsewhere_after_signing_in(visitor: TestClient, to: str) -> None:
    state = re.search(r"state=([^&]+)", visitor.get("/sign-in", params={"to": to}).headers["location"])
    assert state is not None
    assert "evil" not in visitor.get("/callback", params={"code": "good", "state": state[1]}).headers["location"]


def test_a_callback_that_nobody_asked_for_signs_nobody_in(visitor: TestClient) -> None:
    assert visitor.get("/callback", params={"code": "good", "state": "s"}).status_code == 401
    visitor.get("/sign-in")
    assert visitor.get("/callback", params={"code": "good", "state": "forged"}).status_code == 401


def test_the_cookie_is_for_this_site_and_no_script(visitor: TestClient) -> None:
    cookie = visitor.get("/sign-in").headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie


def test_signing_out_forgets(client: TestClient) -> None:
    client.post("/sign-out")
    assert client.get("/cpo").status_code == 401


def test_an_issuer_that_is_away_is_told_without_going_round_in_circles(visitor: TestClient, issuer: Issuer) -> None:
    issuer.away = True
    page = visitor.get("/sign-in")
    assert page.status_code == 503
    assert "the sign-in service does not answer" in page.text


BARE = [
    ("/v1/stations", "/cpo/panels/stations", {"items": [{"station_id": "NLVLT00001", "connectors": []}]}),
    ("/v1/sessions", "/cpo/panels/sessions", {"items": [{"session_id": "s-1", "status": "charging"}]}),
    ("/v1/sessions", "/emsp/panels/sessions", {"items": [{"session_id": "s-1"}]}),
    ("/v1/me/sessions", "/driver/panels/sessions", {"items": [{"session_id": "s-1", "status": "charging"}]}),
    ("/v1/stations/NLVLT00001", "/cpo/stations/NLVLT00001", {"station": {"connectors": []}, "timeline": []}),
    ("/v1/sessions/s-1", "/cpo/sessions/s-1", {"session": {}, "readings": [{}]}),
    ("/v1/me/sessions/s-1", "/driver/sessions/s-1", {"session": {}}),
]


@pytest.mark.parametrize(("path", "page", "answer"), BARE)
def test_what_is_not_known_yet_is_a_dash(
    client: TestClient, models: Models, path: str, page: str, answer: Mapping[str, Any]
) -> None:
    models.answers[path] = answer
    assert client.get(page).status_code == 200


def test_a_hostile_name_stays_text(client: TestClient, models: Models) -> None:
    hostile = "<script>alert(1)</script>'\""
    station = {**STATION, "station_id": hostile, "site": {**SITE, "name": hostile}}
    models.answers["/v1/stations"] = {"items": [station]}
    models.answers["/v1/sessions/s-1"] = {
        "session": SESSION,
        "timeline": [{"at": AS_OF["now"], "type": hostile, "facts": {"name": hostile}}],
        "readings": [{"measured_at": AS_OF["now"], "power_w": 1, "note": hostile}],
    }
    for path in ("/cpo/panels/stations", "/cpo/sessions/s-1"):
        page = client.get(path).text
        assert "<script>alert" not in page


def test_every_answer_carries_the_policy_and_none_runs_inline(client: TestClient) -> None:
    for path in ("/", "/cpo", "/cpo/panels/stations", "/static/app.css", "/nowhere"):
        policy = client.get(path).headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
    for template in (Path(__file__).parents[2] / "dashboards" / "templates").rglob("*.html"):
        text = template.read_text(encoding="utf-8")
        assert not re.search(r"<script(?![^>]*\ssrc=)|\son\w+=|style=|hx-on|js:|https?://", text), template


def test_the_stream_of_the_role_is_passed_on(client: TestClient) -> None:
    answer = client.get("/live/dso")
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["x-accel-buffering"] == "no"
    assert answer.text == "event: ping\ndata: dso /v1/stream/feeders token-of-carla\n\n"


def test_a_stream_that_is_away_just_ends(client: TestClient, models: Models) -> None:
    models.failure = Unavailable("HTTP 503")
    assert client.get("/live/dso").text == ""


def test_only_the_named_third_party_files_are_served(client: TestClient) -> None:
    assert client.get("/static/vendor/htmx.js").status_code == 200
    assert client.get("/static/vendor/package.json").status_code == 404


def test_missing_scripts_stop_the_start_and_say_what_to_do(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / VENDOR["htmx.js"]).unlink()
    with pytest.raises(AssetsMissing, match="make setup"):
        build(settings)
