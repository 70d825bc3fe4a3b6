"""The ledger as a black box: a gateway's facts in, sessions out; stopped, started again, told everything twice."""

from datetime import timedelta
from typing import Any

from network import KEY, REGISTRY, STATION, at, started, told

from chassis.log.port import Entry
from chassis.runner import wire
from chassis.testing import eventually
from ev_contracts.assets import Component, ComponentKind, ComponentSwapped, StationRetired
from ev_contracts.catalogue import RECORDS, TOPICS
from ev_contracts.common import ChargingPeriod, CommercialModel
from ev_contracts.gateway import TransactionEnded
from ev_contracts.sessions import (
    NoShowFound,
    ReservationAttached,
    ReservationExpired,
    SessionClosed,
    SessionContextWanted,
    SessionCorrected,
    SessionMarkedSuspect,
    SessionRecalled,
    SessionReviewed,
    Stopper,
    UnmatchedMessageRecorded,
)
from session_ledger.history import recall

SOURCE = "gateway.transaction.event.v1"
EVENTS = "sessions.session.event.v1"
HOLDS = "sessions.reservation.event.v1"


async def records(stage: Any, kind: type, topic: str = EVENTS) -> list[Any]:
    return [each.record for each in await stage.seen(topic) if isinstance(each.record, kind)]


async def closed(stage: Any, count: int) -> list[SessionClosed]:
    """The closed sessions, once there are so many."""

    async def enough() -> list[Any]:
        found = await records(stage, SessionClosed)
        return found if len(found) >= count else []

    found: list[SessionClosed] = await eventually(enough, deadline_s=30, what=f"{count} closed sessions")
    return found


async def quiet(stage: Any) -> None:
    """Until everything that was said is decided."""
    after: list[int] = []

    async def unchanged() -> bool:
        after.append(len(await stage.seen(EVENTS)))
        return len(after) > 5 and len(set(after[-5:])) == 1

    await eventually(unchanged, deadline_s=30)


async def test_sessions_are_closed_once_whatever_is_said_twice_and_however_often_the_ledger_restarts(
    ledger: Any,
) -> None:
    async with ledger.run() as stage:
        for topic, key, record in REGISTRY:
            await stage.say(topic, key, record)
        await stage.say(SOURCE, KEY, *told(0))
        await quiet(stage)
        stage.clock.advance(timedelta(minutes=41))
        (first,) = await closed(stage, 1)
        await stage.say(SOURCE, KEY, *told(1), *told(0))
    async with ledger.run() as stage:
        await stage.say(SOURCE, KEY, *told(1))
        await quiet(stage)
        stage.clock.advance(timedelta(minutes=61))
        first_again, second = await closed(stage, 2)
        events = await stage.seen(EVENTS)
        ran = await stage.seen("sessions.open.snapshot.v1")
    assert [each.token_ref for each in ran[0].record.sessions] == ["token-7"]
    assert first_again == first
    assert first.rule == "settled"
    assert (first.facts.stop_authority, first.parties.token_ref) == ("own-token", "token-7")
    assert first.facts.energy_wh == second.facts.energy_wh == 10_000
    assert first.facts.periods == (
        ChargingPeriod(started_at=at(0), ended_at=at(30), charging=True, energy_wh=9_000),
        ChargingPeriod(started_at=at(30), ended_at=at(40), charging=False, energy_wh=1_000, suspended_by="EV"),
    )
    assert first.parties.commercial_model is CommercialModel.RESALE
    assert (first.parties.emsp_party_id, first.parties.owner_share_permille) == ("NL-EMO", 300)
    assert first.place.feeder_id == "feeder-7"
    assert [each.context.stream_version for each in events] == list(range(1, len(events) + 1))
    assert len({each.context.event_id for each in events}) == len(events)


