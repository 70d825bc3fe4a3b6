"""The messages that only OCPP 2.1 has: one case a message, which reads back what no other message has."""
