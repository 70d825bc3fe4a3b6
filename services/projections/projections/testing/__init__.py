"""What tests of the read models, and of those who read them, share."""
