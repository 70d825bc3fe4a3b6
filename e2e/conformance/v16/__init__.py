"""The 75 cases for a central system of OCPP 1.6, by what they are about."""
