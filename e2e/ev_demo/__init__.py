"""The whole system on one machine with stations charging, for looking at it."""
