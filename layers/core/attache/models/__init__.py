"""Language models: the catalogue, and streaming an answer from any of them."""
