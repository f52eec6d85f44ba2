"""Turns: a turn is everything between one message and the end of the assistant's answer to it."""
