"""Who holds whom, and who is silent."""

from datetime import UTC, datetime

from charger_gateway.domain.presence import LIVES_S, SILENCE_S, Held, Presence
from ev_contracts.gateway import ConnectionDisplaced, ConnectionLost, StationConnected, StationDisconnected

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
KEY = "volt/NLVOLT0001"


def connected(replica: str = "gw-1", connection: str = "c-1") -> StationConnected:
    return StationConnected(
        station_id="NLVOLT0001",
        replica_id=replica,
        connection_id=connection,
        ocpp_version="1.6",
        connected_at=NOON,
    )


def disconnected(epoch: int) -> StationDisconnected:
    return StationDisconnected(
        station_id="NLVOLT0001", epoch=epoch, connection_id="c-1", reason="closed", disconnected_at=NOON
    )


def test_the_newest_connection_holds() -> None:
    presence = Presence()
    presence.connected(KEY, connected("gw-1", "c-1"), 5, 0.0)
    presence.connected(KEY, connected("gw-2", "c-2"), 9, 0.0)
    presence.connected(KEY, connected("gw-1", "c-1"), 5, 0.0)
    held = Held(station_id="NLVOLT0001", epoch=9, replica_id="gw-2", connection_id="c-2", ocpp_version="1.6")
    assert presence.held(KEY) == held


def test_an_older_connections_end_leaves_the_newer() -> None:
    presence = Presence()
    presence.connected(KEY, connected(), 9, 0.0)
    presence.gone(KEY, disconnected(5))
    displaced = ConnectionDisplaced(station_id="NLVOLT0001", old_epoch=5, connection_id="c-1", displaced_at=NOON)
    presence.gone(KEY, displaced)
    assert presence.held(KEY) is not None
    presence.gone(KEY, ConnectionLost(station_id="NLVOLT0001", epoch=9, replica_id="gw-1", lost_at=NOON))
    assert presence.held(KEY) is None


def test_a_silent_replicas_connections_are_lost_and_a_beating_ones_are_not() -> None:
    presence = Presence()
    presence.connected(KEY, connected("gw-1"), 1, 0.0)
    presence.connected("volt/NLVOLT0002", connected("gw-2"), 2, 0.0)
    presence.beat("gw-2", 10.0)
    assert [key for key, _ in presence.lost(SILENCE_S)] == []
    assert [key for key, _ in presence.lost(SILENCE_S + 1)] == [KEY]


def test_after_a_restart_of_silence_everybody_has_his_time() -> None:
    presence = Presence()
    presence.connected(KEY, connected("gw-1"), 1, 0.0)
    presence.restart_silence(100.0)
    assert list(presence.lost(110.0)) == []


def test_a_replica_that_was_never_heard_is_endlessly_silent() -> None:
    presence = Presence()
    assert presence.silence_s("gw-1", 5.0) == float("inf")
    presence.beat("gw-1", 4.0)
    assert presence.silence_s("gw-1", 5.0) == 1.0


def test_silent_replicas_without_connections_are_forgotten() -> None:
    presence = Presence()
    presence.beat("gw-1", 0.0)
    presence.forget_idle(SILENCE_S + 1)
    assert presence.silence_s("gw-1", 5.0) == float("inf")


def test_a_replica_lives_by_its_own_beats_alone() -> None:
    presence = Presence()
    presence.connected(KEY, connected("gw-1"), 5, 0.0)
    presence.restart_silence(10.0)
    assert not presence.lives("gw-1", 10.0)
    presence.beat("gw-1", 10.0)
    assert presence.lives("gw-1", 10.0 + LIVES_S)
    assert not presence.lives("gw-1", 10.5 + LIVES_S)
