"""Certificates: what the sockets are secured with, and the station CA."""
