"""Secrets: encrypted at rest, decrypted only for the request that needs them."""

from __future__ import annotations

from attache.secrets.client_secrets import PROVIDER_KEY, ClientSecrets, ProviderKey
from attache.secrets.sealer import CannotOpen
from attache.secrets.secrets import Secrets, app_scope, client_scope

__all__ = ["PROVIDER_KEY", "CannotOpen", "ClientSecrets", "ProviderKey", "Secrets", "app_scope", "client_scope"]
