"""Connections to charging stations: the OCPP dialects, their translation to canonical facts, and the command desk."""
