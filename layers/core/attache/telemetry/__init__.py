"""Telemetry: logs with request context, metrics and traces. None of it contains the text of a message."""
