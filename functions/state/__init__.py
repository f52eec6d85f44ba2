"""`/api/state`, `/api/events`, `/api/system` and `/health`."""
