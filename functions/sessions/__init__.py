"""`/api/sessions`."""
