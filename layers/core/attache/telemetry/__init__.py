"""What the service says of itself: log lines that know whom they are about, metrics, traces. No text of a message."""
