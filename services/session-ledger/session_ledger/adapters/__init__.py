"""All I/O of the ledger."""
