"""The operator's command line: apps, secrets and keys, on the local stack or on a deployed stage."""
