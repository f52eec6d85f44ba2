"""The turns queue's worker."""
