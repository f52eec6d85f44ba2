"""The HTTP contract as data: requests, answers, server-sent events, errors."""
