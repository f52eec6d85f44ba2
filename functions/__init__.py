"""Entry points: each translates its event, calls one thing, and translates the result back."""
