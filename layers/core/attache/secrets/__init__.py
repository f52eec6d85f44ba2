"""Secrets: sealed at rest, opened only for the request that needs them."""
