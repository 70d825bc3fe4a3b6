"""All input and output of the accounts."""
