"""Stations' later words at the desk: which command each is tied to, whoever asked it in whichever words."""

import pytest

from charger_gateway.domain.actions import StationAction
from ev_contracts.gateway import CommandProgressed, RequestBatterySwap, SendRawCall

from .test_jobs import NOON, ONE, TEMPLATE, Play  # noqa: TID252 - tests are no package of the installation


def raw(action: str, request_id: int | None) -> SendRawCall:
    own = TEMPLATE | {"command_id": "r1", "expires_at": NOON + ONE}
    return SendRawCall(**own, ocpp_version="2.1", ocpp_action=action, payload_sealed=b"sealed", request_id=request_id)


@pytest.mark.parametrize(
    ("command", "kind", "words"),
    [
        (raw("GetLog", 7), "log", ["Uploading", "Uploaded"]),
        (raw("Reset", None), "boot", ["Booted"]),
        (raw("GetReport", 7), "report", ["Complete"]),
        (
            RequestBatterySwap(
                **TEMPLATE | {"command_id": "s1", "expires_at": NOON + ONE}, request_id=7, id_token_sealed=b"sealed"
            ),
            "swap",
            ["BatteryIn", "BatteryOut"],
        ),
    ],
)
def test_later_words_are_tied_to_what_they_follow(command: StationAction, kind: str, words: list[str]) -> None:
    play = Play().tell(command).sent().answered()
    number = None if kind == "boot" else 7
    if number is not None:
        assert play.progressed(kind, words[-1], 8).said == []
    for word in words:
        (told,) = play.progressed(kind, word, number).said
        assert isinstance(told, CommandProgressed)
        assert (told.command_id, told.status, told.last) == (command.command_id, word, word == words[-1])
    assert play.progressed(kind, words[-1], number).said == []
