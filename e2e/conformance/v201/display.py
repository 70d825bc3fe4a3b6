"""Block O: messages on a station's display (OCPP 2.0.1)."""

from typing import Any

from conformance.cases import V201
from conformance.station import ACCEPTED, Payload, now
from conformance.v201.asking import asked, status
from conformance.v201.charger import Charger


def _message(number: int, **more: Any) -> dict[str, Any]:
    words = {"format": "UTF8", "content": "Out of order on Monday", "language": "en"}
    return {"id": number, "priority": "NormalCycle", "message": words} | more


def _set(number: int, **more: Any) -> Payload:
    return {"message": _message(number, **more)}


def _shown(number: int) -> tuple[str, Payload]:
    return ("NotifyDisplayMessages", {"requestId": number, "messageInfo": [_message(1)], "tbc": False})


def _gets(number: int, says: str, *, found: bool = True, **wanted: Any) -> None:
    payload = {"requestId": number, **wanted}
    then = [_shown(number)] if found else []
    answer = ACCEPTED if found else status("Unknown")
    asked(f"O_{number:02d}", says, "GetDisplayMessages", payload, *then, answer=answer)


def _sets(number: int, says: str, word: str = "Accepted", **more: Any) -> None:
    outcome = "succeeded" if word == "Accepted" else "refused"
    wanted = _set(number, **more)
    asked(f"O_{number:02d}", says, "SetDisplayMessage", wanted, answer=status(word), outcome=outcome)


def _of_a_session(number: int, says: str, word: str = "Accepted", **more: Any) -> None:
    @V201.case(f"TC_O_{number:02d}_CSMS", says)
    async def case(charger: Charger) -> None:
        running = await charger.charges()
        wanted = _set(number, transactionId=running.transaction_id, **more)
        outcome = "succeeded" if word == "Accepted" else "refused"
        await charger.told("SetDisplayMessage", wanted, status(word), outcome)


_sets(1, "A message is shown.")
_gets(2, "All messages are told.")
_gets(3, "There are no messages.", found=False)
asked("O_04", "A message is taken away.", "ClearDisplayMessage", {"id": 1})
asked(
    "O_05", "There is no such message.", "ClearDisplayMessage", {"id": 9}, answer=status("Unknown"), outcome="refused"
)
_of_a_session(6, "A message for one session.")
_gets(7, "A message by its id.", id=[1])
_gets(8, "Messages by their priority.", priority="NormalCycle")
_gets(9, "Messages by the station's state.", state="Idle")
_sets(10, "A message for a session that the station has not.", "UnknownTransaction", transactionId="nobody-s")
_gets(11, "Nothing is as it was asked for.", found=False, id=[999])
_sets(13, "A message from a time on.", startDateTime=now(60))
_sets(14, "A message until a time.", endDateTime=now(60))
_sets(17, "A priority that the station has not.", "NotSupportedPriority", priority="AlwaysFront")
_sets(18, "A state that the station has not.", "NotSupportedState", state="Unavailable")
_sets(19, "A format that the station has not.", "NotSupportedMessageFormat")
_sets(25, "A message for one state of the station.", state="Charging")
_sets(26, "A message that the station does not take.", "Rejected")
_of_a_session(27, "A message for one session from a time on.", startDateTime=now(60))
_of_a_session(28, "A message for one session until a time.", endDateTime=now(60))


@V201.case("TC_O_12_CSMS", "A message takes the place of the one of its id.")
async def replaced(charger: Charger) -> None:
    for priority in ("NormalCycle", "InFront"):
        await charger.told("SetDisplayMessage", _set(12, priority=priority))
