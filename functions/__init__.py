"""The entry points: each translates what it is handed, calls one thing, and translates the answer back."""