async def test_what_the_registry_says_late_of_a_meter_or_a_station_still_counts(ledger: Any) -> None:
    """A swap told after the close corrects the session; a station that is retired ends the one that runs."""
    assets = "assets.station.event.v1"
    old = Component(kind=ComponentKind.METER, serial_number="EMH-1")
    async with ledger.run() as stage:
        for topic, key, record in REGISTRY:
            await stage.say(topic, key, record)
        await stage.say(SOURCE, KEY, *told(0))
        await quiet(stage)
        stage.clock.advance(timedelta(minutes=41))
        await closed(stage, 1)
        swapped = ComponentSwapped(
            station_id=STATION,
            evse_number=1,
            connector_number=0,
            removed_fitting_number=1,
            removed=old,
            removed_fitted_at=at(-9_000),
            removed_register_wh=3_500,
            fitting_number=2,
            component=old.model_copy(update={"serial_number": "EMH-2"}),
            swapped_at=at(15),
            reason="display broken",
            register_wh=5_000,
            told_at=at(41),
        )
        await stage.say(assets, KEY, swapped)
        (corrected,) = await eventually(lambda: records(stage, SessionCorrected), deadline_s=30)
        assert (corrected.cause, corrected.facts.energy_rule) == ("meter-changed", "meter-swap")
        assert corrected.facts.energy_wh == 3_500 + 10_000 - 5_000
        await stage.say(SOURCE, KEY, *told(1)[:2])
        await stage.say(assets, KEY, StationRetired(station_id=STATION, reason="site closed", retired_at=at(75)))
        await quiet(stage)
        stage.clock.advance(timedelta(minutes=60))
        _, second = await closed(stage, 2)
    assert (second.rule, second.end_reason, second.facts.ended_at) == ("no-stop-heard", "StationRetired", at(70))


async def test_a_station_that_the_registry_learns_of_later_gets_its_sessions_closed(ledger: Any) -> None:
    async with ledger.run() as stage:
        await stage.say(SOURCE, KEY, *told(0))
        await quiet(stage)
        stage.clock.advance(timedelta(minutes=120))
        await eventually(lambda: records(stage, SessionContextWanted), deadline_s=30)
        assert await records(stage, SessionClosed) == []
        for topic, key, record in REGISTRY:
            await stage.say(topic, key, record)
        await quiet(stage)
        stage.clock.advance(timedelta(hours=2))
        (session,) = await closed(stage, 1)
    assert session.place.site_id == "oosterdok"
    assert session.parties.driver_ref == "driver-7"


async def test_an_unknown_token_is_recorded_without_a_provider(ledger: Any) -> None:
    async with ledger.run() as stage:
        for topic, key, record in REGISTRY:
            await stage.say(topic, key, record)
        await stage.say(SOURCE, KEY, started(0, token_ref=None), *told(0)[1:])
        await quiet(stage)
        stage.clock.advance(timedelta(minutes=41))
        (session,) = await closed(stage, 1)
    assert session.parties.emsp_party_id is None
    assert session.parties.commercial_model is CommercialModel.DIRECT


async def test_a_stop_of_no_known_transaction_is_kept_and_never_guessed(ledger: Any) -> None:
    stop = next(each for each in told(7) if isinstance(each, TransactionEnded))
    async with ledger.run() as stage:
        await stage.say(SOURCE, KEY, stop)
        (unmatched,) = await eventually(lambda: records(stage, UnmatchedMessageRecorded), deadline_s=30)
        (item,) = (await stage.get("cleo", "/v1/review")).json()["items"]
    assert unmatched == UnmatchedMessageRecorded(
        message_id=unmatched.message_id,
        station_id=STATION,
        transaction_id="1007",
        kind="end",
        because="no-session",
        meter_wh=80_000,
        occurred_at=at(460),
        received_at=stop.received_at,
        offline=stop.offline,
        end_reason=stop.reason,
        readings=stop.readings,
        stopper=Stopper(token_ref="token-7", token_status="Accepted"),
    )
    assert (item["item_id"], item["kind"], item["meter_stop_wh"]) == (unmatched.message_id, "message", 80_000)


