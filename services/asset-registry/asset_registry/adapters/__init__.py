"""All input and output of the registry."""
