"""What the journeys share: the platform they meet, and what a session must cost."""
