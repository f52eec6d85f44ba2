"""The composition root: settings in, the connected service out. Nothing else reads the environment."""

from attache.wiring.services import Services, services, wire

__all__ = ["Services", "services", "wire"]
