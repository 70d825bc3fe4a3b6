"""The driver's read model: his own sessions, live with what they cost so far, and his receipts."""
