"""App keys: who may use which app."""
