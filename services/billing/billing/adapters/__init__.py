"""Where billing touches the outside world."""
