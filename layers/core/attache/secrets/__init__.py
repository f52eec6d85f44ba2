"""Secrets: sealed at rest, opened only for the request that needs them."""

from __future__ import annotations

from attache.secrets.sealer import CannotOpen
from attache.secrets.secrets import Secrets, app_scope, client_scope

__all__ = ["CannotOpen", "Secrets", "app_scope", "client_scope"]
