"""The tool-calls queue's worker."""
