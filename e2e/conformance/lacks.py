"""What the gateway has not yet, in the words of the table; a line goes when its cases pass."""

COST = "what a session costs is not told in the answer to its end"
UNTRIED = "no test says so yet"
