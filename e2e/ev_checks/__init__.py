"""Whether what the platform says of money is so: computed anew from the log and from what the actors saw."""
