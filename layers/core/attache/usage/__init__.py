"""Usage: the tokens and cost of every model call."""
