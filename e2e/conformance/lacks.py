"""What the gateway has not yet, in the words of the table; a line goes when its cases pass."""

CONTRACTS = "a port is there, a checker of contract certificates (ISO 15118) is not"
COST = "what a session costs is not told in the answer to its end"
EV_CERTIFICATES = "a port is there, a provisioning service of contract certificates is not"
OCSP = "a port is there, a client of OCSP responders is not"
UNTRIED = "no test says so yet"
