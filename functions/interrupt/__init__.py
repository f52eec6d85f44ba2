"""`POST /api/interrupt`."""
