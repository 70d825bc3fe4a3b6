"""What the gateway has not yet, in the words of the table; a line goes when its cases pass."""

PRICE_TEXT = "no price is told in words at the station: costs are, as amounts"
PHASES = "whether an EVSE can switch phases is not kept: who names a phase must know it"
MONITORS_AT_ONCE = "how many monitors a station clears at once is not kept: who clears many must know it"
EVSES_OF_A_TOKEN = "no token is limited to certain EVSEs or kinds of them: nothing here says so"
