"""All I/O of pricing."""
