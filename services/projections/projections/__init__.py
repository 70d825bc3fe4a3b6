"""What each role may see: rows folded from the log, and the API over them. One package a role; none knows another."""
