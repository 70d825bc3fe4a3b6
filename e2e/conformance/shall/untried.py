"""Rows that no test of ours says yet; a line goes as its test comes into the module of its block."""

from conformance.cases import SHALL
from conformance.lacks import UNTRIED

_ROWS = {
    "B05.FR.11": "No more variables are set in a message than the station takes.",
    "B05.FR.13": "No variable is set twice in one message.",
    "B06.FR.05": "No more variables are asked for in a message than the station takes.",
    "C01.FR.18": "A good token of a driver who may not use this kind of EVSE is NotAllowedTypeEVSE.",
    "C01.FR.19": "A token for all EVSEs of the station is answered without a list of them.",
    "C01.FR.20": "A token for some EVSEs of the station is answered with the list of them.",
    "C01.FR.22": "A token for none of the station's EVSEs is NotAtThisLocation.",
    "C02.FR.02": "A session without authorisation is Accepted.",
    "C04.FR.01": "A key code that is not valid here is Invalid.",
    "C04.FR.02": "A key code that is valid here is Accepted.",
    "C04.FR.04": "A key code stands in no log.",
    "C07.FR.05": "A contract certificate and its chain are checked by OCSP.",
    "C07.FR.13": "A good contract certificate of a token that is not good is ContractCancelled.",
    "C07.FR.14": "A good contract certificate of a good token is Accepted.",
    "C07.FR.15": "An expired contract certificate is CertificateExpired, and its token Expired.",
    "C07.FR.16": "A revoked contract certificate is CertificateRevoked, and its token Invalid.",
    "C07.FR.17": "A contract certificate that cannot be verified is CertChainError, and its token Invalid.",
    "C09.FR.09": "The answer about a token names its group.",
    "C09.FR.12": "The answer to a session's event with a token names its group.",
    "C12.FR.03": "A token that the station took from its cache is judged again.",
    "E01.FR.11": "The token of a session that starts is judged.",
    "E01.FR.12": "The answer to a session's start holds the verdict and the group.",
    "E02.FR.02": "The answer to a session that was authorised holds the verdict.",
    "E02.FR.04": "The token of a session that was plugged in first is judged, whatever the station knew of it.",
    "E03.FR.02": "The answer to a session that began with its token holds the verdict.",
    "E05.FR.01": "A token that the station believed good is judged.",
    "F03.FR.01": "A remote stop names the transaction.",
    "F04.FR.01": "A remote stop of a session that was started remotely names the transaction.",
    "F06.FR.01": "A trigger names the message that is wished for.",
    "F06.FR.13": "A trigger of a status names the connector.",
    "G02.FR.04": "A station that says anything is taken as there.",
    "G05.FR.03": "The event of a lock that failed is answered.",
}

for _row, _says in _ROWS.items():
    SHALL.not_built(_row, _says, UNTRIED)
