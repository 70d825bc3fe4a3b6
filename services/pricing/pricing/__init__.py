"""Pricing owns tariffs and the one engine that prices a session: running, final, or as a quote."""
