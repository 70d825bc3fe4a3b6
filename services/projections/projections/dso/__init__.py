"""The grid operator's read model: load per feeder and connection in windows; sums, never sessions."""
