"""`/api/state`, `/api/events` and `/health`."""