async def test_a_held_session_is_billable_after_a_person_has_corrected_it(ledger: Any) -> None:
    stop = next(each for each in told(1) if isinstance(each, TransactionEnded))
    async with ledger.run() as stage:
        for topic, key, record in REGISTRY:
            await stage.say(topic, key, record)
        await stage.say(SOURCE, KEY, started(1), stop.model_copy(update={"meter_stop_wh": 1}))
        await quiet(stage)
        stage.clock.advance(timedelta(minutes=101))
        (held,) = await eventually(lambda: records(stage, SessionMarkedSuspect), deadline_s=30)
        path = f"/v1/sessions/{held.session_id}/correction"
        body = {"station_id": STATION, "meter_stop_wh": 20_000}

        async def queue() -> Any:
            return (await stage.get("cleo", "/v1/review?kind=session")).json()["items"]

        (item,) = await eventually(queue, deadline_s=30)
        assert (item["item_id"], item["cause"]) == (held.session_id, "energy-negative")
        assert (await stage.post("cleo", path, body)).status_code == 422
        assert (await stage.post("eddy", path, {**body, "reason": "photo"})).status_code == 403
        assert (await stage.post("mallory", path, {**body, "reason": "photo"})).status_code == 404
        assert (await stage.post("cleo", path, {**body, "reason": "photo of the meter"})).status_code == 201
        (session,) = await closed(stage, 1)
        (review,) = await records(stage, SessionReviewed)
        await eventually(lambda: _gone(queue), deadline_s=30)
    assert (session.rule, session.facts.meter_stop_wh, session.facts.energy_rule) == ("by-person", 20_000, "by-person")
    assert session.facts.energy_wh == 20_000 - session.facts.meter_start_wh
    assert (review.by, review.reason, review.act) == ("cleo", "photo of the meter", "corrected")


async def test_a_session_whose_start_got_lost_is_billable_once_a_person_says_where_and_for_whom_it_began(
    ledger: Any,
) -> None:
    stop = next(each for each in told(1) if isinstance(each, TransactionEnded))
    async with ledger.run() as stage:
        for topic, key, record in REGISTRY:
            await stage.say(topic, key, record)
        await stage.say(SOURCE, KEY, stop.model_copy(update={"session_id": "session-1"}))
        await quiet(stage)
        stage.clock.advance(timedelta(hours=50))
        (held,) = await eventually(lambda: records(stage, SessionMarkedSuspect), deadline_s=30)
        path = f"/v1/sessions/{held.session_id}/correction"
        said = {"station_id": STATION, "reason": "log of the station", "meter_start_wh": 10_000}
        began = {"started_at": at(60).isoformat(), "evse_number": 1, "connector_number": 1}
        assert (await stage.post("cleo", path, {**said, "evse_number": 1})).status_code == 422
        assert (await stage.post("cleo", path, {**said, **began, "token_ref": "token-0"})).status_code == 422
        assert (await stage.post("cleo", path, {**said, "started_at": began["started_at"]})).status_code == 409
        assert (await stage.post("cleo", path, {**said, **began, "token_ref": "token-7"})).status_code == 201
        (session,) = await closed(stage, 1)
    assert (session.rule, session.facts.energy_wh, session.place.connector_number) == ("by-person", 10_000, 1)
    assert (session.parties.emsp_party_id, session.parties.driver_ref) == ("NL-EMO", "driver-7")


