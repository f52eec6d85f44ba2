"""The documents queue's worker."""
