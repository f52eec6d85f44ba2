"""Attaché turns a company's HTTP APIs into an AI assistant for its users."""

__version__ = "0.1.0"
