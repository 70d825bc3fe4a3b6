"""The web pages of each role, drawn from the read-model APIs."""
