"""The aggregates of the accounts, one a file."""
