"""The aggregates of the registry, one a file."""
