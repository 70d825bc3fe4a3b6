"""Owns drivers and their tokens; who they are stands in its vault alone."""
