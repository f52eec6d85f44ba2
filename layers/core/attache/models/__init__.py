"""Language models: the catalogue of them, and one way to stream an answer from any."""
