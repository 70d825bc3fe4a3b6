"""Tariffs, and what a session costs by them, once per commercial relation."""
