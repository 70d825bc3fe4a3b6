"""What a partner's answer to a CDR means: taken, refused for good, or not known yet."""

from collections.abc import Collection, Mapping

import pytest
from samples import ENDPOINT, FACTS, ONE, RATED, SEND, SITE, STATION, TARIFF

from chassis.clock import FixedClock
from chassis.decider import EventContext, To
from chassis.http.guarded import Answer, CallFailedError, CallRefusedError
from chassis.outbox import Retry
from ev_contracts.pricing import TariffSnapshot
from ev_contracts.roaming import CdrSendRequested, PartnerSnapshot, ReportCdrRejected, ReportCdrSent
from roaming.adapters.ocpi.courier import Courier
from roaming.adapters.ocpi.peer import Peer
from roaming.adapters.ocpi.push import CdrPush
from roaming.adapters.sealing import TokenSeal
from roaming.adapters.tables import Network, PartnerTable
from roaming.domain.cdr_json import CdrToken
from roaming.ports import TokenUnknownError

KEY = "volt/NL-VLT-NL-EMO"
SEAL = TokenSeal(b"secret")
REQUEST = CdrSendRequested(**SEND.model_dump(exclude={"at"}), session_id=FACTS.session_id, requested_at=RATED)
CONTEXT = EventContext(
    topic="roaming.cdr.event.v1", key="volt/cdr-1", tenant="volt", event_id="e", stream_version=1, time=RATED
)
PARTNER = PartnerSnapshot(
    partner_id="NL-VLT-NL-EMO", party_id="NL-EMO", our_party_id="NL-VLT", status="registered",
    token_b_sealed=SEAL.seal("token-b", "NL-VLT-NL-EMO"), endpoints=(ENDPOINT,), allowed_hosts=("ocpi.emo.example",),
    version=2,
)  # fmt: skip


class Partner:
    """Answers every call the same way and remembers what was called with which headers."""

    def __init__(self, answer: Answer | Exception) -> None:
        self._answer = answer
        self.headers: list[Mapping[str, str]] = []
        self.asked: list[tuple[str, str]] = []

    async def call(
        self,
        method: str,
        url: str,
        *,
        allowed_hosts: Collection[str],  # noqa: ARG002 - as the port has it
        headers: Mapping[str, str],
        body: bytes | None = None,  # noqa: ARG002
    ) -> Answer:
        self.headers.append(headers)
        self.asked.append((method, url))
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


class Vault:
    """Knows token-1."""

    async def token(self, token_ref: str) -> CdrToken:
        if token_ref != "token-1":
            raise TokenUnknownError
        return CdrToken(uid="04A1", type="RFID", contract_id="c")


def push_to(answer: Answer | Exception, *, partner: PartnerSnapshot | None = PARTNER) -> tuple[CdrPush, Partner]:
    partners, network, http = PartnerTable(), Network(), Partner(answer)
    partners.put(KEY, partner)
    network.sites.put("volt/utrecht-1", SITE)
    network.stations.put("volt/VLT-0001", STATION)
    network.tariffs.put("volt/day@3", TariffSnapshot(tariff=TARIFF, name="Day"))
    courier = Courier(peer=Peer(http), seal=SEAL)
    push = CdrPush(courier=courier, partners=partners, network=network, vault=Vault(), clock=FixedClock(ONE))
    return push, http


def answered(status: int, body: str, **headers: str) -> Answer:
    return Answer(status=status, headers=headers, body=body.encode())


def rejected(status_code: int, message: str | None) -> list[To]:
    report = ReportCdrRejected(at=ONE, cdr_id="cdr-1", status_code=status_code, status_message=message)
    return [To(key="volt/cdr-1", command=report)]


@pytest.mark.parametrize("answer", [answered(201, '{"status_code": 1000}'), answered(200, '{"status_code": 1001}')])
async def test_taken(answer: Answer) -> None:
    push, http = push_to(answer)
    report = ReportCdrSent(at=ONE, cdr_id="cdr-1", location_url=None)
    assert await push.act(REQUEST, CONTEXT) == [To(key="volt/cdr-1", command=report)]
    assert http.headers[0]["Authorization"] == "Token dG9rZW4tYg=="
    assert (http.headers[0]["OCPI-from-party-id"], http.headers[0]["OCPI-to-party-id"]) == ("VLT", "EMO")


