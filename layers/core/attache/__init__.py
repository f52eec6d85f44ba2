"""Attaché: the HTTP APIs a company already has, as an assistant its users can talk to."""

__version__ = "0.1.0"
