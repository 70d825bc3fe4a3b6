"""Rows of the text of OCPP 2.0.1 that say what a CSMS shall do, in our own words; a module a block."""