async def test_a_session_that_is_forgotten_is_recalled_from_the_log_and_corrected(ledger: Any) -> None:
    async with ledger.run() as stage:
        for topic, key, record in REGISTRY:
            await stage.say(topic, key, record)
        for number in range(10):
            await stage.say(SOURCE, KEY, *told(number))
        await quiet(stage)
        stage.clock.advance(timedelta(hours=12))
        await closed(stage, 10)
        path = "/v1/sessions/session-0/correction"
        body = {"station_id": STATION, "meter_stop_wh": 9_000, "reason": "a complaint"}
        refused = await stage.post("cleo", path, body)
        assert (refused.status_code, refused.json()["title"]) == (409, "session-forgotten"), refused.json()
        wiring = wire(
            "session-ledger", ledger.settings, records=RECORDS, topics=TOPICS, clock=stage.clock, log=stage.log
        )
        who = {"by": "cleo", "reason": "a complaint"}
        assert not await recall(wiring, "ampere", "session-0", **who)
        assert await recall(wiring, "volt", "session-0", **who)
        await eventually(lambda: records(stage, SessionRecalled), deadline_s=30)
        assert (await stage.post("cleo", path, body)).status_code == 201
        (corrected,) = await records(stage, SessionCorrected)
    assert (corrected.session_id, corrected.facts.energy_wh, len(corrected.facts.periods)) == ("session-0", 9_000, 2)


async def _gone(queue: Any) -> bool:
    return not await queue()


async def test_a_fact_that_cannot_be_read_parks_its_station_and_the_others_go_on(ledger: Any) -> None:
    async with ledger.run() as stage:
        for topic, key, record in REGISTRY:
            await stage.say(topic, key, record)
        poison = Entry(b"volt/NLVOLT0666", b"\x00\x00\x00\x00\x00 no Avro", [("ce_id", b"poison-1")])
        await (await stage.log.producer.send(SOURCE, poison))
        await stage.say(SOURCE, KEY, *told(0))
        await quiet(stage)
        stage.clock.advance(timedelta(minutes=41))
        await closed(stage, 1)
        parked = (await stage.get("eddy", "/v1/parked")).json()["parked"]
        assert [each["key"] for each in parked] == ["volt/NLVOLT0666"]
        assert (await stage.get("ella", "/v1/parked")).json()["parked"] == []
        assert (await stage.get("nobody", "/v1/parked")).status_code == 401


async def test_a_reservation_is_used_by_the_session_of_its_token_and_stands_in_its_facts(ledger: Any) -> None:
    place = {"site_id": "oosterdok", "station_id": STATION, "evse_number": 1}
    wanted = {**place, "token_ref": "token-7", "expires_at": at(30).isoformat()}
    async with ledger.run() as stage:
        for topic, key, record in REGISTRY:
            await stage.say(topic, key, record)

        async def reserve() -> Any:
            answer = await stage.post("cleo", "/v1/reservations", wanted)
            return answer.json() if answer.status_code == 201 else None

        made = await eventually(reserve, deadline_s=30)
        for wrong in (
            {"evse_number": 9},
            {"token_ref": "token-8"},
            {"connector_type": "CHADEMO"},
            {"station_id": None},
        ):
            assert (await stage.post("cleo", "/v1/reservations", {**wanted, **wrong})).status_code == 422, wrong
        assert (await stage.post("cleo", "/v1/reservations", wanted)).status_code == 409
        assert (await stage.post("eddy", "/v1/reservations", wanted)).status_code == 403
        assert (await stage.post("mallory", "/v1/reservations", wanted)).status_code == 404
        await stage.say(SOURCE, KEY, *told(0))
        await eventually(lambda: records(stage, ReservationAttached), deadline_s=30)
        stage.clock.advance(timedelta(minutes=41))
        (session,) = await closed(stage, 1)
        later = {"starts_at": at(60).isoformat(), "expires_at": at(90).isoformat()}
        assert (await stage.post("cleo", "/v1/reservations", {**wanted, **later})).status_code == 201
        stage.clock.advance(timedelta(minutes=60))
        await eventually(lambda: records(stage, ReservationExpired, HOLDS), deadline_s=30)
        stage.clock.advance(timedelta(hours=48))
        (no_show,) = await eventually(lambda: records(stage, NoShowFound, HOLDS), deadline_s=30)
    assert (no_show.parties, no_show.facts.expired) == (session.parties, True)
    assert session.facts.reservation is not None
    assert session.facts.reservation.reservation_id == made["reservation_id"]
    assert (session.facts.reservation.ended_at, session.facts.reservation.expired) == (at(0), False)
