"""The owner's read model: what every operator owes him, session by session, and the months of it."""
