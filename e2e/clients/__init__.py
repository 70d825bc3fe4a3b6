"""Stations that nobody here wrote, from five languages' registries, against a running gateway.

`make test-clients` runs them all; Python's runs in `make test`. What each is to say and to answer stands in `script`.
"""
