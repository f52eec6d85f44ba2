"""`/api/control/...` and `/api/session/...`."""
