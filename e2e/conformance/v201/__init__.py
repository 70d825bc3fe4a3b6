"""The cases for a CSMS of OCPP 2.0.1, a module a functional block."""
