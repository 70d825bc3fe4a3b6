"""What the gateway decides and translates; pure functions over frozen data."""
