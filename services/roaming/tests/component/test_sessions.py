"""A partner is told how its sessions stand, on the lab's real log, while it is away and while roaming is restarted."""

from datetime import timedelta
from pathlib import Path

from samples import RUNNING, SESSION_STARTED
from stage import Stage, partner_app, port_of, serving
from test_real_log import on_kafka, rated

from chassis.testing import eventually
from ev_contracts.pricing import RunningCostComputed
from ev_contracts.roaming import CdrSent, SessionPushed, SessionPushRefused, SessionPushRequested
from ev_contracts.sessions import SessionStarted
from roaming.settings import Settings

SESSIONS = "roaming.session.event.v1"
NUMBERS = range(5)


def started(number: int) -> SessionStarted:
    return SESSION_STARTED.model_copy(update={"session_id": f"session-{number}"})


def running(number: int, minutes: int) -> RunningCostComputed:
    later = RUNNING.measured_at + timedelta(minutes=minutes)
    told = {"session_id": f"session-{number}", "measured_at": later, "energy_wh": RUNNING.energy_wh + 100 * minutes}
    return RUNNING.model_copy(update=told)


async def begin(stage: Stage, number: int) -> None:
    await stage.say("sessions.session.event.v1", "volt/VLT-0001", started(number))


async def cost(stage: Stage, number: int, minutes: int) -> None:
    await stage.say("pricing.running-cost.sample.v1", f"volt/session-{number}", running(number, minutes))


async def end(stage: Stage, number: int) -> None:
    await stage.say("pricing.rating.event.v1", f"volt/rating-{number}", rated(number))


async def until(stage: Stage, kind: type, count: int, topic: str = SESSIONS) -> list[object]:
    async def found() -> list[object] | None:
        records = [each.record for each in await stage.seen(topic) if isinstance(each.record, kind)]
        return records if len(records) >= count else None

    answer: list[object] = await eventually(found, deadline_s=30, what=f"{count} {kind.__name__}")
    return answer


async def test_a_partner_sees_its_session_begin_run_and_end_with_the_figures_of_the_cdr(
    settings: Settings, tmp_path: Path
) -> None:
    async with on_kafka(settings, tmp_path) as stage, serving(partner_app(stage.partner), port_of(stage.partner)):
        await stage.know_the_network()
        await stage.register()
        await begin(stage, 1)
        await until(stage, SessionPushed, 1)
        for minutes in (0, 0, 2):  # the second comes too soon
            await cost(stage, 1, minutes)
        await until(stage, SessionPushRequested, 3)
        await end(stage, 1)
        await eventually(lambda: stage.partner.sessions["session-1"]["status"] == "COMPLETED", deadline_s=30)
        await until(stage, CdrSent, 1, "roaming.cdr.event.v1")
        (cdr,) = stage.partner.cdrs.values()
        told = stage.partner.sessions["session-1"]
        assert (told["total_cost"], told["kwh"]) == (cdr["total_cost"], cdr["total_energy"])
        assert len(await until(stage, SessionPushRequested, 4)) == 4
        first = stage.partner.puts[0]
        assert (first["status"], first["kwh"], "total_cost" in first) == ("ACTIVE", 0, False)
        assert [each["kwh"] for each in stage.partner.puts] == sorted(each["kwh"] for each in stage.partner.puts)


async def test_a_partner_that_was_away_gets_the_latest_state_once_and_never_an_older_one_after_it(
    settings: Settings, tmp_path: Path
) -> None:
    async with on_kafka(settings, tmp_path) as first:
        await first.know_the_network()
        async with serving(partner_app(first.partner), port_of(first.partner)):
            await first.register()
        for number in NUMBERS:
            await begin(first, number)
        await until(first, SessionPushRequested, len(NUMBERS))
        for number in NUMBERS:
            await cost(first, number, 0)
            await cost(first, number, 2)
        await until(first, SessionPushRequested, 3 * len(NUMBERS))
        for number in NUMBERS[1:]:
            await end(first, number)
        await until(first, SessionPushRequested, 4 * len(NUMBERS) - 1)
    async with on_kafka(settings, tmp_path) as second, serving(partner_app(first.partner), port_of(first.partner)):
        await until(second, SessionPushed, len(NUMBERS))
        await end(second, 0)
        await until(second, SessionPushed, len(NUMBERS) + 1)
    for number in NUMBERS:
        told = [each for each in first.partner.puts if each["id"] == f"session-{number}"]
        statuses = [each["status"] for each in told]
        assert statuses == (["ACTIVE", "COMPLETED"] if number == 0 else ["COMPLETED"])
        assert (told[-1]["total_cost"]["incl_vat"], told[-1]["kwh"]) == (5.07, 8.4)
    (still_running, _) = [each for each in first.partner.puts if each["id"] == "session-0"]
    assert still_running["kwh"] == 2.3


async def test_a_partner_without_a_receiver_of_sessions_is_told_nothing_and_gets_its_cdr(
    settings: Settings, tmp_path: Path
) -> None:
    async with on_kafka(settings, tmp_path) as stage:
        stage.partner.takes_sessions = False
        async with serving(partner_app(stage.partner), port_of(stage.partner)):
            await stage.know_the_network()
            await stage.register()
            await begin(stage, 1)
            (no,) = await until(stage, SessionPushRefused, 1)
            assert isinstance(no, SessionPushRefused)
            assert no.reason == "no-sessions-endpoint"
            await end(stage, 1)
            await until(stage, CdrSent, 1, "roaming.cdr.event.v1")
        assert stage.partner.puts == []
