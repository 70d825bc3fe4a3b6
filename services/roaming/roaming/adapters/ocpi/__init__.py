"""OCPI 2.2.1 over HTTP: what partners ask of us, and what we ask of them."""
