"""Part of the end-to-end tests' cast and tools."""
