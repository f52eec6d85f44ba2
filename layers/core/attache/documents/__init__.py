"""Documents: from originals in a bucket to passages that an assistant finds and cites."""
