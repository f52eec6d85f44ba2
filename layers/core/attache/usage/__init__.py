"""Usage: what every model call took."""
