"""Sessions: the append-only log of a conversation, and everything that is read from it."""
