"""Signing in to the lab: who gets a token, and who does not."""

import base64
import hashlib
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from joserfc import jwt
from joserfc.jwk import KeySet

from ev_lab.issuer.app import create_app
from ev_lab.issuer.tokens import Signer
from ev_lab.issuer.users import NoSuchUser, User, UserBook

ISSUER = "http://127.0.0.1:20999"
CALLBACK = "http://127.0.0.1:20998/callback"
VERIFIER = "a-verifier-of-more-than-forty-three-characters-length"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


@pytest.fixture
def client(tmp_path: Path) -> TestClient:
    signer = Signer(tmp_path / "key.pem", ISSUER)
    return TestClient(create_app(signer, UserBook(tmp_path / "users.json")), base_url=ISSUER, follow_redirects=False)


def claims_of(client: TestClient, token: str) -> dict[str, object]:
    keys = KeySet.import_key_set(client.get("/jwks.json").json())
    return dict(jwt.decode(token, keys, algorithms=["RS256"]).claims)


def authorize(client: TestClient, **changed: str) -> Response:
    asked = {
        "client_id": "dashboards",
        "redirect_uri": CALLBACK,
        "code_challenge": CHALLENGE,
        "state": "s1",
        "login": "cpo",
        "nonce": "n1",
    }
    return client.get("/authorize", params={**asked, **changed})


def redeem(client: TestClient, code: str, verifier: str = VERIFIER) -> Response:
    form = {"grant_type": "authorization_code", "code": code, "code_verifier": verifier, "redirect_uri": CALLBACK}
    return client.post("/token", data=form)


def code_in(response: Response) -> str:
    return parse_qs(urlsplit(response.headers["location"]).query)["code"][0]


def test_a_code_with_its_verifier_gives_a_token_that_the_published_key_proves(client: TestClient) -> None:
    answer = redeem(client, code_in(authorize(client))).json()
    claims = claims_of(client, answer["access_token"])
    assert (claims["iss"], claims["aud"], claims["sub"]) == (ISSUER, "ev-assets-manager", "cpo")
    assert (claims["roles"], claims["party_id"], claims["tenants"]) == (["cpo"], "NL-VLT", ["volt"])
    assert claims_of(client, answer["id_token"])["nonce"] == "n1"


def test_a_code_is_good_once(client: TestClient) -> None:
    code = code_in(authorize(client))
    assert redeem(client, code).status_code == 200
    assert redeem(client, code).json()["error"] == "invalid_grant"


def test_a_code_is_worth_nothing_without_its_verifier(client: TestClient) -> None:
    assert redeem(client, code_in(authorize(client)), "another verifier").json()["error"] == "invalid_grant"


def test_it_redirects_to_the_local_machine_only(client: TestClient) -> None:
    assert authorize(client, redirect_uri="https://example.com/callback").status_code == 400


def test_the_page_lists_the_demo_users_and_escapes_what_it_was_asked(client: TestClient) -> None:
    page = client.get(
        "/authorize",
        params={"client_id": "<b>", "redirect_uri": CALLBACK, "code_challenge": CHALLENGE},
    ).text
    assert "Carla, Volt operations" in page
    assert "<b>" not in page


def test_a_script_gets_a_token_by_the_users_name(client: TestClient) -> None:
    answer = client.post("/token", data={"grant_type": "password", "username": "dso"}).json()
    assert claims_of(client, answer["access_token"])["party_id"] == "NL-GRD"


def test_only_a_service_gets_a_token_by_its_own_credentials(client: TestClient) -> None:
    answer = client.post("/token", data={"grant_type": "client_credentials", "client_id": "service"}).json()
    assert claims_of(client, answer["access_token"])["roles"] == ["service"]
    for other, status in (("cpo", 400), ("nobody", 401)):
        form = {"grant_type": "client_credentials", "client_id": other}
        assert client.post("/token", data=form).status_code == status


def test_a_typo_in_a_users_name_lists_the_users(client: TestClient) -> None:
    answer = client.post("/token", data={"grant_type": "password", "username": "cpoo"})
    assert answer.status_code == 400
    assert "cpo-engineer" in answer.json()["error_description"]


def test_seeded_users_stand_before_the_defaults_and_take_effect_at_once(tmp_path: Path) -> None:
    book = UserBook(tmp_path / "users.json")
    assert book.in_role("driver").driver_ref == "drv-dana"
    book.write((User(username="driver", name="Noor", roles=("driver",), driver_ref="drv-1"),))
    assert book.in_role("driver").driver_ref == "drv-1"
    assert book.in_role("cpo").party_id == "NL-VLT"
    with pytest.raises(NoSuchUser):
        book.in_role("advertiser")


def test_the_key_outlives_the_process(tmp_path: Path) -> None:
    first, second = (Signer(tmp_path / "key.pem", ISSUER).jwks() for _ in range(2))
    assert first == second
    assert (tmp_path / "key.pem").stat().st_mode & 0o077 == 0
