"""OCPI's own JSON (2.2.1 and 2.3.0) in the engine's words, and the engine's results in OCPI's."""
