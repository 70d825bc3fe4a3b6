"""What the gateway has not yet, in the words of the table; a line goes when its cases pass."""

RAW: str | None = None
CERTIFICATES = "needs the station CA: not built"
PENDING = "a registered station is accepted at once: Pending and Rejected are not used"
GROUPS = "needs groups of tokens: not built"
CONTRACTS = "needs contract certificates (ISO 15118): not built"
COST = "needs the running cost in the station's answer: not built"
LEVELLING = "needs load levelling by ISO 15118: not built"
EV_CERTIFICATES = "needs a contract certificate provider (Get15118EVCertificate): not built"
OCSP = "needs OCSP (GetCertificateStatus): not built"
