"""The chassis: moves bytes between the log, the read store and the edges, and knows no word of the trade."""
