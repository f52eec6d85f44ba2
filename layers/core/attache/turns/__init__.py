"""Turns: one answer of the assistant, from the message that asks for it to its end."""
