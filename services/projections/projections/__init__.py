"""What each role may see, folded from the log into Cassandra."""
