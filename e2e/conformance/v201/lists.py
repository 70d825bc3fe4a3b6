"""Block D: local authorisation lists (OCPP 2.0.1)."""

from typing import Any

from conformance.seeding import VALID
from conformance.v201.asking import asked
from conformance.v201.charger import token


def _list(version: int, update: str, *entries: dict[str, Any]) -> dict[str, Any]:
    sent = {"versionNumber": version, "updateType": update}
    return sent | ({"localAuthorizationList": list(entries)} if entries else {})


_FULL = _list(1, "Full", {"idToken": token(), "idTokenInfo": {"status": "Accepted"}})
asked("D_01", "A full list is taken.", "SendLocalList", _FULL)
_UPDATE = _list(2, "Differential", {"idToken": token(VALID), "idTokenInfo": {"status": "Blocked"}})
asked("D_02", "A change of one entry is taken.", "SendLocalList", _UPDATE)
asked(
    "D_03", "An entry without a verdict is taken out.", "SendLocalList", _list(3, "Differential", {"idToken": token()})
)
asked("D_04", "A full list without entries empties the list.", "SendLocalList", _list(4, "Full"))
asked("D_08", "The list's version is told.", "GetLocalListVersion", {}, answer={"versionNumber": 4})
asked("D_09", "A station without a list says version 0.", "GetLocalListVersion", {}, answer={"versionNumber": 0})
