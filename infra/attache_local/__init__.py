"""The local stack: all of Attaché on one machine (`make dev`)."""
