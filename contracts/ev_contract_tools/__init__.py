"""From record definitions and the topic catalogue: Python types, checks, registration and topics."""
