"""Tariffs, the engine and ratings; pure."""
