"""Sets up a network through the command APIs, as its operator, its provider and its owners would."""
