"""How many sessions a token and its group have, as the ledger tells it."""

from datetime import UTC, datetime

from charger_gateway.adapters.directory import TablesDirectory
from charger_gateway.domain.station import SessionLimit
from ev_contracts.accounts import GroupSnapshot, TokenSnapshot, TokenStatus
from ev_contracts.record import Record
from ev_contracts.sessions import OpenSession, OpenSessions

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def card(number: int, **more: object) -> TokenSnapshot:
    return TokenSnapshot(
        uid_hmac=f"hmac-{number}",
        token_ref=f"tok-{number}",
        token_type="RFID",
        emsp_party_id="NL-VLT",
        tenant="volt",
        status=TokenStatus.VALID,
        version=1,
        **more,
    )


def running(station_id: str, *sessions: tuple[str, str]) -> OpenSessions:
    told = tuple(OpenSession(session_id=name, token_ref=token_ref) for name, token_ref in sessions)
    return OpenSessions(station_id=station_id, sessions=told)


def directory(*cards: TokenSnapshot, group: GroupSnapshot | None = None) -> TablesDirectory:
    made = TablesDirectory()
    for each in cards:
        put(made, "accounts.token.snapshot.v1", f"_/{each.uid_hmac}", each)
    if group is not None:
        put(made, "accounts.group.snapshot.v1", f"volt/{group.group_id}", group)
    return made


def put(made: TablesDirectory, topic: str, key: str, record: Record | None) -> None:
    (table,) = (each for each in made.tables if each.topic == topic)
    table.put(key, record)


def limits(made: TablesDirectory, number: int = 1) -> tuple[SessionLimit, ...]:
    return made.judge(f"hmac-{number}", cpo_party_id="NL-VLT", at=NOON).limits


def test_a_token_without_a_limit_has_none() -> None:
    assert limits(directory(card(1))) == ()


def test_a_tokens_sessions_are_counted_over_all_stations_and_forgotten_as_they_end() -> None:
    made = directory(card(1, sessions_at_once=2))
    put(made, "sessions.open.snapshot.v1", "volt/A", running("A", ("s1", "tok-1"), ("s2", "tok-9")))
    put(made, "sessions.open.snapshot.v1", "volt/B", running("B", ("s3", "tok-1")))
    assert limits(made) == (SessionLimit(at_most=2, running=frozenset({"s1", "s3"})),)
    put(made, "sessions.open.snapshot.v1", "volt/A", running("A", ("s2", "tok-9")))
    put(made, "sessions.open.snapshot.v1", "volt/B", None)
    assert limits(made) == (SessionLimit(at_most=2, running=frozenset()),)


def test_a_groups_sessions_are_those_of_all_its_tokens() -> None:
    fleet = GroupSnapshot(group_id="G1", tenant="volt", is_master_pass=False, version=2, sessions_at_once=3)
    made = directory(card(1, group_id="G1"), card(2, group_id="G1"), card(3), group=fleet)
    put(made, "sessions.open.snapshot.v1", "volt/A", running("A", ("s1", "tok-2"), ("s2", "tok-3")))
    assert limits(made) == (SessionLimit(at_most=3, running=frozenset({"s1"})),)