@pytest.mark.parametrize(
    ("answer", "status_code", "message"),
    [
        (answered(200, '{"status_code": 2001, "status_message": "no"}'), 2001, "no"),
        (answered(400, '{"status_code": 2000}'), 2000, None),
        (answered(400, "<html>"), 2000, "HTTP 400"),
        (answered(404, ""), 2000, "HTTP 404"),
        (answered(422, '{"status_code": 1000}'), 1000, None),
    ],
)
async def test_refused_for_good(answer: Answer, status_code: int, message: str | None) -> None:
    push, _ = push_to(answer)
    assert await push.act(REQUEST, CONTEXT) == rejected(status_code, message)


@pytest.mark.parametrize(
    "answer",
    [
        CallFailedError("ConnectTimeout"),
        CallRefusedError("not an agreed host"),
        answered(500, '{"status_code": 2001}'),
        answered(503, ""),
        answered(401, '{"status_code": 2000}'),
        answered(403, ""),
        answered(429, ""),
        answered(200, '{"status_code": 3000}'),
        answered(200, '{"status_code": 4001}'),
        answered(200, "<html>welcome</html>"),
        answered(201, ""),
    ],
)
async def test_not_known_yet(answer: Answer | Exception) -> None:
    push, _ = push_to(answer)
    with pytest.raises(Retry):
        await push.act(REQUEST, CONTEXT)


async def test_a_partner_that_knows_nobody_by_base64_is_asked_with_the_plain_token() -> None:
    push, http = push_to(answered(401, ""))
    with pytest.raises(Retry):
        await push.act(REQUEST, CONTEXT)
    assert [each["Authorization"] for each in http.headers] == ["Token dG9rZW4tYg==", "Token token-b"]


@pytest.mark.parametrize("partner", [None, PARTNER.model_copy(update={"status": "ended", "token_b_sealed": None})])
async def test_nobody_takes_it_after_the_partnership_ended(partner: PartnerSnapshot | None) -> None:
    push, http = push_to(answered(201, ""), partner=partner)
    assert await push.act(REQUEST, CONTEXT) == rejected(2000, "the partnership has ended")
    assert http.headers == []


async def test_an_erased_token_makes_no_cdr() -> None:
    push, http = push_to(answered(201, ""))
    for token_ref in ("token-2", None):
        parties = REQUEST.parties.model_copy(update={"token_ref": token_ref})
        outcome = await push.act(REQUEST.model_copy(update={"parties": parties}), CONTEXT)
        assert outcome == rejected(2000, "the token is no longer known")
    assert http.headers == []


async def test_what_is_not_known_here_yet_is_waited_for() -> None:
    push, http = push_to(answered(201, '{"status_code": 1000}'))
    for table, key in (
        (push.network.sites, "volt/utrecht-1"), (push.network.stations, "volt/VLT-0001"),
        (push.network.tariffs, "volt/day@3"),
    ):  # fmt: skip
        known = table.get(key)
        table.put(key, None)
        with pytest.raises(Retry):
            await push.act(REQUEST, CONTEXT)
        table.put(key, known)  # type: ignore[arg-type] # each table gets back what it gave
    push.network.sites.put("volt/utrecht-1", SITE.model_copy(update={"country": "XX"}))
    with pytest.raises(Retry):
        await push.act(REQUEST, CONTEXT)
    assert http.headers == []


async def test_a_key_that_was_changed_is_seen_and_stops_nobody_else() -> None:
    sealed = TokenSeal(b"the key before").seal("token-b", PARTNER.partner_id)
    push, _ = push_to(answered(201, ""), partner=PARTNER.model_copy(update={"token_b_sealed": sealed}))
    with pytest.raises(Retry, match="Unsealable"):
        await push.act(REQUEST, CONTEXT)


async def test_other_events_ask_for_nothing() -> None:
    push, _ = push_to(answered(201, ""))
    assert await push.act(PARTNER, CONTEXT) == ()
