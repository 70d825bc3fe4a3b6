"""Rows of the text of OCPP 2.0.1 that say what a CSMS shall do, in our own words: those whose number is sure."""
