"""Conversations: the append-only log of a session, and everything that is read from it."""
