"""The OpenAPI description of our own API: the functions' routes, and what the contract says of each."""
