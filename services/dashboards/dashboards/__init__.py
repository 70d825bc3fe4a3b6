"""Owns the web pages of each role: an edge client of the read-model APIs, with the user's own token."""
