"""What the gateway has not yet, in the words of the table; a line goes when its cases pass."""

PENDING = "a registered station is accepted at once: Pending and Rejected are not used"
GROUPS = "needs groups of tokens: not built"
CONTRACTS = "a port is there, a checker of contract certificates (ISO 15118) is not"
COST = "what a session costs is not told in the answer to its end"
LEVELLING = "a vehicle's needs are kept as a fact; nobody plans a profile from them yet"
EV_CERTIFICATES = "a port is there, a provisioning service of contract certificates is not"
OCSP = "a port is there, a client of OCSP responders is not"
